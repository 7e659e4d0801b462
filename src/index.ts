export * from "./api.js";
export { loadKernel } from "./runtime/inline.js";
