import type { PlatformHash, PlatformStream } from "../kernel/platform-hash.js";

/** What is used of node:crypto, which Deno and Bun have too. */
interface NodeCrypto {
  createHash(algorithm: "sha256"): PlatformStream;
  hash?(algorithm: "sha256", bytes: Uint8Array, encoding: "latin1"): string;
}

interface NodeProcess {
  readonly versions?: { readonly openssl?: string };
  getBuiltinModule?(name: "node:crypto"): NodeCrypto | undefined;
}

/** Measured on Node 20 and 24: a call costs 0.35 us and half a nanosecond a byte; the kernel's, 2 to 3. */
const FROM = 128;

/**
 * SHA-256 as node:crypto has it, where there is one that can be had without an import. The module is
 * loaded by the first message that is long enough: that takes longer than verifying a proof.
 */
export function platformHash(): PlatformHash | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  if (typeof process?.getBuiltinModule !== "function") return undefined;
  // Without OpenSSL, or what stands for it, Node has no node:crypto.
  if (typeof process.versions?.openssl !== "string") return undefined;
  let loaded: NodeCrypto | undefined;
  const crypto = (): NodeCrypto => {
    loaded ??= process.getBuiltinModule?.("node:crypto");
    if (!loaded) throw new Error("this platform names OpenSSL and has no node:crypto");
    return loaded;
  };
  const stream = (): PlatformStream => crypto().createHash("sha256");
  return {
    from: FROM,
    stream,
    sha256(message) {
      const text = crypto().hash?.("sha256", message, "latin1");
      if (text?.length !== 32) {
        const once = stream();
        once.update(message);
        return new Uint8Array(once.digest());
      }
      // A string of 32 characters, read one by one, costs half of what a Buffer does.
      const digest = new Uint8Array(32);
      for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
      return digest;
    },
  };
}
