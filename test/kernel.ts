import { loadKernel } from "../src/runtime/inline.js";

/** One kernel for the whole test file. */
export const kernel = await loadKernel();
