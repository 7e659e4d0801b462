import type { Kernel, Reader, Result } from "writ";
import type { DomainSync, ReadFile, Refreshed, TrustStore } from "writ/trust";
import {
  checkAccepted,
  checkGate,
  checkNotWithdrawn,
  checkTrusted,
  exposureOf,
  folderSource,
  listEvidence,
  MemoryTrustStore,
  openTrust,
  readEvidence,
  readTarget,
  refreshRepository,
  relayFiles,
  relaySource,
  sync,
  verifyEvidence,
  verifyNextRoot,
  verifyPinnedRoot,
  viewDigest,
} from "writ/trust";
import type { Data, MadeState } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert, hex } from "./report.js";

const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };

type Folder = ReadonlyMap<string, Uint8Array>;

export function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.code}: expected ${result.expected}, found ${result.found}`);
}

export function reading(folder: Folder): ReadFile {
  return async (path) => ({ ok: true, value: folder.get(path) });
}

function reader(folder: Folder): Reader {
  return {
    read: async (path, limit) => folder.get(path)?.subarray(0, limit + 1),
    list: async () => [],
  };
}

function grown(folder: Folder, { files }: MadeState): Folder {
  const added = Object.entries(files).map(([path, bytes]) => [path, unbase64(bytes)] as const);
  return new Map([...folder, ...added]);
}

/** A domain followed from its first root through every state, its contradictions and its relays. */
export function trust(kernel: Kernel, { trust: made }: Data): Check[] {
  const folders: Folder[] = [];
  for (const state of made.states) folders.push(grown(folders.at(-1) ?? new Map(), state));
  const nowOf = (i: number): number => made.states[i]!.now;
  const last = folders.length - 1;
  const root = folders[0]!.get("metadata/1.root.json")!;

  const follow = async (
    store: TrustStore,
    now: number,
    ...shown: Folder[]
  ): Promise<DomainSync> => {
    const sources = shown.map((folder, i) => folderSource(reader(folder), `folder ${i + 1}`));
    const byDomain = new Map([[made.domain, sources]]);
    const results = await sync(kernel, store, byDomain, [{ root, terms: TERMS }], now);
    return must(results.get(made.domain)!);
  };

  return [
    [
      `one domain through ${made.states.length} states: each view, and its state's files`,
      async (output) => {
        const store = new MemoryTrustStore();
        for (const [i, { what, now }] of made.states.entries()) {
          const synced = await follow(store, now, folders[i]!);
          assert(synced.sources[0]?.status === "new", `${what}: ${told(synced)}`);
          assert(synced.view.failure === undefined, `${what}: ${told(synced)}`);
          output(what);
          output(told(synced));
          output(viewDigest(kernel, synced.view));
          for (const [path, bytes] of synced.view.state!.contents) {
            output(path);
            output(bytes);
          }
          const again = await follow(store, now, folders[i]!);
          assert(!again.changed, `${what}: nothing is new the second time`);
        }
      },
    ],
    [
      "the last state at once, by any source among others: the same digest",
      async (output) => {
        const one = await follow(new MemoryTrustStore(), nowOf(last), folders[last]!);
        const two = await follow(new MemoryTrustStore(), nowOf(last), folders[3]!, folders[last]!);
        assert(one.view.state?.digest === two.view.state?.digest, told(two));
        output(told(one));
        output(told(two));
      },
    ],
    [
      "what a view answers: trusted, accepted, withdrawn, contained, exposed",
      async (output) => {
        const store = new MemoryTrustStore();
        for (const i of made.states.keys()) {
          const { view } = await follow(store, nowOf(i), folders[i]!);
          const state = view.state!;
          const peer = checkAccepted(state, "b.example", "/pay/transfer");
          const gate = checkGate(view, "a.example/gate");
          output(
            JSON.stringify([peer, gate, exposureOf(state, view.withdrawn.keys, 30_000, new Map())]),
          );
          for (const late of [0, 29_000, 30_001, 3_600_000, 400 * 86_400_000]) {
            const demand = { now: nowOf(i) + late, maxStaleness: 30_000, terms: TERMS };
            const trusted = checkTrusted(view, demand);
            output(trusted.ok ? JSON.stringify(trusted.value.freshness) : JSON.stringify(trusted));
            const expected = late < 29_001;
            assert(trusted.ok === expected, `${late} ms later: ${trusted.ok}`);
          }
          for (const key of view.withdrawn.keys) {
            const refused = checkNotWithdrawn(view, { key });
            assert(!refused.ok && refused.code === "REVOKED", key);
          }
        }
      },
    ],
    [
      "an older state is behind; to a client of the TUF specification it is ROLLBACK",
      async (output) => {
        const store = new MemoryTrustStore();
        const newest = await follow(store, nowOf(last), folders[last]!);
        for (const [i, folder] of folders.entries()) {
          const back = await follow(store, nowOf(last), folder);
          assert(back.view.state?.digest === newest.view.state?.digest, `state ${i} moved it`);
          output(JSON.stringify(back.sources));
        }
        const pinned = must(await verifyPinnedRoot(kernel, root));
        let remembered: Refreshed | undefined;
        let rollbacks = 0;
        for (const [i, folder] of folders.entries()) {
          const before: { root: typeof pinned } = remembered ?? { root: pinned };
          const earlier = remembered && folders[i - 1]!;
          remembered = must(await refreshRepository(kernel, before, reading(folder), nowOf(i)));
          const { root: now, timestamp, snapshot, targets } = remembered;
          output([now, timestamp, snapshot, targets].map(({ digest }) => digest).join(" "));
          output(
            must(
              await readTarget(kernel, remembered, "status/status.json", reading(folder), nowOf(i)),
            ),
          );
          if (!earlier) continue;
          const back = await refreshRepository(
            kernel,
            remembered,
            reading(earlier),
            nowOf(i) - 1000,
          );
          assert(!back.ok, `state ${i - 1} after ${i}`);
          // A timestamp by another key is no earlier one.
          assert(back.code === "ROLLBACK" || back.code === "KEY", back.code);
          if (back.code === "ROLLBACK") rollbacks++;
          output(JSON.stringify(back));
        }
        assert(rollbacks === folders.length - 2, `${rollbacks} are ROLLBACK`);
      },
    ],
    [
      "a root that is skipped, repeated or cut short is refused",
      async (output) => {
        const roots: Uint8Array[] = [];
        for (let version = 1; folders[last]!.has(`metadata/${version}.root.json`); version++) {
          roots.push(folders[last]!.get(`metadata/${version}.root.json`)!);
        }
        assert(roots.length === 6, `${roots.length} roots`);
        for (const one of roots) {
          const trusted = must(await verifyPinnedRoot(kernel, one));
          for (const other of roots) {
            const next = await verifyNextRoot(kernel, trusted, other);
            assert(next.ok === (roots.indexOf(other) === roots.indexOf(one) + 1), "the next alone");
            output(next.ok ? next.value.digest : JSON.stringify(next));
          }
          for (let end = 0; end < one.length; end += 97) {
            const cut = await verifyPinnedRoot(kernel, one.subarray(0, end));
            assert(!cut.ok && cut.code === "MALFORMED", `cut after ${end}`);
          }
        }
      },
    ],
    [
      "two continuations are EQUIVOCATION, whichever comes first, and the evidence proves it",
      async (output) => {
        for (const { from, state } of made.forks) {
          const pair = [folders[from + 1]!, grown(folders[from]!, state)] as const;
          const now = Math.max(nowOf(from + 1), state.now);
          const digests = new Set<string>();
          for (const [first, second] of [pair, [pair[1], pair[0]] as const]) {
            const store = new MemoryTrustStore();
            await follow(store, now, folders[from]!);
            const before = await follow(store, now, first);
            assert(before.view.failure === undefined, `${state.what}: ${told(before)}`);
            const split = await follow(store, now, second);
            assert(split.view.failure?.code === "EQUIVOCATION", `${state.what}: ${told(split)}`);
            output(JSON.stringify(split.view.failure));
            digests.add(viewDigest(kernel, split.view));
            const evidence = must(await listEvidence(store, made.domain));
            assert(evidence.length > 0, "evidence");
            for (const { role, version, evidence: digest } of evidence) {
              const bytes = must(await readEvidence(kernel, store, made.domain, digest));
              const verdict = await verifyEvidence(kernel, bytes, root);
              assert(verdict.outcome === "PROVEN", JSON.stringify(verdict));
              output(`${role} ${version} ${digest} ${JSON.stringify(verdict)}`);
            }
          }
          assert(digests.size === 1, `${state.what}: one view, whichever comes first`);
          digests.forEach(output);
        }
      },
    ],
    [
      "every file of the last state with a flipped bit, cut, or missing: each its code",
      async (output) => {
        const named = await namedFiles(kernel, made.domain, folders[last]!, follow, nowOf(last));
        for (const path of named) {
          const bytes = folders[last]!.get(path)!;
          const flipped = bytes.slice();
          flipped[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 1;
          for (const damaged of [flipped, bytes.subarray(1), undefined]) {
            const folder = new Map(folders[last]!);
            if (damaged) folder.set(path, damaged);
            else folder.delete(path);
            const { view, sources } = await follow(new MemoryTrustStore(), nowOf(last), folder);
            // Roots that are missing leave an older one in force, whose keys did not sign the rest.
            assert(view.state === undefined, `${path}: a state`);
            assert(sources[0]?.failure !== undefined, `${path}: no failure`);
            output(`${path} ${JSON.stringify(sources[0].failure)}`);
          }
        }
      },
    ],
    [
      "a relay of a relay gives the same view, unchanged bytes, and no say",
      async (output) => {
        const stores = [
          new MemoryTrustStore(),
          new MemoryTrustStore(),
          new MemoryTrustStore(),
        ] as const;
        const original = await follow(stores[0], nowOf(last), folders[last]!);
        for (const hop of [0, 1] as const) {
          const sources = new Map([[made.domain, [relaySource(kernel, stores[hop], "relay")]]]);
          const pins = [{ root, terms: TERMS }];
          const results = await sync(kernel, stores[hop + 1]!, sources, pins, nowOf(last));
          const relayed = must(results.get(made.domain)!);
          assert(relayed.view.state?.digest === original.view.state?.digest, told(relayed));
        }
        const served = must(await relayFiles(kernel, stores[2], made.domain));
        for (const [path, bytes] of served) {
          assert(hex(folders[last]!.get(path)) === hex(bytes), path);
          output(path);
          output(bytes);
        }
        const opened = must(await openTrust(kernel, stores[2], root));
        assert(viewDigest(kernel, opened) === viewDigest(kernel, original.view), "one view");
        output(viewDigest(kernel, opened));
      },
    ],
  ];
}

type Follow = (store: TrustStore, now: number, ...shown: Folder[]) => Promise<DomainSync>;

/** What a state names, by path. */
async function namedFiles(
  kernel: Kernel,
  domain: string,
  folder: Folder,
  follow: Follow,
  now: number,
): Promise<readonly string[]> {
  const store = new MemoryTrustStore();
  await follow(store, now, folder);
  const served = must(await relayFiles(kernel, store, domain));
  return [...served.keys()].filter(
    (path) => !path.startsWith("log/") && path !== "metadata/1.root.json",
  );
}

/** All that a sync says, in one order. */
function told({ view, freshness, sources, changed }: DomainSync): string {
  const { domain, state, failure, withdrawn } = view;
  const { authorizations, keys, contained } = withdrawn;
  return JSON.stringify({
    domain,
    state: state && [state.digest, state.issued],
    failure,
    withdrawn: [[...authorizations].sort(), [...keys].sort(), [...contained].sort()],
    freshness,
    sources,
    changed,
  });
}
