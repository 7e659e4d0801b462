// @ts-nocheck: AssemblyScript. Compiled by ed25519.test.ts; not part of the shipped kernel.
import {
  add,
  decode,
  encode,
  equal,
  invert,
  isNegative,
  isZero,
  neg,
  powerFiveEighths,
  sub,
} from "../../assembly/field";
import { mul, square } from "../../assembly/field-mul";
import { isBelowL, recode, reduce } from "../../assembly/scalar";

export { ed25519Verify } from "../../assembly/ed25519";
export { sha512Final, sha512Init, sha512Update } from "../../assembly/sha512";
export {
  add,
  decode,
  encode,
  equal,
  invert,
  isBelowL,
  isNegative,
  isZero,
  mul,
  neg,
  powerFiveEighths,
  recode,
  reduce,
  square,
  sub,
};

export function arena(): usize {
  return (__heap_base + 63) & ~63;
}
