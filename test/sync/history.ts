/** Histories of domains: random but seeded changes, and the public folder after each of them. */
import {
  addGate,
  addIssuer,
  addResumer,
  releaseGate,
  removeIssuer,
} from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotate, rotateStatus } from "../../src/domain/rotate.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Storage } from "../../src/storage/storage.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, keyOf, makeDomain, roleSigners, TestDomain as Domain } from "../domain/fixture.js";

/** A small generator of numbers below `bound`: the same sequence for the same seed, everywhere. */
export function randomOf(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

/** Another copy of a whole domain, private parts too: what a thief of everything could publish. */
export async function forkOf(domain: TestDomain): Promise<TestDomain> {
  const storage = new MemoryStorage();
  const copy = async (from: Storage, folder: string): Promise<void> => {
    for (const name of await from.list(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const bytes = await from.read(path, 1 << 24);
      if (bytes) await storage.write(path, bytes);
      else await copy(from, path);
    }
  };
  await copy(domain.storage, "");
  const fork = new Domain(domain.name, storage);
  fork.now = domain.now;
  fork.round = domain.round;
  fork.ring.share(domain.ring);
  return fork;
}

type Step = (domain: TestDomain, n: number) => Promise<unknown>;

const GATE = "gate.example/g";

const STEPS: Readonly<Record<string, Step>> = {
  refresh: (domain) => domain.change(refresh),
  issuer: (domain, n) =>
    domain.publish((draft) =>
      addIssuer(draft, { name: `i${n}`, key: hexKey(`${domain.name}/i${n}`), commands: ["/pay"] }),
    ),
  resumer: (domain, n) =>
    domain.publish((draft) =>
      addResumer(draft, { name: `r${n}`, key: hexKey(`${domain.name}/r${n}`) }),
    ),
  remove: (domain) =>
    domain.publish((draft) => {
      const [first] = draft.authority.issuers;
      return first ? removeIssuer(draft, first.key) : { ok: true, value: draft };
    }),
  gate: (domain) =>
    domain.publish((draft) => addGate(draft, { origin: GATE, key: hexKey(`${domain.name}/g`) })),
  contain: (domain) =>
    domain.change(async (open) => {
      const listed = open.state.authority.gates.length > 0;
      return listed ? await withdraw(open, { contain: [GATE] }) : await refresh(open);
    }),
  release: (domain) =>
    domain.publish((draft) => {
      const listed = draft.authority.gates.length > 0;
      const until = formatRfc3339(domain.now, "ms");
      return listed ? releaseGate(draft, GATE, until) : { ok: true, value: draft };
    }),
  revoke: (domain, n) =>
    domain.change((open) =>
      withdraw(open, {
        authorizations: [{ sha256: hexKey(`authorization-${n}`), expires: "2026-12-01T00:00:00Z" }],
        keys: [{ key: hexKey(`holder-${n}`), expires: "9999-12-31T23:59:59Z" }],
      }),
    ),
  "rotate root": (domain) => rotateRole(domain, "root"),
  "rotate targets": (domain) => rotateRole(domain, "targets"),
  "rotate timestamp": (domain) => rotateRole(domain, "timestamp"),
  "rotate status": (domain) => {
    const key = keyOf(`${domain.name}/status`, ++domain.round);
    domain.ring.add(key);
    return domain.change((open) => rotateStatus(open, key.key.publicKey));
  },
};

export async function rotateRole(
  domain: TestDomain,
  role: "root" | "targets" | "timestamp",
): Promise<void> {
  const count = role === "timestamp" ? 1 : 3;
  const signers = roleSigners(domain.name, role, ++domain.round, count);
  domain.ring.add(...signers);
  const keys = signers.map(({ key }) => key.publicKey);
  await domain.change((open) => rotate(open, role, { keys, threshold: Math.min(2, count) }));
}

/** Takes one random step, and never one of `without`. */
export async function step(
  domain: TestDomain,
  random: (bound: number) => number,
  without: readonly string[] = [],
): Promise<void> {
  const names = Object.keys(STEPS).filter((name) => !without.includes(name));
  const name = names[random(names.length)] as string;
  await (STEPS[name] as Step)(domain, random(1000));
}

/** The public folder after each of `count` publications, the first among them. */
export async function historyOf(
  name: string,
  count: number,
  seed: number,
): Promise<{ domain: TestDomain; folders: MemoryStorage[] }> {
  const random = randomOf(seed);
  const domain = await makeDomain(name);
  const folders = [await domain.snapshot()];
  while (folders.length < count) {
    await step(domain, random);
    folders.push(await domain.snapshot());
  }
  return { domain, folders };
}
