// @ts-nocheck: AssemblyScript. Compiled by inside.ts; not part of the shipped kernel.
export {
  add,
  decode,
  encode,
  equal,
  isNegative,
  isZero,
  neg,
  powerFiveEighths,
  sub,
} from "../../assembly/field";
export { mul, square } from "../../assembly/field-mul";
export { addLanes, getLane, setLane, subLanes, weaken } from "../../assembly/lanes";
export { mul as mulLanes, square as squareLanes } from "../../assembly/lanes-mul";
export { addL, isBelowL, multiplyAdd, recode, reduce } from "../../assembly/scalar";
export { halve } from "../../assembly/halfsize";
export { recodeComb } from "../../assembly/comb";
export { decodeFour } from "../../assembly/decode";
export { ITEM_BYTES, ITEM_DIGEST, ITEM_Z, batchBytes } from "../../assembly/batch";
export { deriveCoefficients } from "../../assembly/coefficients";

export function arena(): usize {
  return (__heap_base + 63) & ~63;
}
