/** The worker's side: it has its own kernel, and answers what it is asked. */
import { Kernel } from "../../kernel/kernel.js";
import { Examination } from "./examination.js";
import type { Port } from "./port.js";
import type { Questions } from "./questions.js";

export type Asked =
  /** The first. */
  | { readonly module: WebAssembly.Module }
  | {
      readonly id: number;
      readonly what: keyof Questions;
      readonly question: Questions[keyof Questions];
    };

export type Told =
  | { readonly ready: true }
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly answer: unknown }
  /** Without an id: it cannot work at all. */
  | { readonly id?: number; readonly fault: string };

/** Milliseconds between two words on progress. */
const PACE = 50;

export function serve(port: Port): void {
  let examination: Examination | undefined;
  const tell = (told: Told): void => port.post(told);
  port.listen((message) => {
    const asked = message as Asked;
    if ("module" in asked) {
      try {
        examination = new Examination(new Kernel(asked.module));
        return tell({ ready: true });
      } catch (error) {
        return tell({ fault: String(error) });
      }
    }
    const { id, what, question } = asked;
    const progress = paced((bytes) => tell({ id, progress: bytes }));
    examination?.answer(what, question, progress).then(
      (answer) => tell({ id, answer }),
      (error: unknown) => tell({ id, fault: String(error) }),
    );
  });
}

/** Passes on what is new, and not too often. */
export function paced(call: (bytes: number) => void): (bytes: number) => void {
  let [last, at] = [0, 0];
  return (bytes) => {
    if (bytes === last) return;
    last = bytes;
    const now = Date.now();
    if (now - at < PACE) return;
    at = now;
    call(bytes);
  };
}
