/**
 * F17: two trees of one domain's log that contradict each other, whichever sizes they have; and what of
 * a log contradicts nothing.
 */
import { describe, expect, test } from "vitest";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { liftEvidence } from "../../src/sync/lift.js";
import type { Source } from "../../src/sync/source.js";
import { verifyEvidence } from "../../src/sync/verify-evidence.js";
import { appendEntries } from "../../src/tlog/log-writer.js";
import { checkTrusted } from "../../src/trust/view.js";
import type { TestDomain } from "../domain/fixture.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { keysOf, signerOf, targetPath } from "../trust/forge.js";
import { canonical } from "../trust/model.js";
import { frozen, live } from "./fixture.js";
import { randomOf } from "./history.js";
import { altered, demand, evidenceFile, evidenceOf, found, NAME, world } from "./world.js";

describe("the log of trust changes", () => {
  const { log: signer } = keysOf(NAME);

  /** Another log by the domain's own key: `size` entries that nobody has seen. */
  async function otherLog(size: number): Promise<MemoryStorage> {
    const log = new MemoryStorage();
    const entries = Array.from({ length: size }, (_, i) => new Uint8Array([i & 255, i >> 8]));
    must(await appendEntries(kernel, log, signer, entries));
    return log;
  }

  /** The domain as it is, with another log beside it. */
  const withLog = (a: TestDomain, log: MemoryStorage): Source => {
    const other = frozen(log, "log");
    const whole = live(a);
    return {
      name: "thief",
      read: async (domain, path, request) =>
        path.startsWith("log/")
          ? await other.read(domain, path.slice("log/".length), request)
          : await whole.read(domain, path, request),
    };
  };

  /** A reader that has seen the log with `size` entries, and a timestamp that it has not seen. */
  async function seen(size: number) {
    const { a, reader } = await world();
    for (let i = 1; i < size; i++) await a.change((open) => withdraw(open, {}));
    const { sources } = await reader.sync(a.now, live(a));
    expect(sources[0]?.log).toBe(size === 1 ? undefined : "extended");
    await a.change(refresh);
    return { a, reader };
  }

  test.each([
    [1, 1],
    [3, 3],
    [4, 4],
    [1, 2],
    [2, 3],
    [3, 5],
    [4, 7],
    [5, 8],
    [6, 300],
  ])("F17: %i entries seen, another %i shown: EQUIVOCATION", async (m, n) => {
    const { a, reader } = await seen(m);
    const { sources, view } = await reader.sync(a.now, withLog(a, await otherLog(n)));
    expect(sources).toMatchObject([{ log: "contradiction" }]);
    expect(view.contradictions).toEqual([`log ${m}`]);
    expect(checkTrusted(view, demand(a.now))).toMatchObject({ code: "EQUIVOCATION" });
    const [row] = await evidenceOf(reader);
    expect(row).toMatchObject({ role: "log", version: `${m}` });
    const pin = await a.read("metadata/1.root.json");
    expect(await verifyEvidence(kernel, await evidenceFile(reader), pin)).toMatchObject({
      outcome: "PROVEN",
    });
    must(await liftEvidence(reader.store, NAME, row!.evidence));
    const lifted = await reader.sync(a.now, withLog(a, await otherLog(n)));
    expect(checkTrusted(lifted.view, demand(a.now)).ok).toBe(true);
  });

  test("a smaller log than the one seen needs tiles of the larger one", async () => {
    const { a, reader } = await seen(5);
    const thief = withLog(a, await otherLog(3));
    const alone = await reader.sync(a.now, thief);
    expect(alone.sources[0]?.log).toMatchObject({ ok: false });
    expect(alone.view.failure).toBeUndefined();
    await a.change(refresh);
    const both = await reader.sync(a.now, thief, live(a));
    expect(both.view.contradictions).toEqual(["log 3"]);
    const pin = await a.read("metadata/1.root.json");
    expect(await verifyEvidence(kernel, await evidenceFile(reader), pin)).toMatchObject({
      outcome: "PROVEN",
    });
  });

  /** What somebody can write who holds no key: an honest checkpoint, and one that nobody has signed. */
  async function accused() {
    const { a, forgery } = await world();
    const { targets } = await forgery.current();
    const named = targets.signed.targets["authority.json"].hashes.sha256;
    const honest = await forgery.read("log/checkpoint");
    const [origin, size] = new TextDecoder().decode(honest).split("\n");
    const root = Buffer.from(kernel.sha256(new Uint8Array([1]))).toString("base64");
    const unsigned = `${origin}\n${size}\n${root}\n\n\u2014 nobody ${Buffer.alloc(68).toString("base64")}\n`;
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    const evidence = {
      format: "writ-equivocation/v1",
      kind: "log",
      roots: [base64(await forgery.read("metadata/1.root.json"))],
      targets: base64(await forgery.read("metadata/1.targets.json")),
      authority: base64(await forgery.read(targetPath("authority.json", named))),
      first: base64(honest),
      second: base64(new TextEncoder().encode(unsigned)),
      proof: [],
    };
    const bytes = new TextEncoder().encode(canonical(evidence));
    const pin = await a.read("metadata/1.root.json");
    return await verifyEvidence(kernel, bytes, pin);
  }

  test("F17: a checkpoint that the log's key has not signed accuses nobody", async () => {
    expect((await accused()).outcome).not.toBe("PROVEN");
  });

  test("F17: what is refused because it is not signed does not say EQUIVOCATION", async () => {
    expect((await accused()).code).not.toBe("EQUIVOCATION");
  });

  test.each([
    [3, 5, "proof", 31],
    [3, 5, "proof", 33],
    [4, 7, "olderRootInNewer", 0],
  ])(
    "F17: of %i and %i entries: a hash in %s of %i bytes is refused",
    async (m, n, name, length) => {
      const { a, reader } = await seen(m);
      await reader.sync(a.now, withLog(a, await otherLog(n)));
      const evidence = JSON.parse(new TextDecoder().decode(await evidenceFile(reader)));
      const hash = Buffer.alloc(length).toString("base64");
      evidence[name] = name === "proof" ? [hash, ...evidence.proof.slice(1)] : hash;
      const bytes = new TextEncoder().encode(canonical(evidence));
      const pin = await a.read("metadata/1.root.json");
      expect(await verifyEvidence(kernel, bytes, pin)).toMatchObject({ code: "MALFORMED" });
    },
  );

  test.each([
    [3, 3],
    [3, 5],
    [4, 7],
  ])("F17: the file of %i and %i entries proves nothing with a byte flipped", async (m, n) => {
    const { a, reader } = await seen(m);
    await reader.sync(a.now, withLog(a, await otherLog(n)));
    const bytes = await evidenceFile(reader);
    const pin = await a.read("metadata/1.root.json");
    for (let at = 0; at < bytes.length; at += 2) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      const { outcome } = await verifyEvidence(kernel, flipped, pin);
      if (outcome === "PROVEN") throw new Error(`proven with byte ${at} flipped`);
    }
  });

  test("missing, torn or foreign tiles, another key's checkpoint and other logs distrust nobody", async () => {
    const { a, reader } = await seen(3);
    await a.change((open) => withdraw(open, {}));
    const random = randomOf(1);
    const answers = [
      { ok: true, status: "absent" } as const,
      found(new Uint8Array(32)),
      found(new Uint8Array(96).map(() => random(256))),
      found(new Uint8Array(128).map(() => random(256))),
    ];
    for (const answer of answers) {
      const source = altered(live(a), (path) =>
        path.startsWith("log/tile/") ? answer : undefined,
      );
      const { view, sources } = await reader.sync(a.now, source);
      expect(sources[0]?.log).toMatchObject({ ok: false });
      expect(view.failure).toBeUndefined();
      await a.change(refresh);
    }
    const stranger = new MemoryStorage();
    const entries = [1, 2, 3].map((i) => new Uint8Array([i]));
    must(await appendEntries(kernel, stranger, signerOf("thief.example/trust"), entries));
    const { view, sources } = await reader.sync(a.now, withLog(a, stranger));
    expect(sources[0]?.log).toMatchObject({ ok: false, code: "ORIGIN" });
    expect(view.failure).toBeUndefined();
    expect(await evidenceOf(reader)).toEqual([]);
  });

  test("a log that was lifted or grown honestly goes on", async () => {
    const { a, reader } = await seen(4);
    for (let i = 0; i < 4; i++) {
      await a.change((open) => withdraw(open, {}));
      const { sources } = await reader.sync(a.now, live(a));
      expect(sources).toMatchObject([{ log: "extended" }]);
    }
  });
});
