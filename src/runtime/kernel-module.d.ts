/** Resolved by the build: the compiled kernel as the platform's own module import. */
declare const module: WebAssembly.Module;
export default module;
