/** Made by the build: the kernel's bytes, inlined. */
export declare const kernelBytes: () => Uint8Array<ArrayBuffer>;
