/**
 * What a confined program may ask of its host: questions over a port that the host closes at any
 * moment. Only data crosses it (structured clone); nothing is transferred.
 */

/** Over the port go {id, call} or {id, checkpoint: true} and, back, {id, value} or {id, error}. */
export interface HandleOptions {
  /** Answers a call; what it throws, the program is told by name and message. */
  readonly answer?: ((call: unknown) => unknown) | undefined;
  readonly checkpoint: () => Promise<void>;
  /** How many questions may wait for an answer at a time; one more is refused at once. */
  readonly calls: number;
}

const LONGEST_TEXT = 10_000;

export class Handle {
  /** For the program: to be transferred to it. */
  readonly remote: MessagePort;
  readonly #port: MessagePort;
  readonly #options: HandleOptions;
  #waiting = 0;
  #isOpen = true;

  constructor(options: HandleOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#options = options;
    this.#port = port1;
    this.remote = port2;
    port1.addEventListener("message", ({ data }) => void this.#receive(data));
    port1.start();
  }

  /** From now on no question is heard and no answer given. Whether it was open. */
  close(): boolean {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#port.close();
    return wasOpen;
  }

  /** Never rejects: nothing that the program sends may end this process. What is no question has no answer. */
  async #receive(message: unknown): Promise<void> {
    const { id, call, checkpoint } = Object(message) as Record<string, unknown>;
    if (!this.#isOpen || typeof id !== "number") return;
    if (this.#waiting >= this.#options.calls) {
      const error = { name: "RangeError", message: `more than ${this.#options.calls} open calls` };
      this.#send({ id, error });
      return;
    }
    this.#waiting += 1;
    try {
      this.#send({ id, value: await this.#answer(call, checkpoint) });
    } catch (error) {
      this.#send({ id, error: described(error) });
    } finally {
      this.#waiting -= 1;
    }
  }

  async #answer(call: unknown, checkpoint: unknown): Promise<unknown> {
    const { answer } = this.#options;
    if (checkpoint === true) return this.#options.checkpoint();
    if (!answer) throw new TypeError("this program was given no handle");
    return answer(call);
  }

  /** Throws where the value is not data. */
  #send(message: object): void {
    if (this.#isOpen) this.#port.postMessage(message, []);
  }
}

/** An error as data. Anything at all can be thrown, and come from a program that lies. */
export function described(error: unknown): { name: string; message: string } {
  const { name, message } = isObject(error) ? error : { message: error };
  return { name: textOf(name) ?? "Error", message: textOf(message) ?? "not an error" };
}

function isObject(value: unknown): value is { name?: unknown; message?: unknown } {
  return typeof value === "object" && value !== null;
}

/** Never calls a method of the value. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : undefined;
}
