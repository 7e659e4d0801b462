// @ts-nocheck: AssemblyScript. Compiled by inside.ts; not part of the shipped kernel.
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
