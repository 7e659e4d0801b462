export * from "./api.js";
export { loadKernel } from "./runtime/imported.js";
