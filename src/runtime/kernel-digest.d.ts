/** Made by the build: SHA-256 of the kernel's bytes, in hex. */
export declare const kernelDigest: string;
