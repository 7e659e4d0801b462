/** Made by the build: the kernel's bytes, inlined, and unpacked when they are asked for. */
export declare const kernelBytes: () => Promise<Uint8Array<ArrayBuffer>>;
