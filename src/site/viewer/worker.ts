/** The worker's side: it has its own kernel, and answers what it is asked. */
import type { Kernel } from "../../kernel/kernel.js";
import type { Port } from "../../runtime/port.js";
import { Examination } from "./examination.js";
import type { Questions } from "./questions.js";

export interface Asked {
  readonly id: number;
  readonly what: keyof Questions;
  readonly question: Questions[keyof Questions];
}

export type Told =
  | { readonly ready: true }
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly answer: unknown }
  /** Without an id: it cannot work at all. */
  | { readonly id?: number; readonly fault: string };

/** Milliseconds between two words on progress. */
const PACE = 50;

export async function serve(port: Port, loadKernel: () => Promise<Kernel>): Promise<void> {
  const tell = (told: Told): void => port.post(told, []);
  try {
    const examination = new Examination(await loadKernel());
    port.listen((message) => {
      const { id, what, question } = message as Asked;
      const progress = paced((bytes) => tell({ id, progress: bytes }));
      examination.answer(what, question, progress).then(
        (answer) => tell({ id, answer }),
        (error: unknown) => tell({ id, fault: String(error) }),
      );
    });
    tell({ ready: true });
  } catch (error) {
    tell({ fault: String(error) });
  }
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
