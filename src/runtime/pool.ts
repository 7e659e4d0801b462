/** Verification in parallel: a few workers, each with a kernel of its own, and no shared memory. */
import { KernelFault } from "../kernel/border.js";
import type { Ed25519Status, SignatureClaim } from "../kernel/ed25519.js";
import { packClaims } from "./claims.js";
import { compileKernel } from "./inline.js";
import type { Answer, WorkerPort } from "./port.js";
import { startWorker } from "./port.js";

/** Large enough for the batch equation to pay, small enough that workers finish together. */
const CHUNK = 512;

interface Seat {
  readonly port: WorkerPort;
  settle: ((answer: Answer) => void) | undefined;
}

export class Pool {
  readonly #module: WebAssembly.Module;
  readonly #seats: readonly Seat[];
  #fault: string | undefined;

  /** Use `openPool`. */
  constructor(module: WebAssembly.Module, ports: readonly WorkerPort[]) {
    this.#module = module;
    this.#seats = ports.map((port) => ({ port, settle: undefined }));
    for (const seat of this.#seats) {
      seat.port.listen((answer) => seat.settle?.(answer as Answer));
      seat.port.onFailure((reason) => {
        this.#fault ??= reason;
        seat.settle?.({ fault: reason });
      });
    }
  }

  get size(): number {
    return this.#seats.length;
  }

  /**
   * The status of each signature, as `Kernel.checkEd25519Many` gives it. Rejects with `KernelFault`
   * when a worker fails: nothing is decided then, and the pool stays unusable.
   */
  async checkEd25519Many(claims: readonly SignatureClaim[]): Promise<Ed25519Status[]> {
    const results: Ed25519Status[] = [];
    // Packed before the first await: what the caller does with its buffers later changes nothing.
    const parts: { from: number; count: number; packed: Uint8Array<ArrayBuffer> }[] = [];
    for (let from = 0; from < claims.length; from += CHUNK) {
      const part = claims.slice(from, from + CHUNK);
      parts.push({ from, count: part.length, packed: packClaims(part) });
    }
    const work = async (seat: Seat): Promise<void> => {
      for (let part = parts.shift(); part; part = parts.shift()) {
        const { from, count, packed } = part;
        const statuses = await this.#ask(seat, packed, count);
        statuses.forEach((status, i) => (results[from + i] = status));
      }
    };
    await this.#exclusively(async () => {
      // Every worker must be idle before the next call, also where one of them failed.
      const ends = await Promise.allSettled(this.#seats.map(work));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed) throw failed.reason;
    });
    return results;
  }

  /** Ends the workers. What is under way rejects. */
  async close(): Promise<void> {
    this.#fault ??= "the pool is closed";
    for (const seat of this.#seats) seat.settle?.({ fault: this.#fault });
    await Promise.all(this.#seats.map(({ port }) => port.end()));
  }

  #turn: Promise<unknown> = Promise.resolve();

  /** One call has all workers; the next waits for it. */
  async #exclusively(run: () => Promise<unknown>): Promise<void> {
    const turn = this.#turn.then(run);
    this.#turn = turn.catch(() => {});
    await turn;
  }

  async #ask(
    seat: Seat,
    packed: Uint8Array<ArrayBuffer>,
    count: number,
  ): Promise<readonly Ed25519Status[]> {
    if (this.#fault !== undefined) throw this.#die(this.#fault);
    const answer = await new Promise<Answer>((resolve) => {
      seat.settle = resolve;
      const question = { module: this.#module, claims: packed, count };
      seat.port.post(question, [packed.buffer]);
    });
    seat.settle = undefined;
    if ("fault" in answer) throw this.#die(answer.fault);
    if (answer.statuses.length !== count) throw this.#die("a worker answered another number");
    return answer.statuses;
  }

  #die(reason: string): KernelFault {
    this.#fault ??= reason;
    return new KernelFault(`the pool failed: ${this.#fault}; nothing was decided`);
  }
}

/**
 * Opens a pool of `size` workers (1 to 64). Node, Deno, Bun and browsers; throws where the platform
 * has no workers. Close it when done.
 */
export async function openPool(size: number): Promise<Pool> {
  if (!Number.isInteger(size) || size < 1 || size > 64) {
    throw new RangeError(`a pool has 1 to 64 workers, not ${size}`);
  }
  const module = await compileKernel();
  const url = new URL("./pool-worker.js", import.meta.url);
  const ports: WorkerPort[] = [];
  try {
    for (let i = 0; i < size; i++) ports.push(startWorker(url));
  } catch (error) {
    await Promise.all(ports.map((port) => port.end()));
    throw error;
  }
  return new Pool(module, ports);
}
