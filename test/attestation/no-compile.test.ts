/** A platform that compiles no WebAssembly as it runs, as workerd is, or lacks it. */
import { afterEach, expect, test, vi } from "vitest";
import { measureArtifact, openDigester } from "../../src/attestation/digest.js";
import { kernel } from "../kernel.js";
import { bytes } from "./keys.js";

const LOADED = ["sha384", "sha3_256", "sha3_512", "blake2b", "blake2s", "blake3", "sm3"];
const refused = { ok: false, code: "UNSUPPORTED_DIGEST" };

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("what it cannot load is UNSUPPORTED_DIGEST, and what the kernel computes is there", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  for (const algorithm of LOADED) {
    expect(await openDigester(kernel, algorithm), algorithm).toMatchObject(refused);
  }
  for (const algorithm of ["sha256", "sha512"]) {
    expect((await openDigester(kernel, algorithm)).ok, algorithm).toBe(true);
  }
});

test("the same where compiling is refused, whatever the reason", async () => {
  const reason = "Wasm code generation disallowed by embedder";
  vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError(reason));
  for (const algorithm of LOADED) {
    const result = await openDigester(kernel, algorithm);
    expect(result, algorithm).toMatchObject(refused);
    expect(JSON.stringify(result)).toContain(reason);
  }
  expect(await measureArtifact(kernel, ["sha256", "blake3"], [bytes("a")])).toMatchObject(refused);
  expect((await measureArtifact(kernel, ["sha256"], [bytes("a")])).ok).toBe(true);
});
