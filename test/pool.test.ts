import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type * as PoolModule from "../src/pool.js";
import type { SignatureClaim } from "../src/kernel/ed25519.js";
import { kernel } from "./kernel.js";

// The built package: a worker is a file of its own.
const built = new URL("../dist/pool.js", import.meta.url).href;
const { openPool } = (await import(/* @vite-ignore */ built)) as typeof PoolModule;
const pool = await openPool(2);
afterAll(() => pool.close());

/** Claims whose keys are plain bytes. */
type PlainClaim = SignatureClaim & { readonly key: Uint8Array };

const claims: PlainClaim[] = Array.from({ length: 1700 }, (_, i) => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const message = new Uint8Array(i % 97).fill(i);
  const signature = new Uint8Array(sign(null, message, privateKey));
  if (i % 100 === 7) signature[i % 64] = (signature[i % 64] as number) ^ 1;
  const key = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return { key, message, signature };
});

test("a pool gives the statuses that one kernel gives, in the order of the claims", async () => {
  const statuses = await pool.checkEd25519Many(claims);
  expect(statuses).toEqual(kernel.checkEd25519Many(claims));
  expect(statuses.filter((status) => status !== "ok")).toHaveLength(17);
});

test("calls at the same time each get their own answers", async () => {
  const parts = [claims.slice(0, 3), [], claims.slice(5, 600), claims.slice(7, 8)];
  const answers = await Promise.all(parts.map((part) => pool.checkEd25519Many(part)));
  expect(answers).toEqual(parts.map((part) => kernel.checkEd25519Many(part)));
});

test("the claims stay the caller's: nothing of them is taken away", async () => {
  const before = claims.slice(0, 2).map(({ key }) => Buffer.from(key).toString("hex"));
  await pool.checkEd25519Many(claims.slice(0, 2));
  expect(claims.slice(0, 2).map(({ key }) => Buffer.from(key).toString("hex"))).toEqual(before);
});

test("a claim of a wrong shape throws, and the pool goes on", async () => {
  const wrong = { ...(claims[0] as PlainClaim), key: new Uint8Array(31) };
  await expect(pool.checkEd25519Many([wrong])).rejects.toThrow(TypeError);
  expect(await pool.checkEd25519Many(claims.slice(0, 1))).toEqual(["ok"]);
});

test("a closed pool decides nothing, not even what was under way", async () => {
  const closing = await openPool(1);
  const underWay = closing.checkEd25519Many(claims);
  const refused = expect(underWay).rejects.toMatchObject({ name: "KernelFault", code: "INTERNAL" });
  await closing.close();
  await refused;
  await expect(closing.checkEd25519Many(claims)).rejects.toMatchObject({ code: "INTERNAL" });
});

test("a process with an idle pool ends by itself, and one with a question under way waits", () => {
  const { key, message, signature } = claims[0] as PlainClaim;
  const hex = [key, message, signature].map(
    (bytes) => `Buffer.from("${Buffer.from(bytes).toString("hex")}", "hex")`,
  );
  const code = `
    import { openPool } from ${JSON.stringify(built)};
    const pool = await openPool(2);
    const claim = { key: ${hex[0]}, message: ${hex[1]}, signature: ${hex[2]} };
    console.log(await pool.checkEd25519Many([claim]));`;
  const flags = ["--input-type=module", "-e", code];
  expect(execFileSync(process.execPath, flags, { timeout: 20_000 }).toString()).toBe("[ 'ok' ]\n");
});

test("a pool has 1 to 64 workers", async () => {
  for (const size of [0, -1, 65, 1.5, Number.NaN]) {
    await expect(openPool(size)).rejects.toThrow(RangeError);
  }
});

test("the worker's file is packed beside the pool", () => {
  expect(readFileSync(new URL("../dist/pool-worker.js", import.meta.url)).length).toBeGreaterThan(
    0,
  );
});
