/** What a runtime answers: how many checks held, which did not, and a digest over every output. */
export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { name: string; errorName: string; message: string }[];
  /** SHA-256, in hex, over the name and the outputs of every check, in order. */
  readonly digest: string;
}

/** Called with whatever a check computes; it goes into the digest. */
export type Output = (value: Uint8Array | string) => void;

/** A check fails by throwing. */
export type Check = readonly [name: string, run: (output: Output) => void | Promise<void>];

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function equal(found: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  const same = found?.length === expected.length && found.every((byte, i) => byte === expected[i]);
  assert(same, `${what}: ${hex(found)} is not ${hex(expected)}`);
}

export function hex(bytes: Uint8Array | undefined): string {
  return bytes ? Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") : "none";
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** The same bytes everywhere: a counter, mixed a little. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i + seed) * 167 + ((i + seed) >> 8) * 13) & 255);
}
