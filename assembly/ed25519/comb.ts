/**
 * Multiplication of a point that is used often, by a comb (Lim and Lee 1994) of eight teeth, 32 bits
 * apart: a table of 128 cached points, 32 doublings, 32 additions, none skipped.
 *
 * An odd k below 2^256 is the sum of e(i) 2^i over i < 256 with all e(i) = +-1: with b = (k - 1) / 2
 * + 2^255, e(i) = 2 b(i) - 1. Column c holds e(c), e(c + 32), ... e(c + 224); the table holds the
 * columns whose last is +1, in the order of the bits of the others.
 *
 * An even k is replaced by k + L. That adds [L]P, which is of small order: only a result that is
 * multiplied by the cofactor may be made this way.
 */
import { POINT_BYTES, add, cache, double, subtract } from "./points";
import { addL } from "./scalar";

const TEETH: u32 = 8;
const SPACING: u32 = 32;
const ENTRIES: u32 = 1 << (TEETH - 1);

export const COMB_BYTES: u32 = ENTRIES * POINT_BYTES;
/** Columns of a comb, eight words of b. */
export const COMB_COLUMNS: u32 = SPACING;
export const COMB_SCALAR_BYTES: u32 = 32;

// Scratch of buildComb.
const teeth = memory.data(TEETH * POINT_BYTES, 16);
const cached = memory.data(POINT_BYTES, 16);

/** Builds the table of p. */
export function buildComb(table: usize, p: usize): void {
  memory.copy(teeth, p, POINT_BYTES);
  for (let tooth = teeth; tooth < teeth + (TEETH - 1) * POINT_BYTES; tooth += POINT_BYTES) {
    const next = tooth + POINT_BYTES;
    double(next, tooth);
    for (let i: u32 = 1; i < SPACING; i++) double(next, next);
  }
  // The first entry has all teeth but the last negative; each other turns one of them around.
  memory.copy(table, teeth + (TEETH - 1) * POINT_BYTES, POINT_BYTES);
  for (let i: u32 = 0; i < TEETH - 1; i++) {
    const tooth = teeth + i * POINT_BYTES;
    cache(cached, tooth);
    subtract(table, table, cached);
    double(tooth, tooth);
    cache(tooth, tooth);
  }
  for (let entry: u32 = 1; entry < ENTRIES; entry++) {
    const from = table + (entry & (entry - 1)) * POINT_BYTES;
    add(table + entry * POINT_BYTES, from, teeth + ctz(entry) * POINT_BYTES);
  }
  for (let entry: u32 = 0; entry < ENTRIES; entry++) {
    cache(table + entry * POINT_BYTES, table + entry * POINT_BYTES);
  }
}

/** b of a scalar below L. */
export function recodeComb(b: usize, scalar: usize): void {
  memory.copy(b, scalar, 32);
  if ((load<u8>(b) & 1) == 0) addL(b);
  for (let i: usize = 0; i < 24; i += 8) {
    store<u64>(b + i, (load<u64>(b + i) >> 1) | (load<u64>(b + i, 8) << 63));
  }
  store<u64>(b, (load<u64>(b, 24) >> 1) | (1 << 63), 24);
}

/** sum += column c of [b]P. */
export function addColumn(sum: usize, table: usize, b: usize, c: u32): void {
  let index: u32 = 0;
  for (let tooth: u32 = 0; tooth < TEETH; tooth++) {
    index |= ((load<u32>(b + 4 * tooth) >> c) & 1) << tooth;
  }
  if (index >= ENTRIES) add(sum, sum, table + (index - ENTRIES) * POINT_BYTES);
  else subtract(sum, sum, table + (ENTRIES - 1 - index) * POINT_BYTES);
}
