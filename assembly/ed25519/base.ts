/** The comb of the base point B (RFC 8032, section 5.1: y = 4 / 5 and an even x). */
import { COMB_BYTES, buildComb } from "./comb";
import { POINT_BYTES, decode } from "./points";

const comb = memory.data(COMB_BYTES, 16);
const point = memory.data(POINT_BYTES, 16);
const bytes = memory.data<u64>([
  0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0x6666666666666666,
]);

/** The table: built by the first call, the same ever after. */
export function baseComb(): usize {
  if (load<u32>(comb) == 0) {
    decode(point, bytes);
    buildComb(comb, point);
  }
  return comb;
}
