/**
 * The only code that touches the kernel's memory. Between calls the arena belongs to this class;
 * results are copied out, and no offset or view leaves `src/kernel/`.
 */
import { instantiateSync } from "@assemblyscript/loader";
import { OK } from "../../assembly/abi.js";

/** The functions that the module exports (assembly/index.ts); u64 parameters are bigints here. */
interface KernelExports {
  memory: WebAssembly.Memory;
  arenaStart(): number;
  arenaEnd(): number;
  sha256Init(state: number): number;
  sha256Update(state: number, data: number, length: number): number;
  sha256Final(state: number, out: number): number;
  sha512Init(state: number): number;
  sha512Update(state: number, data: number, length: number): number;
  sha512Final(state: number, out: number): number;
  sha256Many(prefix: number, lengths: number, count: number, data: number, out: number): number;
  nodeHashes(pairs: number, count: number, out: number): number;
  frontierAppend(frontier: number, hashes: number, count: number): number;
  frontierRoot(frontier: number, out: number): number;
  inclusionRanges(index: bigint, size: bigint, out: number): number;
  consistencyRanges(oldSize: bigint, newSize: bigint, out: number): number;
  checkInclusions(jobs: number, count: number, memo: number): number;
  checkConsistencies(jobs: number, count: number): number;
  checkEd25519(jobs: number, count: number): number;
  checkEd25519Batch(jobs: number, count: number, scratch: number, seed: number): number;
  prepareEd25519(key: number, out: number): number;
}

type Callable = Exclude<keyof KernelExports, "memory" | "arenaStart" | "arenaEnd">;

/**
 * A defect of ours, never of the data: the kernel trapped, or answered something that it must not
 * answer. The kernel is dead from then on; every `verify*` function turns this into a verdict that
 * is not PROVEN, with code INTERNAL.
 */
export class KernelFault extends Error {
  override readonly name = "KernelFault";
  readonly code = "INTERNAL";
}

export class Border {
  readonly #exports: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  #top: number;
  #fault: KernelFault | undefined;

  constructor(module: WebAssembly.Module) {
    // The kernel imports nothing, so there is nothing that a host could put under it.
    const { exports } = instantiateSync<Record<string, unknown>>(module, {});
    this.#exports = exports as unknown as KernelExports;
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
    this.#view = new DataView(this.#exports.memory.buffer);
    this.#start = this.#exports.arenaStart();
    this.#end = this.#exports.arenaEnd();
    this.#top = this.#start;
  }

  /** Bytes that the arena holds in all. */
  get capacity(): number {
    return this.#end - this.#start;
  }

  /** Bytes left since `begin`. */
  get room(): number {
    return this.#end - this.#top;
  }

  /** Starts a job: the whole arena is free again. */
  begin(): void {
    if (this.#fault) throw this.#fault;
    this.#top = this.#start;
  }

  /** Takes `length` bytes, aligned to 16. Callers split their work to fit `room`. */
  reserve(length: number): number {
    const offset = (this.#top + 15) & ~15;
    if (!(length >= 0 && offset + length <= this.#end)) {
      throw this.#die(`the bridge asked for ${length} bytes of an arena with ${this.room} left`);
    }
    this.#top = offset + length;
    return offset;
  }

  /** Copies bytes into the arena. */
  put(bytes: Uint8Array): number {
    const offset = this.reserve(bytes.length);
    this.#bytes.set(bytes, offset);
    return offset;
  }

  /** Copies bytes to a place that was reserved. */
  putAt(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  /** Copies bytes out. */
  take(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length);
  }

  /** Copies bytes out to `at` of an array that is there already. */
  takeInto(target: Uint8Array, at: number, offset: number, length: number): void {
    target.set(this.#bytes.subarray(offset, offset + length), at);
  }

  clear(offset: number, length: number): void {
    this.#bytes.fill(0, offset, offset + length);
  }

  setU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  setU64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }

  getU32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  getU64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  /** Calls the kernel. Anything but OK is a defect of ours, since the bridge checked its input. */
  call<Name extends Callable>(name: Name, ...args: Parameters<KernelExports[Name]>): void {
    if (this.#fault) throw this.#fault;
    let status: number;
    try {
      status = (this.#exports[name] as (...args: unknown[]) => number)(...args);
    } catch (trap) {
      throw this.#die(`the kernel trapped in ${name}: ${String(trap)}`);
    }
    if (status !== OK) throw this.#die(`the kernel answered status ${status} from ${name}`);
  }

  /** Reads a job's status as one of `names`; a status that is not among them is a defect. */
  statusAt<Name extends string>(offset: number, names: Readonly<Record<number, Name>>): Name {
    const status = this.getU32(offset);
    const name = names[status];
    if (name === undefined) throw this.#die(`the kernel left status ${status} on a job`);
    return name;
  }

  #die(reason: string): KernelFault {
    this.#fault = new KernelFault(
      `${reason}; this is a defect of writ: nothing was decided, and this kernel stays unusable`,
    );
    return this.#fault;
  }
}
