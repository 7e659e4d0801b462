/**
 * Decoding of points of -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1), one at a time, in the
 * arithmetic of field.ts: one long chain of squares leaves the lanes of lanes.ts idle.
 */
import {
  FIELD_BYTES,
  add,
  decode,
  equal,
  isNegative,
  isZero,
  neg,
  powerFiveEighths,
  set,
  sub,
} from "./field";
import { mul, square } from "./field-mul";

// d = -121665 / 121666, 2 d, and a square root of -1, in limbs.
export const D = memory.data<u32>([
  0x135978a3, 0x0f5a6e50, 0x10762add, 0x00149a82, 0x1e898007, 0x003cbbbc, 0x19ce331d, 0x1dc56dff,
  0x0052036c,
]);
export const D2 = memory.data<u32>([
  0x06b2f159, 0x1eb4dca1, 0x00ec55ba, 0x00293505, 0x1d13000e, 0x00797779, 0x139c663a, 0x1b8adbff,
  0x002406d9,
]);
export const SQRT_M1 = memory.data<u32>([
  0x0a0ea0b0, 0x0770d93a, 0x0bf91e31, 0x06300d5a, 0x1d7a72f4, 0x004c9efd, 0x1c2cad34, 0x1009f83b,
  0x002b8324,
]);

// Scratch of the function at hand.
const a = memory.data(FIELD_BYTES, 16);
const b = memory.data(FIELD_BYTES, 16);
const c = memory.data(FIELD_BYTES, 16);
const e = memory.data(FIELD_BYTES, 16);
const one = memory.data(FIELD_BYTES, 16);

/** Where decodePoint leaves x, y and x y, each tight. */
export const decodedX = memory.data(FIELD_BYTES, 16);
export const decodedY = memory.data(FIELD_BYTES, 16);
export const decodedT = memory.data(FIELD_BYTES, 16);

/**
 * RFC 8032, section 5.1.3, and strictly so: false unless y < p, the point is on the curve, and the
 * sign bit is 0 where x = 0.
 */
export function decodePoint(bytes: usize): bool {
  const x = decodedX;
  const y = decodedY;
  if (!decode(y, bytes)) return false;
  set(one, 1);

  // x^2 = u / v; the candidate is x = u v^3 (u v^7)^((p-5)/8).
  const u = a;
  const v = b;
  square(u, y);
  mul(v, u, D);
  sub(u, u, one);
  add(v, v, one); // 2-fold
  square(c, v);
  mul(c, c, v); // v^3
  square(e, c);
  mul(e, e, v); // v^7
  mul(e, e, u);
  powerFiveEighths(e, e);
  mul(e, e, c);
  mul(x, e, u);

  square(c, x);
  mul(c, c, v); // v x^2 is u, or -u, or there is no root
  if (!equal(c, u)) {
    neg(e, u);
    if (!equal(c, e)) return false;
    mul(x, x, SQRT_M1);
  }
  const sign = load<u8>(bytes, 31) >> 7 != 0;
  if (sign && isZero(x)) return false;
  if (isNegative(x) != sign) neg(x, x);
  mul(decodedT, x, y);
  return true;
}
