/** Where the page's questions go: a worker that the page makes of its own text, or the page itself. */
import { Kernel } from "../../kernel/kernel.js";
import { Examination } from "./examination.js";
import type { WorkerPort } from "./port.js";
import type { Answers, Questions } from "./questions.js";
import type { Asked, Told } from "./worker.js";
import { paced } from "./worker.js";

export interface Desk {
  readonly place: "worker" | "page";
  ask<What extends keyof Questions>(
    what: What,
    question: Questions[What],
    onProgress?: (bytes: number) => void,
    /** What of the question the asker gives away. */
    transfer?: readonly ArrayBuffer[],
  ): Promise<Answers[What]>;
  /** Gives up what is under way, where it can. */
  close(): void;
}

/** Milliseconds for a worker to start. */
const PATIENCE = 20_000;

/** `start` throws where there are no workers, or none from what it is made of: then the page verifies. */
export async function openDesk(module: WebAssembly.Module, start: () => WorkerPort): Promise<Desk> {
  try {
    const worker = new WorkerDesk(start(), module);
    await worker.ready;
    return worker;
  } catch {
    return new PageDesk(new Examination(new Kernel(module), breathe));
  }
}

/** Lets the page draw, and take what is done to it. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  onProgress(bytes: number): void;
}

class WorkerDesk implements Desk {
  readonly place = "worker";
  readonly ready: Promise<void>;
  readonly #port: WorkerPort;
  readonly #pending = new Map<number, Pending>();
  #asked = 0;
  #fault: string | undefined;

  constructor(port: WorkerPort, module: WebAssembly.Module) {
    this.#port = port;
    this.ready = new Promise((resolve, reject) => {
      // As something that was asked, so that a failure reaches it as well.
      this.#pending.set(0, { resolve: () => resolve(), reject, onProgress: () => {} });
    });
    const timer = setTimeout(() => this.#fail("the worker does not answer"), PATIENCE);
    port.onFailure((reason) => this.#fail(reason));
    port.listen((message) => {
      clearTimeout(timer);
      this.#take(message as Told);
    });
    port.post({ module } satisfies Asked);
  }

  async ask<What extends keyof Questions>(
    what: What,
    question: Questions[What],
    onProgress: (bytes: number) => void = () => {},
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Answers[What]> {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const answer = await new Promise((resolve, reject) => {
      this.#asked += 1;
      this.#pending.set(this.#asked, { resolve, reject, onProgress });
      this.#port.post({ id: this.#asked, what, question } satisfies Asked, transfer);
    });
    return answer as Answers[What];
  }

  close(): void {
    this.#fail("the worker was ended");
  }

  #take(told: Told): void {
    if ("ready" in told) return this.#settle(0, (pending) => pending.resolve(undefined));
    if ("progress" in told) return this.#pending.get(told.id)?.onProgress(told.progress);
    if ("answer" in told) return this.#settle(told.id, (pending) => pending.resolve(told.answer));
    const { id, fault } = told;
    if (id === undefined) return this.#fail(fault);
    this.#settle(id, (pending) => pending.reject(new Error(fault)));
  }

  #settle(id: number, call: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending) call(pending);
  }

  #fail(reason: string): void {
    this.#fault ??= reason;
    for (const id of this.#pending.keys()) {
      this.#settle(id, (pending) => pending.reject(new Error(reason)));
    }
    this.#port.end();
  }
}

class PageDesk implements Desk {
  readonly place = "page";

  constructor(readonly examination: Examination) {}

  async ask<What extends keyof Questions>(
    what: What,
    question: Questions[What],
    onProgress: (bytes: number) => void = () => {},
  ): Promise<Answers[What]> {
    return await this.examination.answer(what, question, paced(onProgress));
  }

  close(): void {}
}
