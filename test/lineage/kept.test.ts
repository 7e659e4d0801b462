import { beforeAll, describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { collectKept, KeptNames, namedBy } from "../../src/lineage/collect.js";
import type { Entry } from "../../src/lineage/entry.js";
import {
  keepContent,
  keepTrustState,
  keptPath,
  keptTrustPath,
  readKept,
  readTrustList,
  readTrustState,
} from "../../src/lineage/kept.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import { makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { live, TestReader } from "../sync/fixture.js";
import { rotateRole } from "../sync/history.js";
import { filesOf } from "../tlog/stored.js";
import { EXAMPLES } from "./entry-examples.js";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (bytes: Uint8Array): string => encodeHex(kernel.sha256(bytes));

/** Two states of one domain: the second with other keys, and another timestamp. */
let states: readonly [VerifiedTrustState, VerifiedTrustState];

beforeAll(async () => {
  const domain = await makeDomain("own.example");
  const reader = await TestReader.of(domain);
  const state = async () =>
    (await reader.sync(domain.now, live(domain))).view.state as VerifiedTrustState;
  const before = await state();
  await rotateRole(domain, "root");
  await domain.publish();
  states = [before, await state()];
});

async function keep(storage: MemoryStorage, text: string): Promise<string> {
  const bytes = utf8(text);
  await keepContent(storage, digestOf(bytes), bytes);
  return digestOf(bytes);
}

describe("F43: kept content", () => {
  test("is found by its digest, and a gap is named by it", async () => {
    const storage = new MemoryStorage();
    const digest = await keep(storage, "a chain");
    expect(must(await readKept(kernel, storage, digest))).toEqual(utf8("a chain"));
    await storage.remove(keptPath(digest));
    const gap = await readKept(kernel, storage, digest);
    expect(gap).toMatchObject({ ok: false, code: "MISSING" });
    expect(!gap.ok && gap.expected).toContain(digest);
  });

  test("is what its digest says, or a failure: cut, changed or longer", async () => {
    const storage = new MemoryStorage();
    const digest = await keep(storage, "a chain");
    const flipped = [...utf8("a chain").keys()].map((i) =>
      utf8("a chain").map((byte, at) => (at === i ? byte ^ 1 : byte)),
    );
    for (const bytes of [...flipped, utf8("a chai"), utf8("a chain."), utf8("")]) {
      await storage.write(keptPath(digest), bytes);
      expect(await readKept(kernel, storage, digest)).toMatchObject({ code: "DIGEST" });
      // Kept again, it is whole again.
      expect(await keep(storage, "a chain")).toBe(digest);
      expect(must(await readKept(kernel, storage, digest))).toEqual(utf8("a chain"));
    }
  });

  test("is written once, however often it is kept", async () => {
    const storage = new Counting();
    await keep(storage, "a chain");
    await keep(storage, "a chain");
    expect(storage.writes).toEqual([keptPath(digestOf(utf8("a chain")))]);
    await keepTrustState(kernel, storage, states[0]);
    const before = storage.writes.length;
    await keepTrustState(kernel, storage, states[0]);
    expect(storage.writes.length).toBe(before);
  });

  test("a digest is 64 hexadecimal digits: anything else could be another path", async () => {
    for (const bad of ["", "../x", "AB".repeat(32), "ab".repeat(31)]) {
      expect(() => keptPath(bad)).toThrow(TypeError);
      expect(() => keptTrustPath(bad)).toThrow(TypeError);
    }
  });
});

/** Says what was written, in order, and fails from the write of this number on. */
class Counting extends MemoryStorage {
  readonly writes: string[] = [];
  failsAt = Number.POSITIVE_INFINITY;

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.writes.length >= this.failsAt) throw new Error("the machine has stopped");
    this.writes.push(path);
    await super.write(path, bytes);
  }
}

describe("F43: a kept trust state", () => {
  test("is verified again from its own files alone", async () => {
    const storage = new MemoryStorage();
    for (const state of states) await keepTrustState(kernel, storage, state);
    for (const state of states) {
      const read = must(await readTrustState(kernel, storage, state.digest));
      expect(read.digest).toBe(state.digest);
      expect(read.metadata.root.signed.version).toBe(state.metadata.root.signed.version);
      expect(read.authority).toEqual(state.authority);
      expect([...read.contents]).toEqual([...state.contents]);
    }
  });

  test("without any one of its files is a gap that is named", async () => {
    const [state] = states;
    const full = new MemoryStorage();
    await keepTrustState(kernel, full, state);
    const { files } = must(await readTrustList(full, state.digest));
    expect(files.length).toBe(5 + state.contents.size);
    for (const file of files) {
      const storage = new MemoryStorage();
      await keepTrustState(kernel, storage, state);
      await storage.remove(keptPath(file));
      const gap = await readTrustState(kernel, storage, state.digest);
      expect(gap).toMatchObject({ ok: false, code: "MISSING" });
      expect(!gap.ok && gap.expected).toContain(file);
      const bytes = (await full.read(keptPath(file), 1 << 20)) as Uint8Array;
      await storage.write(
        keptPath(file),
        bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
      );
      const changed = await readTrustState(kernel, storage, state.digest);
      expect(changed).toMatchObject({ ok: false, code: "DIGEST" });
    }
    await full.remove(keptTrustPath(state.digest));
    const gone = await readTrustState(kernel, full, state.digest);
    expect(gone).toMatchObject({ ok: false, code: "MISSING" });
    expect(!gone.ok && gone.expected).toContain(state.digest);
  });

  test("is no other state under its name", async () => {
    const storage = new MemoryStorage();
    for (const state of states) await keepTrustState(kernel, storage, state);
    const [one, other] = states;
    const list = (await storage.read(keptTrustPath(other.digest), 1 << 20)) as Uint8Array;
    await storage.write(keptTrustPath(one.digest), list);
    expect(await readTrustState(kernel, storage, one.digest)).toMatchObject({ code: "DIGEST" });
    await storage.write(keptTrustPath(one.digest), utf8('{"files":[]}'));
    expect(await readTrustState(kernel, storage, one.digest)).toMatchObject({ code: "MALFORMED" });
  });

  test("has its list only where all its files are there, wherever the machine stops", async () => {
    const [state] = states;
    const whole = new Counting();
    await keepTrustState(kernel, whole, state);
    expect(whole.writes.length).toBeGreaterThan(6);
    for (let at = 0; at <= whole.writes.length; at++) {
      const storage = new Counting();
      storage.failsAt = at;
      await keepTrustState(kernel, storage, state).catch(() => {});
      const read = await readTrustState(kernel, storage, state.digest);
      expect(read.ok).toBe(at === whole.writes.length);
      if (!read.ok) expect(read.expected).toContain(`trust state ${state.digest}`);
      storage.failsAt = Number.POSITIVE_INFINITY;
      await keepTrustState(kernel, storage, state);
      expect((await readTrustState(kernel, storage, state.digest)).ok).toBe(true);
    }
  });
});

describe("F43: collection", () => {
  /** Entries that name something, one of each kind that does. */
  const entries = (name: (what: string) => string): Entry[] => {
    const [admission] = EXAMPLES.admission;
    const [accept] = EXAMPLES.accept;
    const [state] = EXAMPLES.state;
    const [drift] = EXAMPLES.drift;
    return [
      { ...admission!, chain: name("chain") },
      { ...accept!, packet: name("packet") },
      { ...state!, digest: name("state") },
      { ...drift!, evidence: name("evidence") },
    ];
  };

  async function world() {
    const storage = new MemoryStorage();
    const digests = new Map<string, string>();
    for (const what of ["chain", "packet", "state", "evidence", "nobody's"]) {
      digests.set(what, await keep(storage, what));
    }
    const [one, other] = states;
    await keepTrustState(kernel, storage, one);
    await keepTrustState(kernel, storage, other);
    const names = new KeptNames();
    for (const entry of entries((what) => digests.get(what) as string)) names.add(entry);
    const [trust] = EXAMPLES.trust;
    names.add({ ...trust!, trust: { ...trust!.trust!, digest: one.digest } });
    return { storage, digests, names, one, other };
  }

  test("keeps what entries name, and removes the rest", async () => {
    const { storage, digests, names, one, other } = await world();
    await storage.write("kept/README", utf8("not ours"));
    await storage.write("checkpoint", utf8("not ours"));
    const { removed, gaps } = must(await collectKept(storage, names));
    expect(gaps).toEqual([]);
    expect(removed).toContain(keptPath(digests.get("nobody's") as string));
    expect(removed).toContain(keptTrustPath(other.digest));
    for (const what of ["chain", "packet", "state", "evidence"]) {
      expect((await readKept(kernel, storage, digests.get(what) as string)).ok, what).toBe(true);
    }
    expect((await readTrustState(kernel, storage, one.digest)).ok).toBe(true);
    expect(await readTrustState(kernel, storage, other.digest)).toMatchObject({ code: "MISSING" });
    const left = [...(await filesOf(storage)).keys()];
    expect(left).toContain("kept/README");
    expect(left).toContain("checkpoint");
    expect(must(await collectKept(storage, names)).removed).toEqual([]);
  });

  test("a decision names its trust states too", async () => {
    const { storage, names, other } = await world();
    const [decision] = EXAMPLES.decision;
    const [first] = decision!.trust;
    names.add({ ...decision!, trust: [{ ...first!, digest: other.digest }] });
    must(await collectKept(storage, names));
    expect((await readTrustState(kernel, storage, other.digest)).ok).toBe(true);
  });

  test("names every gap, of contents, of states and of their files", async () => {
    const { storage, digests, names, one } = await world();
    const gone = [digests.get("chain") as string, digests.get("evidence") as string];
    for (const digest of gone) await storage.remove(keptPath(digest));
    const { files } = must(await readTrustList(storage, one.digest));
    await storage.remove(keptPath(files[3] as string));
    names.trust.add("ff".repeat(32));
    const { gaps } = must(await collectKept(storage, names));
    expect(gaps).toEqual([...gone, files[3] as string, "ff".repeat(32)].sort());
  });

  test("removes nothing where a list that is named cannot be read", async () => {
    const { storage, names, one } = await world();
    await storage.write(keptTrustPath(one.digest), utf8("{"));
    const before = await filesOf(storage);
    expect(await collectKept(storage, names)).toMatchObject({ ok: false, code: "MALFORMED" });
    expect([...(await filesOf(storage)).keys()]).toEqual([...before.keys()]);
  });

  test("an entry that names nothing keeps nothing", () => {
    const naming = ["admission", "accept", "state", "drift", "trust", "decision"];
    for (const [kind, examples] of Object.entries(EXAMPLES)) {
      const found = namedBy(examples[0] as Entry);
      const count = found.contents.length + found.trust.length;
      expect(count > 0, kind).toBe(naming.includes(kind));
    }
  });
});
