/** Sigstore's real roots and its captured repository: other people's TUF, read by our client. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ReadFile } from "../../src/trust/repository.js";
import { readTarget, refreshRepository } from "../../src/trust/repository.js";
import { keysOf } from "../../src/trust/threshold.js";
import type { VerifiedRoot } from "../../src/trust/root.js";
import { signersOf, verifyNextRoot, verifyPinnedRoot, walkRoots } from "../../src/trust/root.js";
import { ok } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import { vectors } from "../vectors.js";

const history = (version: number): Uint8Array =>
  vectors.bytes("tuf-root-signing", "metadata", "root_history", `${version}.root.json`);

async function pinned(bytes: Uint8Array): Promise<VerifiedRoot> {
  const root = await verifyPinnedRoot(kernel, bytes);
  if (!root.ok) throw new Error(`${root.code}: ${root.expected}, ${root.found}`);
  return root.value;
}

describe.skipIf(!vectors.present)("Sigstore's roots 1 to 15", () => {
  test("walk, one after the other, from the first", async () => {
    const read = async (version: number) => ok(version <= 15 ? history(version) : undefined);
    const { roots, stopped } = await walkRoots(kernel, await pinned(history(1)), read, 100);
    expect(stopped).toEqual({ ok: true, value: undefined });
    expect(roots.map(({ signed }) => signed.version)).toEqual(
      Array.from({ length: 14 }, (_, i) => i + 2),
    );
  });

  test("walk from any of them", async () => {
    for (let first = 1; first < 15; first++) {
      const next = await verifyNextRoot(kernel, await pinned(history(first)), history(first + 1));
      expect(next.ok, `${first}`).toBe(true);
    }
  });

  test("none may be skipped, repeated or taken backwards", async () => {
    for (const [from, to] of [
      [13, 15],
      [5, 7],
      [9, 9],
      [11, 10],
    ] as const) {
      const next = await verifyNextRoot(kernel, await pinned(history(from)), history(to));
      expect(next, `${from} to ${to}`).toMatchObject({ ok: false, code: "ROLLBACK" });
    }
    // The keys of root 1 are no longer enough for root 15.
    const far = await verifyNextRoot(kernel, await pinned(history(1)), history(15));
    expect(far).toMatchObject({ ok: false, code: "KEY" });
  });

  test("old and new key ids of one key count once: roots 9 and 10", async () => {
    for (const version of [9, 10]) {
      const root = await pinned(history(version));
      expect(root.signatures).toHaveLength(10);
      const keys = [...keysOf(signersOf(root, "root")).values()];
      expect(new Set(keys.map(({ identity }) => identity)).size).toBe(5);
    }
  });

  test("any flipped byte of root 15 is refused, or leaves its signed part and threshold alone", async () => {
    const trusted = await pinned(history(14));
    const bytes = history(15);
    const good = await verifyNextRoot(kernel, trusted, bytes);
    if (!good.ok) throw new Error("root 15 must follow root 14");
    for (let at = 0; at < bytes.length; at += 7) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 1;
      const next = await verifyNextRoot(kernel, trusted, flipped);
      if (next.ok) expect(next.value.digest, `byte ${at}`).toBe(good.value.digest);
    }
  });
});

const BASE = ["tuf-conformance", "sigstore-root-signing"] as const;

describe.skipIf(!vectors.present)("the captured repository of Sigstore", () => {
  const read: ReadFile = async (path) => {
    const file = vectors.path(...BASE, path);
    return ok(existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined);
  };
  const initial = async () => await pinned(vectors.bytes(...BASE, "initial_root.json"));
  const at = () =>
    Date.parse(
      vectors
        .text(...BASE, "faketime")
        .trim()
        .replace(" ", "T"),
    );

  test("verifies to its targets at the time it was captured", async () => {
    const refreshed = await refreshRepository(kernel, { root: await initial() }, read, at());
    if (!refreshed.ok) throw new Error(`${refreshed.code}: ${refreshed.expected}`);
    expect(refreshed.value.root.signed.version).toBe(12);
    const path = vectors.text(...BASE, "targetpath").trim();
    const target = await readTarget(kernel, refreshed.value, path, read, at());
    expect(target).toMatchObject({ ok: true });
    // The delegated role's metadata is there; the file that it names was not captured.
    const delegated = "registry.npmjs.org/keys.json";
    expect(await readTarget(kernel, refreshed.value, delegated, read, at())).toMatchObject({
      code: "MISSING",
      expected: expect.stringMatching(/^targets\/registry\.npmjs\.org\/[0-9a-f]{64}\.keys\.json$/),
    });
    expect(await readTarget(kernel, refreshed.value, "no-such", read, at())).toMatchObject({
      code: "MISSING",
    });
  });

  test("a week later its timestamp has expired", async () => {
    const later = at() + 7 * 86_400_000;
    const refreshed = await refreshRepository(kernel, { root: await initial() }, read, later);
    expect(refreshed).toMatchObject({ ok: false, code: "EXPIRED" });
  });

  test("refreshed again from what is remembered, it is the same", async () => {
    const first = await refreshRepository(kernel, { root: await initial() }, read, at());
    if (!first.ok) throw new Error(first.code);
    const again = await refreshRepository(kernel, first.value, read, at());
    expect(again).toMatchObject({ ok: true });
  });
});
