import { kernelDigest as digest } from "#kernel-digest";

/** SHA-256 of the kernel's bytes, in lowercase hex: what a baseline names, and a release states. */
export const kernelDigest: string = digest;
