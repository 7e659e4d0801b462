/** The platform's hash and the kernel's: the same results at every length and split point. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { platformHash } from "../../src/runtime/platform-hash.js";
import { loadKernel } from "../../src/runtime/inline.js";
import { bytesFor, leafHash, sha256 } from "./oracle.js";

const platform = platformHash();
if (!platform) throw new Error("this Node has no process.getBuiltinModule");
const alone = await loadKernel({ platformHash: undefined });
const eager = await loadKernel({ platformHash: { ...platform, from: 1 } });
const usual = await loadKernel();
const source = bytesFor("platform", 20_000);

test("messages of every length up to 700, and long ones", () => {
  const lengths = [...Array(701).keys(), 4094, 4095, 4096, 4097, 20_000];
  for (const length of lengths) {
    const message = source.subarray(0, length);
    for (const kernel of [alone, eager, usual]) {
      expect(kernel.sha256(message)).toEqual(new Uint8Array(sha256(message)));
      expect(kernel.leafHash(message)).toEqual(new Uint8Array(leafHash(message)));
    }
  }
});

test("short and long messages in one batch keep their order", () => {
  const messages = fc.array(fc.nat(3000), { maxLength: 30 });
  fc.assert(
    fc.property(messages, (lengths) => {
      const batch = lengths.map((length, i) => source.subarray(i, i + length));
      const expected = Buffer.concat(batch.map(leafHash));
      for (const kernel of [alone, eager, usual]) {
        expect(Buffer.from(kernel.leafHashes(batch))).toEqual(expected);
      }
    }),
  );
});

test("streams at every split point around what is held back", () => {
  for (const length of [0, 1, 64, 2047, 2048, 2049, 5000]) {
    const message = source.subarray(0, length);
    const expected = new Uint8Array(sha256(message));
    for (let at = 0; at <= length; at += length > 300 ? 61 : 1) {
      for (const kernel of [alone, usual]) {
        const hasher = kernel.hasher("sha256").update(message.subarray(0, at));
        expect(hasher.update(message.subarray(at)).digest()).toEqual(expected);
        expect(() => hasher.digest()).toThrow(TypeError);
        expect(() => hasher.update(message)).toThrow(TypeError);
      }
    }
  }
});

test("a stream keeps no view of the caller's bytes", () => {
  const part = new Uint8Array(100).fill(1);
  const hasher = usual.hasher("sha256").update(part);
  part.fill(2);
  expect(hasher.digest()).toEqual(new Uint8Array(sha256(new Uint8Array(100).fill(1))));
});

test("without getBuiltinModule or OpenSSL there is none, and without crypto.hash there is createHash", () => {
  const message = source.subarray(0, 1000);
  for (const lacking of [{ getBuiltinModule: undefined }, { versions: {} }]) {
    vi.stubGlobal("process", { ...process, ...lacking });
    expect(platformHash()).toBeUndefined();
    vi.unstubAllGlobals();
  }
  const { createHash } = process.getBuiltinModule("node:crypto");
  const { versions } = process;
  vi.stubGlobal("process", { versions, getBuiltinModule: () => ({ createHash }) });
  const older = platformHash();
  vi.unstubAllGlobals();
  expect(older?.sha256(message)).toEqual(new Uint8Array(sha256(message)));
});

test("node:crypto is loaded by the first long message, and not before", async () => {
  const { getBuiltinModule, versions } = process;
  const load = vi.fn(getBuiltinModule);
  vi.stubGlobal("process", { versions, getBuiltinModule: load });
  const kernel = await loadKernel();
  kernel.sha256(source.subarray(0, 100));
  kernel.hasher("sha256").update(source.subarray(0, 2048)).digest();
  expect(load).not.toHaveBeenCalled();
  kernel.sha256(source.subarray(0, 200));
  expect(load).toHaveBeenCalledOnce();
  vi.unstubAllGlobals();
});
