/**
 * Mutated sets of metadata: a real set that a domain published, with one or two things changed, signed
 * again by the right keys, the wrong ones or none, and most often named again by the files above, so
 * that what is wrong is found where it is and not by a digest before it. The same seed, the same set.
 */
import type { Signer } from "../../src/tlog/signer.js";
import type { Envelope, Loose } from "./forge.js";
import { digestOf, metaOf, publicKeyOf, sha256, signatureBy, toBytes } from "./forge.js";
import type { FileSet } from "./model.js";
import { canonical } from "./model.js";
import type { Published } from "./published.js";

export type Random = (bound: number) => number;

const ROLES = ["timestamp", "snapshot", "targets", "status"] as const;
type Role = (typeof ROLES)[number];

/** A file that is changed: as JSON, until its bytes are what they are. */
interface Draft {
  json: Envelope;
  bytes?: Uint8Array | undefined;
  absent?: boolean;
}

interface Sketch {
  readonly roots: Draft[];
  readonly timestamp: Draft;
  readonly snapshot: Draft;
  readonly targets: Draft;
  readonly status: Draft;
  readonly contents: Map<string, Uint8Array>;
}

/** Where a change is: the index of a root, a role, or the path of a target file. */
type Place =
  | { readonly kind: "root"; readonly index: number }
  | { readonly kind: "role"; readonly role: Role }
  | { readonly kind: "content"; readonly path: string };

export interface Mutated {
  readonly base: Published;
  readonly set: FileSet;
  /** What was done, for people. */
  readonly story: readonly string[];
}

export class Mutator {
  #story: string[] = [];

  constructor(
    readonly bases: readonly Published[],
    /** Every key of every domain, and of strangers, by public key. */
    readonly signers: ReadonlyMap<string, Signer>,
  ) {}

  async mutate(random: Random): Promise<Mutated> {
    this.#story = [];
    // Long chains are the dearest to verify, and take their turn.
    const short = this.bases.filter(({ roots }) => roots.length === 1);
    const base = pick(random, random(5) < 2 ? this.bases : short);
    this.#story.push(base.name);
    const sketch = sketchOf(base);
    const rounds = random(8) === 0 ? 2 : 1;
    for (let i = 0; i < rounds; i++) await this.#round(random, sketch);
    const bytesOf = ({ json, bytes, absent }: Draft): Uint8Array | undefined =>
      absent ? undefined : (bytes ?? toBytes(json));
    const roots = sketch.roots.map(bytesOf);
    const end = roots.indexOf(undefined);
    const set: FileSet = {
      roots: (end < 0 ? roots : roots.slice(0, end)) as Uint8Array[],
      timestamp: bytesOf(sketch.timestamp),
      snapshot: bytesOf(sketch.snapshot),
      targets: bytesOf(sketch.targets),
      status: bytesOf(sketch.status),
      contents: sketch.contents,
    };
    return { base, set, story: this.#story };
  }

  async #round(random: Random, sketch: Sketch): Promise<void> {
    const place = this.#place(random, sketch);
    const at = place.kind === "root" ? `root ${place.index + 1}` : Object.values(place)[1];
    const draft = draftAt(sketch, place);
    const named = random(100) < 88;
    if (!draft) {
      this.#content(random, sketch, (place as { path: string }).path);
      this.#story.push(`content ${at}`);
      if (named) await this.#settle(random, sketch, place);
      return;
    }
    const dice = random(100);
    draft.bytes = undefined;
    if (dice < 42) {
      const what = mutateTree(random, draft.json.signed);
      const by = await this.#sign(random, sketch, place, pick(random, MANNERS));
      this.#story.push(`tree of ${at}: ${what}, signed ${by}`);
    } else if (dice < 58 && (place.kind === "root" || at === "targets")) {
      const keys = place.kind === "root" ? draft.json.signed : draft.json.signed.delegations;
      const what = this.#keyGame(random, keys);
      const by = await this.#sign(random, sketch, place, pick(random, MANNERS));
      this.#story.push(`keys of ${at}: ${what}, signed ${by}`);
    } else if (dice < 74) {
      const what = await this.#signatures(random, draft.json, sketch);
      this.#story.push(`signatures of ${at}: ${what}`);
    } else if (dice < 86) {
      this.#story.push(`${at}: ${this.#swap(random, sketch, place, draft)}`);
    } else {
      const [bytes, what] = mutateBytes(random, toBytes(draft.json));
      draft.bytes = bytes;
      this.#story.push(`bytes of ${at}: ${what}`);
    }
    if (named) await this.#settle(random, sketch, place);
    else this.#story.push("not named again");
  }

  #place(random: Random, sketch: Sketch): Place {
    const dice = random(100);
    if (dice < 30) {
      // The last one most often: the timestamp names it.
      const last = sketch.roots.length - 1;
      return { kind: "root", index: random(3) > 0 ? last : random(last + 1) };
    }
    if (dice < 84) return { kind: "role", role: pick(random, ROLES) };
    return { kind: "content", path: pick(random, [...sketch.contents.keys()]) };
  }

  /** The keys that sign for a file, with their ids: of one root, or of two for a root. */
  #claims(sketch: Sketch, place: Place): { id: string; signer: Signer; threshold: number }[] {
    const claims: { id: string; signer: Signer; threshold: number }[] = [];
    const add = (keys: Loose, role: Loose): void => {
      const ids = Array.isArray(role?.keyids) ? role.keyids : [];
      for (const id of new Set<string>(ids.filter((each: unknown) => typeof each === "string"))) {
        const key = keys && Object.hasOwn(keys, id) ? keys[id]?.keyval?.public : undefined;
        const signer = this.signers.get(`${key}`.toLowerCase());
        if (signer) claims.push({ id, signer, threshold: Number(role.threshold) || 1 });
      }
    };
    const rootAt = (index: number): Loose => sketch.roots.at(index)?.json.signed;
    if (place.kind === "root") {
      for (const index of [place.index - 1, place.index]) {
        if (index >= 0) add(rootAt(index)?.keys, rootAt(index)?.roles?.root);
      }
    } else if (place.kind === "role" && place.role === "status") {
      const { delegations } = sketch.targets.json.signed;
      add(delegations?.keys, delegations?.roles?.[0]);
    } else if (place.kind === "role") {
      add(rootAt(-1)?.keys, rootAt(-1)?.roles?.[place.role]);
    }
    return claims;
  }

  async #sign(random: Random, sketch: Sketch, place: Place, manner: Manner): Promise<string> {
    const draft = draftAt(sketch, place) as Draft;
    draft.bytes = undefined;
    // What JSON does not hold is not there.
    const signed = JSON.parse(JSON.stringify(draft.json.signed)) as Loose;
    draft.json.signed = signed;
    const claims = this.#claims(sketch, place);
    const all = [...this.signers.values()];
    const by = async (id: string, signer: Signer) => ({
      keyid: id,
      sig: await signatureBy(signer, signed),
    });
    let chosen = claims;
    switch (manner) {
      case "not again":
        return manner;
      case "rightly":
        break;
      case "by too few": {
        const few = Math.max(0, Math.min(...claims.map(({ threshold }) => threshold), 3) - 1);
        const keys = [...new Set(claims.map(({ signer }) => signer))].slice(0, few);
        chosen = claims.filter(({ signer }) => keys.includes(signer));
        break;
      }
      case "by strangers under its ids":
        chosen = claims.map((claim) => ({ ...claim, signer: pick(random, all) }));
        break;
      case "by each other":
        chosen = claims.map((claim, i) => ({
          ...claim,
          signer: (claims[(i + 1) % claims.length] as typeof claim).signer,
        }));
        break;
      case "by one, many times": {
        const [first] = claims;
        chosen = first
          ? claims.map(({ id, threshold }) => ({ id, threshold, signer: first.signer }))
          : [];
        chosen = [...chosen, ...(first ? [first, first] : [])];
        break;
      }
      case "by another role": {
        const role = pick(random, ROLES);
        chosen = this.#claims(sketch, { kind: "role", role });
        break;
      }
    }
    draft.json.signatures = await Promise.all(chosen.map(({ id, signer }) => by(id, signer)));
    return manner;
  }

  /** Names what changed in the files above it, and signs these rightly. */
  async #settle(random: Random, sketch: Sketch, place: Place): Promise<void> {
    const bump = (signed: Loose): void => {
      if (random(4) > 0 && Number.isSafeInteger(signed.version + 1)) signed.version++;
    };
    const bytesOf = ({ json, bytes }: Draft): Uint8Array => bytes ?? toBytes(json);
    const again = async (role: Role): Promise<void> => {
      bump(sketch[role].json.signed);
      await this.#sign(random, sketch, { kind: "role", role }, "rightly");
    };
    let from: Role | undefined = place.kind === "role" ? place.role : undefined;
    if (place.kind === "root") {
      const { signed } = (sketch.roots.at(-1) as Draft).json;
      if (isRecord(sketch.timestamp.json.signed) && canonical(signed) !== undefined) {
        put(sketch.timestamp.json.signed, "root", {
          version: signed.version,
          sha256: digestOf(signed),
        });
      }
      await again("timestamp");
      return;
    }
    if (place.kind === "content") {
      from = place.path.startsWith("status/") ? "status" : "targets";
      const bytes = sketch.contents.get(place.path);
      const { targets } = sketch[from].json.signed;
      if (!isRecord(targets)) return;
      if (bytes && isRecord(targets[place.path])) {
        targets[place.path].length = bytes.length;
        targets[place.path].hashes = { sha256: sha256(bytes) };
      }
      await again(from);
    }
    if (from === "targets" && random(3) > 0) {
      // Under keys that the targets name now.
      await this.#sign(random, sketch, { kind: "role", role: "status" }, "rightly");
      this.#name(sketch, "status", bytesOf(sketch.status));
    }
    if (from === "targets" || from === "status") {
      this.#name(sketch, from, bytesOf(sketch[from]));
      await again("snapshot");
      from = "snapshot";
    }
    if (from === "snapshot") {
      const { meta } = sketch.timestamp.json.signed;
      if (!isRecord(meta)) return;
      put(meta, "snapshot.json", metaOf(sketch.snapshot.json.signed, bytesOf(sketch.snapshot)));
      await again("timestamp");
    }
  }

  #name(sketch: Sketch, role: "targets" | "status", bytes: Uint8Array): void {
    const { meta } = sketch.snapshot.json.signed;
    if (isRecord(meta)) put(meta, `${role}.json`, metaOf(sketch[role].json.signed, bytes));
  }

  #content(random: Random, sketch: Sketch, path: string): void {
    const bytes = sketch.contents.get(path) as Uint8Array;
    const dice = random(10);
    const isJson = path.endsWith(".json");
    const json = isJson ? parse(bytes) : undefined;
    if (dice < 6 && json !== undefined) {
      this.#story.push(mutateTree(random, json));
      sketch.contents.set(path, toBytes(json));
    } else if (dice < 8) {
      const [mutated, what] = mutateBytes(random, bytes);
      this.#story.push(what);
      sketch.contents.set(path, mutated);
    } else if (dice === 8) {
      sketch.contents.delete(path);
    } else {
      const other = pick(random, [...pick(random, this.bases).set.contents.values()]);
      sketch.contents.set(path, other);
    }
  }

  /** `keys` and `roles`, of a root or of delegations. */
  #keyGame(random: Random, part: Loose): string {
    const roles: Loose[] = Object.values(part?.roles ?? {}).filter(isRecord);
    const role = roles.length > 0 ? pick(random, roles) : undefined;
    const other = roles.length > 0 ? pick(random, roles) : undefined;
    const ids = isRecord(part?.keys) ? Object.keys(part.keys) : [];
    if (!role || !Array.isArray(role.keyids) || ids.length === 0) return "none to play with";
    const id = pick(random, ids);
    const mine = role.keyids.length > 0 ? pick(random, role.keyids as string[]) : id;
    const own = part.keys[mine] ?? part.keys[id];
    const games: Record<string, () => void> = {
      "an id twice": () => void role.keyids.push(mine),
      "a second id for a key": () => {
        const name = pick(random, ["alias", mine.toUpperCase(), "", "__proto__", "constructor"]);
        put(part.keys, name, structuredClone(own));
        role.keyids.push(name);
        if (random(2) > 0) role.threshold = role.keyids.length;
      },
      "two ids swapped": () => {
        const [one, two] = [part.keys[id], part.keys[mine]];
        put(part.keys, id, two);
        put(part.keys, mine, one);
      },
      "an id of another role": () => void role.keyids.push(id),
      "two roles swapped": () => {
        [role.keyids, other.keyids] = [other.keyids, role.keyids];
      },
      "another threshold": () => {
        role.threshold = pick(random, [0, 1, 1, 2, 3, 4, -1, 0.5, 2 ** 53, "1", null, 1e9]);
      },
      "a key record less": () => void delete part.keys[id],
      "an id less": () => void role.keyids.splice(random(role.keyids.length), 1),
      "no ids": () => void (role.keyids = []),
      "a key of another form": () => {
        const forms: ((record: Loose) => void)[] = [
          (record) => void (record.keyval.public = record.keyval.public.toUpperCase()),
          (record) => void (record.keyval.public = record.keyval.public.slice(2)),
          (record) => void (record.keyval.public += "00"),
          (record) => void (record.keytype = "ecdsa"),
          (record) => void (record.scheme = "ecdsa-sha2-nistp256"),
          (record) => void (record.keyval.more = 1),
          (record) => void (record.keyval.public = "00".repeat(32)),
        ];
        if (own?.keyval) pick(random, forms)(own);
      },
      "a stranger": () => {
        const key = pick(random, [...this.signers.keys()]);
        put(part.keys, key, { keytype: "ed25519", scheme: "ed25519", keyval: { public: key } });
        role.keyids.push(key);
      },
      "a stranger's key under its id": () => {
        if (own?.keyval) own.keyval.public = pick(random, [...this.signers.keys()]);
      },
    };
    const name = pick(random, Object.keys(games));
    games[name]?.();
    return name;
  }

  async #signatures(random: Random, json: Envelope, sketch: Sketch): Promise<string> {
    const { signatures } = json;
    const one: Loose = signatures.length > 0 ? pick(random, signatures) : undefined;
    const [signer] = [pick(random, [...this.signers.values()])];
    const games: Record<string, () => Promise<void> | void> = {
      "one less": () => void signatures.splice(random(signatures.length), 1),
      "one twice": () => void signatures.push({ ...one }),
      "one copied over the others": () => {
        for (const each of signatures) each.sig = one?.sig;
      },
      "in reverse": () => void signatures.reverse(),
      "junk before them": () =>
        void signatures.unshift({ keyid: one?.keyid ?? "", sig: "00".repeat(random(70)) }),
      "junk up to a number": () => {
        const most = pick(random, [63, 64, 65, 100]);
        while (signatures.length < most) signatures.push({ keyid: "junk", sig: "00" });
      },
      "another id": () => void (one && (one.keyid = pick(random, ["", "x", "__proto__"]))),
      "ids swapped": () => {
        const two = pick(random, signatures);
        if (one && two) [one.keyid, two.keyid] = [two.keyid, one.keyid];
      },
      capitals: () => void (one && (one.sig = one.sig.toUpperCase())),
      "a nibble": () => void (one && (one.sig = flipNibble(random, one.sig))),
      "cut short": () => void (one && (one.sig = one.sig.slice(0, random(128)))),
      "made longer": () => void (one && (one.sig += "00")),
      "S + L": () => void (one && (one.sig = malleable(one.sig))),
      "of another file": () => {
        const other = sketch[pick(random, ROLES)].json.signatures[0];
        if (one && other) one.sig = other.sig;
      },
      "by a stranger": async () =>
        void signatures.push({
          keyid: publicKeyOf(signer),
          sig: await signatureBy(signer, json.signed),
        }),
      "more members": () => void (one && (one.more = { nested: [1] })),
      "of another type": () => {
        const junk = pick(random, [null, 1, {}, "", true]);
        if (one) one[pick(random, ["sig", "keyid"])] = junk;
      },
      "no list": () => void (json.signatures = pick(random, [null, 1, "", true, {}]) as Loose),
      none: () => void (json.signatures = []),
      "a member beside": () => put(json as Loose, pick(random, ["more", "__proto__"]), { a: 1 }),
    };
    const name = pick(random, Object.keys(games));
    await games[name]?.();
    return name;
  }

  #swap(random: Random, sketch: Sketch, place: Place, draft: Draft): string {
    const other = pick(random, this.bases);
    if (place.kind === "root") {
      const games: Record<string, () => void> = {
        "left out": () => void sketch.roots.splice(place.index, 1),
        twice: () => void sketch.roots.splice(place.index, 0, draft),
        "and the rest are gone": () => void sketch.roots.splice(Math.max(1, place.index)),
        "of another set": () => {
          draft.json = structuredClone(other.roots[random(other.roots.length)] as Envelope);
        },
        "before the one before it": () => void sketch.roots.reverse(),
      };
      const name = pick(random, Object.keys(games));
      games[name]?.();
      if (sketch.roots.length === 0) sketch.roots.push(draft);
      return name;
    }
    const { role } = place as { role: Role };
    const dice = random(8);
    if (dice === 0) {
      draft.absent = true;
      return "missing";
    }
    const from = dice === 1 ? pick(random, ROLES) : role;
    draft.json = structuredClone(other[from]);
    return `${from} of ${other.name}`;
  }
}

const MANNERS = [
  "rightly",
  "rightly",
  "rightly",
  "rightly",
  "rightly",
  "rightly",
  "not again",
  "by too few",
  "by strangers under its ids",
  "by each other",
  "by one, many times",
  "by another role",
] as const;
type Manner = (typeof MANNERS)[number];

function sketchOf({ set, ...base }: Published): Sketch {
  const draft = (json: Envelope, bytes: Uint8Array | undefined): Draft => ({
    json: structuredClone(json),
    bytes,
  });
  return {
    roots: base.roots.map((root, i) => draft(root, set.roots[i])),
    timestamp: draft(base.timestamp, set.timestamp),
    snapshot: draft(base.snapshot, set.snapshot),
    targets: draft(base.targets, set.targets),
    status: draft(base.status, set.status),
    contents: new Map(set.contents),
  };
}

function draftAt(sketch: Sketch, place: Place): Draft | undefined {
  if (place.kind === "root") return sketch.roots[place.index];
  return place.kind === "role" ? sketch[place.role] : undefined;
}

function parse(bytes: Uint8Array): Loose {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T;
}

function isRecord(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a member, also one by the name `__proto__`. */
function put(object: Loose, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

const NAMES = [
  "more",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "",
  "issued",
  "root",
  "log",
  "domain",
  "custom",
  "\u{1f600}",
  "\uffff",
  "a b",
  "path_hash_prefixes",
  "paths",
  "released",
  "url",
];

const TIMES = [
  "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59-00:01",
  "2026-13-01T00:00:00Z",
  "2026-02-29T00:00:00Z",
  "2028-02-29T00:00:00Z",
  "2026-06-01t12:00:00z",
  "2026-06-01 12:00:00Z",
  "2026-06-01T12:00:00",
  "2026-06-01T12:00:00+02:00",
  "2026-06-01T12:00:00+24:00",
  "2026-06-01T12:00:00.123456789Z",
  "2026-06-01T12:00:00.1234567890Z",
  "2026-06-01T12:00:00.Z",
  "2026-06-01T24:00:00Z",
  "2026-06-01T23:59:60Z",
  "0000-01-01T00:00:00+00:01",
  "0000-01-01T00:00:00Z",
  "02026-06-01T12:00:00Z",
  "2026-06-01T12:00Z",
  "2026-06-01",
  1_780_000_000,
];

const JUNK: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  2,
  -1,
  1.5,
  1e300,
  2 ** 53,
  2 ** 53 - 1,
  1e-9,
  "",
  "x",
  "/",
  "..",
  "status/*",
  "a.example",
  "B.EXAMPLE",
  "\u0000",
  "\n",
  "\u00e9\u{1f600}",
  "a".repeat(300),
  "00".repeat(32),
  "0".repeat(63),
  "F".repeat(64),
  {},
  { a: { b: [] } },
  [],
  [[]],
  [1, "2", null],
];

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { n: value };
  return value;
}

/** Changes one thing anywhere in a tree. */
function mutateTree(random: Random, tree: Loose): string {
  const places: { parent: Loose; name: string; path: string }[] = [];
  const visit = (parent: Loose, path: string): void => {
    for (const name of Object.keys(parent)) {
      places.push({ parent, name, path: `${path}.${name.slice(0, 12)}` });
      const child = parent[name];
      if (typeof child === "object" && child !== null) visit(child, `${path}.${name.slice(0, 12)}`);
    }
  };
  visit(tree, "");
  // The members at the top are few, and matter most.
  const top = places.filter(({ parent }) => parent === tree);
  const { parent, name, path } = pick(random, random(3) === 0 ? top : places);
  const value = parent[name];
  const said = (what: string): string => `${path} ${what}`;
  const replace = (next: unknown, what = JSON.stringify(next)?.slice(0, 40)): string => {
    put(parent, name, next);
    return said(`= ${what}`);
  };
  const remove = (): string => {
    if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else delete parent[name];
    return said("removed");
  };
  const dice = random(12);
  if (dice === 0) return replace(pick(random, JUNK));
  if (dice === 1) return remove();
  if (dice === 2) return replace(nested(pick(random, [3, 20, 29, 30, 31, 32, 60])), "nested");
  if (typeof value === "string" && /^\d{4}-/.test(value)) return replace(pick(random, TIMES));
  if (typeof value === "number") {
    return replace(pick(random, [value + 1, value - 1, value * 2, -value, value + 0.5, 2 ** 53]));
  }
  if (typeof value === "string") {
    const at = random(value.length + 1);
    const edits = [
      value.toUpperCase(),
      `${value}0`,
      value.slice(0, at),
      `${value.slice(0, at)}\u00e9${value.slice(at)}`,
      flipNibble(random, value),
      `${value}\n`,
      "../x",
    ];
    return replace(pick(random, edits));
  }
  if (Array.isArray(value)) {
    const copy = structuredClone(value);
    const item = copy.length > 0 ? structuredClone(pick(random, copy)) : pick(random, JUNK);
    switch (random(6)) {
      case 0:
        return replace(copy.reverse(), "reversed");
      case 1:
        return replace([...copy, item], "one twice");
      case 2:
        return replace([], "emptied");
      case 3:
        return replace([...copy, pick(random, JUNK)], "and junk");
      case 4:
        return replace(Object.fromEntries(copy.entries()), "as an object");
      default:
        return replace([pick(random, JUNK), ...copy], "after junk");
    }
  }
  if (isRecord(value)) {
    const names = Object.keys(value);
    const [one, two] = [pick(random, names), pick(random, names)];
    switch (random(5)) {
      case 0:
        put(value, pick(random, NAMES), pick(random, JUNK));
        return said("has more");
      case 1:
        if (names.length === 0) return said("as it is");
        put(value, pick(random, NAMES), structuredClone(value[one]));
        return said("has one again");
      case 2:
        if (names.length === 0) return said("as it is");
        [value[one], value[two]] = [value[two], value[one]];
        return said("has two swapped");
      case 3:
        return replace({}, "{}");
      default:
        put(tree, pick(random, NAMES), pick(random, JUNK));
        return "has more at the top";
    }
  }
  put(tree, pick(random, NAMES), pick(random, JUNK));
  return "has more at the top";
}

function flipNibble(random: Random, text: string): string {
  if (text.length === 0) return "0";
  const at = random(text.length);
  const digit = Number.parseInt(text.charAt(at), 16);
  const next = Number.isNaN(digit) ? "0" : (digit ^ (1 + random(15))).toString(16);
  return text.slice(0, at) + next + text.slice(at + 1);
}

/** The same signature with S + L, which a verifier that does not compare S with L takes as well. */
function malleable(sig: string): string {
  if (!/^[0-9a-f]{128}$/.test(sig)) return sig;
  const L = (1n << 252n) + 27742317777372353535851937790883648493n;
  const little = Buffer.from(sig.slice(64), "hex").reverse().toString("hex");
  const sum = BigInt(`0x${little}`) + L;
  const bytes = Buffer.from(sum.toString(16).padStart(64, "0"), "hex").reverse();
  return sig.slice(0, 64) + bytes.toString("hex").slice(0, 64);
}

/** Other bytes: some say the same, most say nothing. */
function mutateBytes(random: Random, bytes: Uint8Array): [Uint8Array, string] {
  const at = random(Math.max(1, bytes.length));
  const splice = (remove: number, ...add: number[]): Uint8Array =>
    Uint8Array.from([...bytes.slice(0, at), ...add, ...bytes.slice(at + remove)]);
  const text = Buffer.from(bytes).toString("latin1");
  const inText = (pattern: RegExp, by: (found: string) => string): Uint8Array => {
    const found = [...text.matchAll(pattern)];
    if (found.length === 0) return bytes;
    const { 0: match, index } = found[random(found.length)] as RegExpMatchArray;
    const next = text.slice(0, index) + by(match) + text.slice((index as number) + match.length);
    return new Uint8Array(Buffer.from(next, "latin1"));
  };
  const games: Record<string, () => Uint8Array> = {
    "a bit": () => splice(1, (bytes[at] ?? 0) ^ (1 << random(8))),
    "a byte more": () => splice(0, random(256)),
    "a byte less": () => splice(1),
    "cut off": () => bytes.slice(0, at),
    "the head gone": () => bytes.slice(at),
    "a newline at the end": () => Uint8Array.from([...bytes, 10]),
    "junk at the end": () => Uint8Array.from([...bytes, 0]),
    twice: () => Uint8Array.from([...bytes, ...bytes]),
    "a byte-order mark": () => Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]),
    "a space": () => inText(/[,:{}[\]]/g, (found) => found + pick(random, [" ", "\t", "\r\n"])),
    "another space": () => inText(/[,:{}]/g, (found) => `${found}\u000b`),
    "a name twice": () => inText(/\{"[^"]*":/g, (found) => `${found}1,${found.slice(1)}`),
    "a name twice, one escaped": () =>
      inText(/\{"[a-z][^"]*":/g, (found) => {
        const code = found.charCodeAt(2).toString(16).padStart(4, "0");
        return `{"\\u${code}${found.slice(3)}1,${found.slice(1)}`;
      }),
    "an escape": () => inText(/"[a-z0-9]/g, (found) => `"\\u00${found.charCodeAt(1).toString(16)}`),
    "half a pair": () => inText(/"[a-z]/g, (found) => `"\\ud83d${found.charAt(1)}`),
    "a number in another form": () =>
      inText(/:\d+(?=[,}])/g, (found) =>
        pick(random, [`${found}.0`, `${found}e0`, `${found}0e-1`, ":-0", `:0${found.slice(1)}`]),
      ),
    "a number too large": () =>
      inText(/:\d+(?=[,}])/g, () =>
        pick(random, [":9007199254740992", ":9007199254740991", ":1e400", ":-9007199254740993"]),
      ),
    "a comma too many": () => inText(/[}\]]/g, (found) => `,${found}`),
    depth: () => {
      const depth = pick(random, [28, 30, 31, 32, 200, 50_000]);
      return inText(/^\{/g, () => `{"n":${"[".repeat(depth)}${"]".repeat(depth)},`);
    },
    "a word": () =>
      inText(/:(?:true|\d+)/g, () => pick(random, [":NaN", ":True", ":undefined", ":'a'"])),
    "Latin-1": () => inText(/[a-z]/g, () => "\u00e9"),
    "as it is, far too long": () =>
      Uint8Array.from(Buffer.concat([bytes, Buffer.alloc(1 << 20, " ")])),
  };
  const name = pick(random, Object.keys(games));
  return [(games[name] as () => Uint8Array)(), name];
}

/** The target path of a file that is asked for, without the digest before its name. */
export function shownPath(path: string): string {
  return path.replace(/^targets\//, "").replace(/(^|\/)[0-9a-f]{2,}\.([^/]+)$/, "$1$2");
}
