/** The caller's array for results, which must have their length; a new one where there is none. */
export function outputOf(out: Uint8Array | undefined, length: number): Uint8Array {
  if (out && out.length !== length) {
    throw new TypeError(
      `expected an array of ${length} bytes for the results, found ${out.length}`,
    );
  }
  return out ?? new Uint8Array(length);
}
