/**
 * Sums of multiples of several points with one chain of doublings (Straus 1964). A term is a point
 * and its scalar, prepared: eight odd multiples, cached, and signed digits of width 5. The multiple
 * of the base point goes in by its comb over the last doublings.
 */
import { baseComb } from "./base";
import { COMB_COLUMNS, addColumn } from "./comb";
import { POINT_BYTES, add, cache, double, setIdentity, subtract } from "./points";
import { DIGITS, recode } from "./scalar";

const WIDTH: u32 = 5;
const MULTIPLES: u32 = 1 << (WIDTH - 2);

export const TERM_BYTES: u32 = MULTIPLES * POINT_BYTES + DIGITS;

// Scratch of setTerm.
const multiple = memory.data(POINT_BYTES, 16);
const twice = memory.data(POINT_BYTES, 16);

/** Prepares [scalar]P; the scalar is below 2^255, with 8 zero bytes behind it. */
export function setTerm(term: usize, p: usize, scalar: usize): void {
  double(twice, p);
  cache(twice, twice);
  memory.copy(multiple, p, POINT_BYTES);
  cache(term, multiple);
  for (let i: u32 = 1; i < MULTIPLES; i++) {
    add(multiple, multiple, twice);
    cache(term + i * POINT_BYTES, multiple);
  }
  recode(term + MULTIPLES * POINT_BYTES, scalar, WIDTH);
}

/** sum = [b]B + all terms; b is recoded for the comb. */
export function straus(sum: usize, b: usize, terms: usize, count: u32): void {
  const base = baseComb();
  const end = terms + count * TERM_BYTES;
  setIdentity(sum);
  let started = false;
  for (let i = DIGITS - 1; i != u32.MAX_VALUE; i--) {
    if (started) double(sum, sum);
    for (let term = terms; term < end; term += TERM_BYTES) {
      const digit = <i32>load<i8>(term + i, MULTIPLES * POINT_BYTES);
      if (digit == 0) continue;
      started = true;
      const p = term + (abs(digit) >> 1) * POINT_BYTES;
      if (digit > 0) add(sum, sum, p);
      else subtract(sum, sum, p);
    }
    if (i < COMB_COLUMNS) {
      started = true;
      addColumn(sum, base, b, i);
    }
  }
}
