/** `writ/node`: files and processes of Node, Deno and Bun, for gates of `writ/gate`. */
export type { Output } from "./runtime/confinement/child.js";
export type { Deno } from "./runtime/confinement/deno.js";
export { deno, openDeno } from "./runtime/confinement/deno.js";
export type { Artifact } from "./runtime/confinement/private-folder.js";
export type { ProcessOptions } from "./runtime/confinement/process.js";
export { processGroup } from "./runtime/confinement/process.js";
export type { Argument, Prepared, ProgramOptions } from "./runtime/confinement/program.js";
export { prepareModule, prepareProgram } from "./runtime/confinement/program.js";
export type { Bubblewrap } from "./runtime/confinement/sandbox.js";
export { bubblewrap, findBubblewrap, systemPaths } from "./runtime/confinement/sandbox.js";
export type { HostIsolation } from "./runtime/confinement/system.js";
export { hostIsolation } from "./runtime/confinement/system.js";
export { FileStorage } from "./storage/files.js";
export { FileTrustStore } from "./storage/file-trust-store.js";
