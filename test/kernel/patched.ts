/** The built kernel with the body of exported functions replaced: a kernel that has gone wrong. */
import { wasm } from "./raw.js";

/** What the function does instead: trap, or answer at once with this status and do nothing. */
export type Fault = "trap" | number;

const EXPORTS = 7;
const CODE = 10;

/** Replaces every named export, for a module without imports. */
export function patched(faults: Readonly<Record<string, Fault>>): WebAssembly.Module {
  const indexes = exportedFunctions();
  const parts: Uint8Array[] = [wasm.subarray(0, 8)];
  for (const { id, content } of sections(wasm)) {
    const replaced = id === CODE ? replaceBodies(content, faults, indexes) : content;
    parts.push(Uint8Array.of(id), leb(replaced.length), replaced);
  }
  return new WebAssembly.Module(new Uint8Array(Buffer.concat(parts)));
}

function replaceBodies(
  content: Uint8Array,
  faults: Readonly<Record<string, Fault>>,
  indexes: ReadonlyMap<string, number>,
): Uint8Array {
  const bodies = new Map<number, Uint8Array>();
  for (const [name, fault] of Object.entries(faults)) {
    const index = indexes.get(name);
    if (index === undefined) throw new Error(`the kernel exports no function ${name}`);
    // No locals; then `unreachable`, or `i32.const status`; then `end`.
    bodies.set(
      index,
      fault === "trap" ? Uint8Array.of(0, 0x00, 0x0b) : Uint8Array.of(0, 0x41, fault & 0x3f, 0x0b),
    );
  }
  const reader = new Reader(content);
  const count = reader.number();
  const parts = [leb(count)];
  for (let i = 0; i < count; i++) {
    const own = reader.take(reader.number());
    const body = bodies.get(i) ?? own;
    parts.push(leb(body.length), body);
  }
  return Buffer.concat(parts);
}

function exportedFunctions(): Map<string, number> {
  const found = new Map<string, number>();
  const content = [...sections(wasm)].find(({ id }) => id === EXPORTS)?.content;
  const reader = new Reader(content ?? new Uint8Array());
  for (let left = reader.number(); left > 0; left--) {
    const name = Buffer.from(reader.take(reader.number())).toString();
    const kind = reader.number();
    const index = reader.number();
    if (kind === 0) found.set(name, index);
  }
  if (new Set(found.values()).size !== found.size) throw new Error("two exports are one function");
  return found;
}

function* sections(module: Uint8Array): Generator<{ id: number; content: Uint8Array }> {
  const reader = new Reader(module.subarray(8));
  while (reader.left > 0) yield { id: reader.number(), content: reader.take(reader.number()) };
}

class Reader {
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  /** Unsigned LEB128. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [byte = 0] = this.take(1);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}
