/**
 * 10,000 mutated sets of metadata: each step by step, and most to a reader that knows nothing or an
 * earlier state. None is accepted that the model calls bad, none refused that it calls good, each
 * refusal has a code that the model gives, and nothing throws. One of them again, by its seed:
 * WRIT_MUTATION=20261201 npx vitest run test/trust/mutations.test.ts
 */
import { expect, test } from "vitest";
import type { TrustStore } from "../../src/storage/trust-store.js";
import { openTrust } from "../../src/sync/open.js";
import type { Answer, Source } from "../../src/sync/source.js";
import type { DomainSync } from "../../src/sync/sync.js";
import { sync } from "../../src/sync/sync.js";
import { judgeFreshness } from "../../src/trust/freshness.js";
import type { ReadFile } from "../../src/trust/repository.js";
import { verifyTimestamp } from "../../src/trust/roles.js";
import { verifyPinnedRoot, walkRoots } from "../../src/trust/root.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import { verifyState } from "../../src/trust/state.js";
import type { Failure, Result } from "../../src/verdict.js";
import { failure, ok } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { TERMS } from "../sync/fixture.js";
import { randomOf } from "../sync/history.js";
import { sign, signerOf, toBytes } from "./forge.js";
import type { FileSet, Opinion, Role } from "./model.js";
import { contradicted, expired, isNewer, opinion } from "./model.js";
import { Mutator, pick, shownPath } from "./mutator.js";
import type { Published } from "./published.js";
import { everySigner, publishedSets } from "./published.js";

const CASES = 10_000;
const FIRST_SEED = 20_261_201;
/** Failures after which the run ends. */
const MOST_FAILURES = 5;

const published = await publishedSets();
const mutator = new Mutator(published, everySigner());

/**
 * The file of a set for a path, whatever version or digest the path has. `first` is the version of the
 * first root.
 */
function fileAt(set: FileSet, path: string, first: number): Uint8Array | undefined {
  const [, version, role] =
    /^metadata\/(?:(\d+)\.)?(root|timestamp|snapshot|targets|status)\.json$/.exec(path) ?? [];
  if (role === undefined) return set.contents.get(shownPath(path));
  return role === "root" ? set.roots[Number(version) - first] : set[role as "timestamp"];
}

/** Section 5, step by step, by the functions that sync is made of. */
async function verifySet(set: FileSet): Promise<Result<VerifiedTrustState>> {
  const read: ReadFile = async (path) => ok(fileAt(set, path, 1));
  const pinned = await verifyPinnedRoot(kernel, set.roots[0] as Uint8Array);
  if (!pinned.ok) return pinned;
  let next = 1;
  const walk = await walkRoots(kernel, pinned.value, async () => ok(set.roots[next++]), 100);
  if (!walk.stopped.ok) return walk.stopped;
  const root = walk.roots.at(-1) ?? pinned.value;
  if (!set.timestamp) return failure("MISSING", "a timestamp", "none");
  const timestamp = await verifyTimestamp(kernel, root, set.timestamp);
  if (!timestamp.ok) return timestamp;
  return await verifyState(kernel, root, timestamp.value, read);
}

/** Shows more than was asked for, if that is what the set holds. */
function sourceOf(set: FileSet, { folder }: Published, first: number): Source {
  return {
    name: "mutated",
    async read(_, path, { limit }): Promise<Answer> {
      const log = path.startsWith("log/");
      const bytes = log ? await folder.read(path, limit) : fileAt(set, path, first);
      return bytes ? { ok: true, status: "found", bytes } : { ok: true, status: "absent" };
    },
  };
}

/** A store over another, which keeps nothing of what is written. */
function over(store: TrustStore | undefined): TrustStore {
  const written = new Map<string, Uint8Array | undefined>();
  const get: TrustStore["get"] = async (key, limit) =>
    written.has(key) ? written.get(key) : await store?.get(key, limit);
  const none = new Uint8Array();
  return {
    get,
    put: async (key, value) => void written.set(key, value),
    remove: async (key) => void written.set(key, undefined),
    compareAndSwap: async (key, expected, value) => {
      const there = await get(key, 1 << 24);
      if (Buffer.compare(there ?? none, expected ?? none) !== 0) return false;
      written.set(key, value);
      return true;
    },
  };
}

/** What two sets must agree on to be one. */
function digestsOf(files: Partial<Record<Role, { readonly digest: string }>>): string {
  const { timestamp, snapshot, targets, status } = files;
  return [timestamp, snapshot, targets, status].map((file) => file?.digest).join();
}

function expectCode({ code, expected, found }: Failure, codes: readonly string[] = []): void {
  expect(codes, `${code}: expected ${expected}, found ${found}`).toContain(code);
}

const tally = { good: 0, moved: 0, contradicted: 0, codes: new Map<string, number>() };

async function compareStepByStep(set: FileSet, now: number): Promise<void> {
  const said = opinion(set, { chain: false });
  const verified = await verifySet(set);
  if (verified.ok) {
    if (said.bad) throw new Error(`accepted, though ${said.bad.file} is ${said.bad.codes.join()}`);
    expect(digestsOf(verified.value.metadata)).toBe(digestsOf(said.files));
    tally.good++;
    if (verified.value.issued === undefined) return;
    const terms = { maxLifetime: Infinity, skew: Number.MAX_VALUE };
    const { failure } = judgeFreshness(verified.value, { now, maxStaleness: Infinity, terms });
    expect(failure === undefined, failure?.expected).toBe(expired(said, now).length === 0);
    return;
  }
  if (!said.bad) throw new Error(`refused: ${JSON.stringify(verified)}`);
  expectCode(verified, said.bad.codes);
  tally.codes.set(verified.code, (tally.codes.get(verified.code) ?? 0) + 1);
}

/** The set, shown to a reader that knows nothing, or `before`. */
async function compareSync(
  set: FileSet,
  base: Published,
  before: Published | undefined,
  reopen: boolean,
): Promise<void> {
  const pin = { root: (before?.set ?? set).roots[0] as Uint8Array, terms: TERMS };
  // Of the chain that the reader has it asks for no root again.
  const own = before?.set.roots ?? [];
  const shown: FileSet = { ...set, roots: [...own, ...set.roots.slice(own.length)] };
  const said = opinion(shown, { chain: true, ...(before && { known: before.files }) });
  const [first] = said.roots;
  const domain = String(first?.signed["domain"]);
  const sources = new Map([[domain, [sourceOf(set, base, first?.version ?? 1)]]]);
  const store = over(before?.store);
  const [result] = [...(await sync(kernel, store, sources, [pin], 0)).values()];
  if (!first) {
    if (result?.ok) throw new Error("a pin that is bad was taken");
    return expectCode(result as Failure, said.bad?.codes);
  }
  const synced = must(result as Result<DomainSync>);
  compareStates(synced, set, said, before);
  if (!reopen) return;
  const opened = must(await openTrust(kernel, store, pin.root));
  expect(opened.state?.digest).toBe(synced.view.state?.digest);
  expect(opened.contradictions).toEqual(synced.view.contradictions);
}

function compareStates(
  { view, sources }: DomainSync,
  set: FileSet,
  said: Opinion,
  before: Published | undefined,
): void {
  // What of the earlier state holds under the roots that are known now.
  const roots = [...(before?.set.roots ?? []), ...set.roots.slice(before?.set.roots.length ?? 0)];
  const kept =
    before && opinion({ ...before.set, roots: roots.slice(0, said.roots.length) }, { chain: true });
  const { timestamp } = said.files;
  const known = before && opinion(before.set, { chain: true }).files.timestamp;
  const [report] = sources;
  if (said.bad && !(timestamp && timestamp.digest === known?.digest)) {
    expect(report?.status).toBe("failed");
    expectCode(report?.failure as Failure, said.bad.codes);
  } else {
    expect(report?.failure).toBeUndefined();
  }

  const held = kept && !kept.bad ? digestsOf(kept.files) : undefined;
  const next = said.bad ? undefined : digestsOf(said.files);
  const actual = view.state && digestsOf(view.state.metadata);
  const clash = kept ? contradicted(kept.files, said.files) : [];
  if (!next) expect(actual, "the state that was there").toBe(held);
  else if (!held) expect(actual, "the only state").toBe(next);
  else if (clash.length > 0) expect([held, next]).toContain(actual);
  else expect(actual, "the newer of two").toBe(isNewer(said.files, kept!.files) ? next : held);

  const contradictions = clash.map((role) => `${role} ${said.files[role]?.version}`);
  const others = view.contradictions.filter((each) => !contradictions.includes(each));
  expect(view.contradictions).toEqual(expect.arrayContaining(contradictions));
  if (others.length > 0) expect(others).toEqual([forkOf(before, set)]);
  const distrusted = view.contradictions.length > 0;
  expect(view.failure?.code).toBe(distrusted ? "EQUIVOCATION" : undefined);
  if (clash.length > 0) tally.contradicted++;
  if (actual !== undefined && actual === next) tally.moved++;
}

/** `root N`: where the set's chain leaves the one that is known, if the root before it signed both. */
function forkOf(before: Published | undefined, set: FileSet): string | undefined {
  const ours = before?.set.roots ?? [];
  for (let i = ours.length - 1; i > 0; i--) {
    const theirs = set.roots[i];
    if (!theirs) return undefined;
    const chain = (last: Uint8Array | undefined) =>
      opinion({ ...set, roots: [...ours.slice(0, i), last as Uint8Array] }, { chain: true }).roots[
        i
      ];
    const [own, other] = [chain(ours[i]), chain(theirs)];
    if (other) return other.digest === own?.digest ? undefined : `root ${own?.version}`;
  }
  return undefined;
}

async function run(seed: number): Promise<void> {
  const random = randomOf(seed);
  const { base, set, story } = await mutator.mutate(random);
  try {
    await compareStepByStep(set, Date.parse("2026-06-01T12:00:00Z") + random(400) * 3_600_000);
    const dice = random(20);
    const reopen = random(5) === 0;
    if (dice < 3) return await compareSync(set, base, undefined, reopen);
    if (dice >= 11) return;
    const earlier = published.filter(
      ({ domain, roots }) => domain === base.domain && roots.length <= base.roots.length,
    );
    await compareSync(set, base, pick(random, earlier), reopen);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${story.join("; ")}\n${reason}`, { cause: error });
  }
}

test("every set that was published is good, by the model as by src/", async () => {
  for (const each of published) {
    expect(opinion(each.set, { chain: true }).bad).toBeUndefined();
    await compareStepByStep(each.set, 0);
    await compareSync(each.set, each, undefined, true);
  }
});

test(`${CASES} mutated sets: none accepted that the model says is bad, each with its code`, async () => {
  const only = process.env["WRIT_MUTATION"];
  if (only !== undefined) return await run(Number(only));
  tally.good = 0;
  const failures: string[] = [];
  for (let i = 0; i < CASES && failures.length < MOST_FAILURES; i++) {
    await run(FIRST_SEED + i).catch((error: unknown) => failures.push(String(error)));
  }
  expect(failures.join("\n\n")).toBe("");
  // Enough of each, else the mutations say little.
  expect(tally.good).toBeGreaterThan(CASES / 10);
  expect(tally.moved).toBeGreaterThan(CASES / 20);
  expect(tally.contradicted).toBeGreaterThan(CASES / 50);
  for (const code of ["MALFORMED", "KEY", "DIGEST", "MISSING", "ROLLBACK", "TOO_LARGE"]) {
    expect(tally.codes.get(code), code).toBeGreaterThan(CASES / 200);
  }
});

test("a list of keys is no object of keys", async () => {
  const root = structuredClone(published[0]?.roots[0]);
  if (!root) throw new Error("no root");
  const { signed } = root;
  const ids = Object.keys(signed.keys);
  for (const role of Object.values<{ keyids: string[] }>(signed.roles)) {
    role.keyids = role.keyids.map((id) => `${ids.indexOf(id)}`);
  }
  signed.keys = Object.values(signed.keys);
  const signers = [1, 2].map((i) => signerOf(`a.example/root-${i}`));
  const bytes = toBytes({
    ...(await sign(signed, signers)),
    signatures: await Promise.all(
      signers.map(async (signer) => {
        const publicKey = Buffer.from(signer.key.publicKey).toString("hex");
        const index = signed.keys.findIndex(
          (key: { keyval: { public: string } }) => key.keyval.public === publicKey,
        );
        return { ...(await sign(signed, [signer])).signatures[0], keyid: `${index}` };
      }),
    ),
  });
  expect(await verifyPinnedRoot(kernel, bytes)).toMatchObject({ ok: false, code: "MALFORMED" });
});
