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
} from "../../assembly/ed25519/field";
export { mul, square } from "../../assembly/ed25519/field-mul";
export { addLanes, getLane, setLane, subLanes, weaken } from "../../assembly/ed25519/lanes";
export { mul as mulLanes, square as squareLanes } from "../../assembly/ed25519/lanes-mul";
export { addL, isBelowL, multiplyAdd, recode, reduce } from "../../assembly/ed25519/scalar";
export { halve } from "../../assembly/ed25519/halfsize";
export { recodeComb } from "../../assembly/ed25519/comb";
export { decodeFour } from "../../assembly/ed25519/decode";
export { ITEM_BYTES, ITEM_DIGEST, ITEM_Z, batchBytes } from "../../assembly/ed25519/batch";
export { deriveCoefficients } from "../../assembly/ed25519/coefficients";

export function arena(): usize {
  return (__heap_base + 63) & ~63;
}
