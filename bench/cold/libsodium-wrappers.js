// @ts-check
/** Prints the nanoseconds from the start of the import to the library being ready. */
const start = performance.now();
const { default: sodium } = await import("libsodium-wrappers");
await sodium.ready;
const end = performance.now();

if (typeof sodium.crypto_sign_verify_detached !== "function") throw new Error("not ready");
console.log((end - start) * 1e6);
