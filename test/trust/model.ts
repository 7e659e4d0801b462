/**
 * A second opinion on trust metadata, written from the TUF specification (sections 4 and 5.3 to 5.6)
 * and from what our own files may say, and not from src/: JSON.parse, a recursive canonical form,
 * node:crypto, and every rule as plainly as it can be put. It knows no P-256: a key that is not
 * Ed25519 signs nothing here. Only the tests of mutations use it.
 */
import { createHash, createPublicKey, verify } from "node:crypto";

/** All that one source shows of a domain. `undefined`: nothing is there. */
export interface FileSet {
  /** The pinned root, then what is there as the next one, and the next. */
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array | undefined;
  readonly snapshot: Uint8Array | undefined;
  readonly targets: Uint8Array | undefined;
  readonly status: Uint8Array | undefined;
  /** By target path. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

export type Role = "timestamp" | "snapshot" | "targets" | "status";

/** What was found good of a file. */
export interface Judged {
  readonly version: number;
  /** SHA-256 of the canonical form of what is signed. */
  readonly digest: string;
  /** Milliseconds. */
  readonly expires: number;
  readonly signed: Fields;
}

export interface Opinion {
  /** Why the set is bad: any of these codes may be given for it. Undefined: it is good. */
  readonly bad: { readonly file: string; readonly codes: readonly string[] } | undefined;
  /** Roots that follow each other from the pinned one, as far as they do. */
  readonly roots: readonly Judged[];
  /** Files that were good before one was bad. */
  readonly files: Partial<Record<Role, Judged>>;
}

export interface Demand {
  /** Files that the reader has already, by SHA-256: it does not ask for these. */
  readonly known?: ReadonlyMap<string, Uint8Array>;
  /**
   * A timestamp says under which root it was made: never under a later one than ours, nor another one.
   * Whether that is looked up among all roots of the chain, or only in the last. Who follows a chain
   * also pins roots of named domains alone.
   */
  readonly chain: boolean;
}

type Fields = { readonly [name: string]: unknown };

class Bad extends Error {
  constructor(readonly codes: readonly string[]) {
    super(codes.join());
  }
}

const LIMIT = 1024 * 1024;

function demand(holds: unknown, ...codes: string[]): asserts holds {
  if (!holds) throw new Bad(codes);
}

function shape(holds: unknown): asserts holds {
  demand(holds, "MALFORMED");
}

export function opinion(set: FileSet, { known, chain }: Demand): Opinion {
  const roots: Judged[] = [];
  const files: Partial<Record<Role, Judged>> = {};
  let file = "pin";
  try {
    const pinned = pinnedRoot(set.roots[0]);
    const isNamed = pinned.signed["domain"] !== undefined;
    shape(isNamed || !chain);
    roots.push(pinned);
    for (const bytes of set.roots.slice(1)) {
      file = `root after ${roots.at(-1)?.version}`;
      roots.push(nextRoot(roots.at(-1) as Judged, bytes));
    }
    const root = roots.at(-1) as Judged;
    file = "timestamp";
    const timestamp = topLevel(root, "timestamp", set.timestamp);
    shape(isNamed);
    const ofRoot = timestamp.signed["root"] as Fields | undefined;
    const ours = (chain ? roots : [root]).find(({ version }) => version === ofRoot?.["version"]);
    demand(!ours || ours.digest === ofRoot?.["sha256"], "KEY");
    const snapshotMeta = own(timestamp.signed["meta"], "snapshot.json") as Fields;
    // Signed by the key in force, whatever else is wrong with it; but with no name for what it names
    // there is nothing to remember.
    if (hasSha256(snapshotMeta)) files.timestamp = timestamp;
    demand(!ofRoot || (ofRoot["version"] as number) <= root.version, "MISSING");
    shape(hasSha256(snapshotMeta));
    file = "snapshot";
    const snapshotBytes = named(snapshotMeta, set.snapshot, known);
    const snapshot = topLevel(root, "snapshot", snapshotBytes);
    atVersion(snapshotMeta, snapshot);
    const metas = snapshot.signed["meta"];
    const [targetsMeta, statusMeta] = [own(metas, "targets.json"), own(metas, "status.json")];
    const missing = !targetsMeta || !statusMeta;
    const unnamed = [targetsMeta, statusMeta].some((meta) => meta && !hasSha256(meta));
    demand(
      !missing && !unnamed,
      ...(missing ? ["MISSING"] : []),
      ...(unnamed ? ["MALFORMED"] : []),
    );
    files.snapshot = snapshot;
    file = "targets";
    const targets = topLevel(root, "targets", named(targetsMeta as Fields, set.targets, known));
    atVersion(targetsMeta as Fields, targets);
    files.targets = targets;
    file = "status";
    const delegations = targets.signed["delegations"] as Fields | undefined;
    const statusRole = onlyDelegation(delegations);
    const statusBytes = named(statusMeta as Fields, set.status, known);
    const status = signedFile("targets", statusBytes, delegations?.["keys"] as Fields, statusRole);
    atVersion(statusMeta as Fields, status);
    files.status = status;
    file = "contents";
    const roleKeys = [
      ...["root", "timestamp", "snapshot", "targets"].flatMap((role) =>
        publicKeys(root.signed["keys"], roleOf(root.signed, role)),
      ),
      ...publicKeys(delegations?.["keys"], statusRole),
    ];
    judgeContents(targets.signed, status.signed, roleKeys, set.contents, known);
    return { bad: undefined, roots, files };
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { bad: { file, codes: error.codes }, roots, files };
  }
}

/**
 * Which of two good sets is newer: by targets, then status, snapshot and timestamp. A reader that has
 * seen one of them takes the other only if that goes back in nothing (5.4.3, 5.5.5); where each goes
 * back from the other, what offline keys have signed comes first.
 */
export function isNewer(one: Opinion["files"], other: Opinion["files"]): boolean {
  for (const role of ["targets", "status", "snapshot", "timestamp"] as const) {
    const [a, b] = [one[role]?.version ?? 0, other[role]?.version ?? 0];
    if (a !== b) return a > b;
  }
  return false;
}

/** Roles that both sets sign in one version and not alike, by the same keys. */
export function contradicted(one: Opinion["files"], other: Opinion["files"]): Role[] {
  return (["timestamp", "snapshot", "targets", "status"] as const).filter((role) => {
    const [a, b] = [one[role], other[role]];
    if (!a || !b || a.version !== b.version || a.digest === b.digest) return false;
    return role !== "status" || statusKeys(one) === statusKeys(other);
  });
}

/** Who signs for the role `status`, which its targets say; of the other roles the one root says it. */
function statusKeys({ targets }: Opinion["files"]): string {
  const delegations = targets?.signed["delegations"] as Fields;
  const [role] = delegations["roles"] as [Fields];
  return [role["threshold"], ...publicKeys(delegations["keys"], role).sort()].join();
}

/** The Ed25519 keys of a role, each once. */
function publicKeys(keys: unknown, role: Fields): string[] {
  const found = (role["keyids"] as string[]).flatMap((id) => {
    const key = own(keys, id) as Fields | undefined;
    const isEd25519 = key?.["keytype"] === "ed25519" && key["scheme"] === "ed25519";
    const material = isEd25519 && (key["keyval"] as Fields)["public"];
    return isHex(material) ? [material] : [];
  });
  return [...new Set(found)];
}

/** What has expired at `now` of a good set: metadata holds until the moment before (5.3.10 and after). */
export function expired({ roots, files }: Opinion, now: number): string[] {
  const all = { root: roots.at(-1), ...files };
  return Object.entries(all)
    .filter(([, judged]) => judged && now >= judged.expires)
    .map(([role]) => role);
}

// Roots

function pinnedRoot(bytes: Uint8Array | undefined): Judged {
  const opened = open("root", bytes);
  demand(isSignedBy(opened, opened.signed["keys"], roleOf(opened.signed, "root")), "KEY");
  return judged(opened);
}

function nextRoot(before: Judged, bytes: Uint8Array): Judged {
  const opened = open("root", bytes);
  const byOld = isSignedBy(opened, before.signed["keys"], roleOf(before.signed, "root"));
  const byNew = isSignedBy(opened, opened.signed["keys"], roleOf(opened.signed, "root"));
  const codes: string[] = [];
  if (!byOld || !byNew) codes.push("KEY");
  if (opened.signed["version"] !== before.version + 1) codes.push("ROLLBACK");
  if (opened.signed["domain"] !== before.signed["domain"]) codes.push("KEY");
  demand(codes.length === 0, ...codes);
  return judged(opened);
}

function roleOf(root: Fields, name: string): Fields {
  return own(root["roles"], name) as Fields;
}

// One file of metadata

interface Opened {
  readonly signed: Fields;
  readonly signatures: readonly Fields[];
  readonly message: string;
}

const opened = new WeakMap<Uint8Array, Map<string, Opened | Bad>>();

/** Most files of most sets are the same bytes, and are read once. */
function open(type: string, bytes: Uint8Array | undefined): Opened {
  demand(bytes, "MISSING");
  const known = opened.get(bytes) ?? new Map<string, Opened | Bad>();
  opened.set(bytes, known);
  let result = known.get(type);
  if (!result) {
    try {
      result = read(type, bytes);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      result = error;
    }
    known.set(type, result);
  }
  if (result instanceof Bad) throw result;
  return result;
}

function read(type: string, bytes: Uint8Array): Opened {
  demand(bytes.length <= LIMIT, "TOO_LARGE");
  const envelope = strictJson(bytes);
  shape(isObject(envelope));
  const { signed, signatures } = envelope;
  shape(isObject(signed) && isListOf(signatures, isObject));
  demand(signatures.length <= 64, "MALFORMED", "TOO_LARGE");
  shape(signatures.every(({ keyid, sig }) => isText(keyid) && isText(sig)));
  shape(signed["_type"] === type);
  shape(isText(signed["spec_version"]) && /^1\.\d+(\.\d+)?$/.test(signed["spec_version"]));
  shape(isCount(signed["version"]) && timeOf(signed["expires"]) !== undefined);
  const shapes: Record<string, (signed: Fields) => void> = { root, timestamp, snapshot, targets };
  shapes[type]?.(signed);
  const message = canonical(signed);
  shape(message !== undefined);
  return { signed, signatures, message };
}

function judged({ signed, message }: Opened): Judged {
  return {
    version: signed["version"] as number,
    digest: sha("sha256", Buffer.from(message)),
    expires: timeOf(signed["expires"]) as number,
    signed,
  };
}

function topLevel(root: Judged, role: string, bytes: Uint8Array | undefined): Judged {
  return signedFile(role, bytes, root.signed["keys"] as Fields, roleOf(root.signed, role));
}

function signedFile(
  type: string,
  bytes: Uint8Array | undefined,
  keys: Fields,
  role: Fields,
): Judged {
  const opened = open(type, bytes);
  demand(isSignedBy(opened, keys, role), "KEY");
  return judged(opened);
}

function isSignedBy({ signatures, message }: Opened, keys: unknown, role: Fields): boolean {
  const signers = new Set<string>();
  for (const { keyid, sig } of signatures) {
    if (!(role["keyids"] as string[]).includes(keyid as string)) continue;
    const key = own(keys, keyid as string) as Fields | undefined;
    if (!key || key["keytype"] !== "ed25519" || key["scheme"] !== "ed25519") continue;
    const material = (key["keyval"] as Fields)["public"] as string;
    if (!/^[0-9a-f]{64}$/.test(material) || !/^[0-9a-f]{128}$/.test(sig as string)) continue;
    if (holds(material, message, sig as string)) signers.add(material);
  }
  return signers.size >= (role["threshold"] as number);
}

const answers = new Map<string, boolean>();

/** Ed25519 by node:crypto. Most files of most sets are the same, so that answers are kept. */
function holds(material: string, message: string, signature: string): boolean {
  const name = `${material}${signature}${message}`;
  const known = answers.get(name);
  if (known !== undefined) return known;
  let answer = false;
  try {
    const der = Buffer.from(`302a300506032b6570032100${material}`, "hex");
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    answer = verify(null, Buffer.from(message), key, Buffer.from(signature, "hex"));
  } catch {
    // No point of the curve.
  }
  if (answers.size > 20_000) answers.clear();
  answers.set(name, answer);
  return answer;
}

// What one file says of another

/** In a domain every file is named by its SHA-256. */
function hasSha256(meta: unknown): boolean {
  return isHex(own(own(meta, "hashes"), "sha256"));
}

/** The file that `meta` names: from what is known, else what is shown, and then it must be it. */
function named(
  meta: Fields,
  shown: Uint8Array | undefined,
  known: ReadonlyMap<string, Uint8Array> | undefined,
): Uint8Array {
  const bytes = known?.get(own(meta["hashes"], "sha256") as string) ?? shown;
  demand(bytes, "MISSING");
  const length = meta["length"] as number | undefined;
  if (length !== undefined) {
    demand(bytes.length <= length, "TOO_LARGE", "DIGEST");
    demand(bytes.length === length, "DIGEST");
  }
  demand(bytes.length <= LIMIT, "TOO_LARGE", "DIGEST");
  for (const algorithm of ["sha256", "sha512"]) {
    const hash = own(meta["hashes"], algorithm);
    if (hash !== undefined) demand(sha(algorithm, bytes) === hash, "DIGEST");
  }
  return bytes;
}

function atVersion(meta: Fields, file: Judged): void {
  demand(meta["version"] === file.version, "DIGEST");
}

function sha(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

// The shapes of section 4, and our own attributes

function root(signed: Fields): void {
  shape(["undefined", "boolean"].includes(typeof signed["consistent_snapshot"]));
  keyRecords(signed["keys"]);
  shape(isObject(signed["roles"]));
  for (const role of ["root", "timestamp", "snapshot", "targets"]) {
    signers(own(signed["roles"], role));
  }
  shape(signed["domain"] === undefined || isDomainName(signed["domain"]));
}

function timestamp(signed: Fields): void {
  const { meta, issued, root, log } = signed;
  shape(hasOnly(meta, ["snapshot.json"]));
  metaFile(meta["snapshot.json"]);
  shape(issued === undefined || timeOf(issued) !== undefined);
  shape(
    root === undefined ||
      (hasOnly(root, ["version", "sha256"]) && isCount(root["version"]) && isHex(root["sha256"])),
  );
  shape(log === undefined || (hasOnly(log, ["index"]) && isWhole(log["index"])));
}

function snapshot(signed: Fields): void {
  shape(isObject(signed["meta"]));
  for (const [, meta] of entriesOf(signed["meta"])) metaFile(meta);
}

function targets(signed: Fields): void {
  shape(isObject(signed["targets"]));
  for (const [, target] of entriesOf(signed["targets"])) {
    shape(isObject(target) && isWhole(target["length"]));
    hashes(target["hashes"]);
  }
  const { delegations } = signed;
  if (delegations === undefined) return;
  shape(isObject(delegations));
  keyRecords(delegations["keys"]);
  shape(isListOf(delegations["roles"], isObject));
  for (const role of delegations["roles"]) {
    signers(role);
    shape(isText(role["name"]) && typeof role["terminating"] === "boolean");
    for (const list of [role["paths"], role["path_hash_prefixes"]]) {
      shape(list === undefined || isListOf(list, isText));
    }
  }
}

function keyRecords(keys: unknown): void {
  shape(isObject(keys));
  for (const [, key] of entriesOf(keys)) {
    shape(isObject(key) && isText(key["keytype"]) && isText(key["scheme"]));
    shape(isObject(key["keyval"]) && isText(key["keyval"]["public"]));
  }
}

function signers(role: unknown): void {
  shape(isObject(role) && isListOf(role["keyids"], isText) && isCount(role["threshold"]));
}

function metaFile(meta: unknown): void {
  shape(isObject(meta) && isCount(meta["version"]));
  shape(meta["length"] === undefined || isCount(meta["length"]));
  if (meta["hashes"] !== undefined) hashes(meta["hashes"]);
}

function hashes(value: unknown): void {
  shape(isObject(value));
  for (const [, hash] of entriesOf(value)) shape(isText(hash) && /^[0-9a-f]{2,}$/.test(hash));
}

/** A domain delegates once: to the role that revokes and contains, for its own files. */
function onlyDelegation(delegations: Fields | undefined): Fields {
  const roles = (delegations?.["roles"] ?? []) as readonly Fields[];
  const [role] = roles;
  shape(role && roles.length === 1);
  shape(role["name"] === "status" && role["terminating"] === true);
  shape(JSON.stringify(role["paths"]) === '["status/*"]');
  shape(role["path_hash_prefixes"] === undefined);
  return role;
}

// What the target files say

const READ = ["authority.json", "policy.json", "peers.json", "baseline.json", "witnesses"];

function judgeContents(
  byTargets: Fields,
  byStatus: Fields,
  roleKeys: readonly string[],
  shown: ReadonlyMap<string, Uint8Array>,
  known: ReadonlyMap<string, Uint8Array> | undefined,
): void {
  const codes = new Set<string>();
  const also = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      for (const code of error.codes) codes.add(code);
    }
  };
  const contents = new Map<string, Uint8Array>();
  const read = (path: string, target: Fields): void =>
    also(() => {
      shape(hasSha256(target));
      demand((target["length"] as number) <= LIMIT, "TOO_LARGE");
      // Signed or not, a path leads out of no folder.
      for (const part of path.split("/")) shape(!/^$|^\.|[\\:]/.test(part));
      contents.set(path, named(target, shown.get(path), known));
    });
  for (const [path, target] of entriesOf(byTargets["targets"])) {
    const isRead = READ.includes(path) || /^peers\/[a-z0-9.-]+\/root\.json$/.test(path);
    if (isRead) read(path, target as Fields);
  }
  const status = own(byStatus["targets"], "status/status.json");
  if (status) read("status/status.json", status as Fields);
  const parse = (path: string, check: (json: Fields) => void): Fields | undefined => {
    const bytes = contents.get(path);
    let json: unknown;
    also(() => {
      demand(bytes, "MISSING");
      json = strictJson(bytes);
      shape(isObject(json));
      check(json);
    });
    return json as Fields | undefined;
  };
  const parsedAuthority = parse("authority.json", authority);
  parse("policy.json", policy);
  const parsedPeers = parse("peers.json", peers);
  parse("status/status.json", statusFile);
  const parsedBaseline = contents.has("baseline.json")
    ? parse("baseline.json", baseline)
    : undefined;
  if (codes.size === 0) {
    for (const peer of (parsedPeers?.["peers"] ?? []) as readonly Fields[]) {
      const bytes = contents.get(`peers/${String(peer["name"])}/root.json`);
      also(() => demand(bytes, "MISSING"));
      const pinned = peer["root"] as Fields;
      if (!bytes) continue;
      also(() => demand(sha("sha256", bytes) === pinned["sha256"], "DIGEST"));
      also(() => {
        const { signed } = open("root", bytes);
        shape(signed["domain"] === peer["name"] && signed["version"] === pinned["version"]);
      });
    }
    // Who signs metadata is named nowhere else.
    const listed = JSON.stringify(parsedAuthority);
    for (const key of roleKeys) also(() => shape(!listed.includes(`"key":"${key}"`)));
    const bytes = contents.get("policy.json") as Uint8Array;
    if (parsedBaseline) {
      also(() => demand(sha("sha256", bytes) === parsedBaseline["policy"], "DIGEST"));
    }
  }
  demand(codes.size === 0, ...codes);
}

function authority(json: Fields): void {
  shape(hasOnly(json, ["issuers", "resumers", "gates", "logs", "removed"]));
  const { issuers, resumers, gates, logs, removed } = json;
  const keys: string[] = [];
  const each = (list: unknown, by: string, names: string[], optional: string[] = []): Fields[] => {
    shape(isListOf(list, isObject));
    for (const item of list) {
      shape(hasOnly(item, names, optional) && isHex(item["key"]) && isText(item[by]));
      keys.push(item["key"]);
    }
    shape(isRising(list.map((item) => item[by] as string)));
    return list;
  };
  for (const issuer of each(issuers, "key", ["name", "key", "commands"])) {
    shape(isLabel(issuer["name"]) && isCommands(issuer["commands"]));
  }
  for (const resumer of each(resumers, "key", ["name", "key"])) shape(isLabel(resumer["name"]));
  for (const gate of each(gates, "origin", ["origin", "key"], ["released"])) {
    shape(isOrigin(gate["origin"]));
    shape(gate["released"] === undefined || timeOf(gate["released"]) !== undefined);
  }
  for (const log of each(logs, "origin", ["origin", "key"])) shape(isOrigin(log["origin"]));
  shape(isListOf(removed, isHex) && isRising(removed));
  shape(new Set([...keys, ...removed]).size === keys.length + removed.length);
}

function policy(json: Fields): void {
  shape(hasOnly(json, ["rules"]) && isListOf(json["rules"], isObject));
  for (const rule of json["rules"]) {
    shape(hasOnly(rule, ["command", "policy"]) && isCommand(rule["command"]));
    shape(isListOf(rule["policy"], Array.isArray));
    for (const predicate of rule["policy"]) shape(predicate.length >= 2 && isText(predicate[0]));
  }
}

function peers(json: Fields): void {
  shape(hasOnly(json, ["peers"]) && isListOf(json["peers"], isObject));
  const TEN_YEARS = 10 * 366 * 86_400_000;
  const names = ["name", "commands", "maxStaleness", "maxLifetime", "skew", "root"];
  for (const peer of json["peers"]) {
    shape(hasOnly(peer, names, ["url"]) && isDomainName(peer["name"]));
    shape(isCommands(peer["commands"]));
    for (const name of ["maxStaleness", "maxLifetime"]) {
      shape(isCount(peer[name]) && peer[name] <= TEN_YEARS);
    }
    shape(isWhole(peer["skew"]) && peer["skew"] <= 3_600_000);
    const { root, url } = peer;
    shape(
      hasOnly(root, ["version", "sha256"]) && isCount(root["version"]) && isHex(root["sha256"]),
    );
    if (url === undefined) continue;
    shape(isText(url) && url.length <= 2048 && /^https?:\/\/[^\s?#@]+$/.test(url));
    shape(isUrl(url));
  }
  shape(isRising(json["peers"].map((peer) => peer["name"] as string)));
}

function baseline(json: Fields): void {
  shape(hasOnly(json, ["kernels", "policy", "environment"]) && isHex(json["policy"]));
  shape(isListOf(json["kernels"], isHex) && isRising(json["kernels"]));
  shape(isListOf(json["environment"], isObject));
  for (const measured of json["environment"]) {
    shape(hasOnly(measured, ["name", "sha256"]) && isLabel(measured["name"]));
    shape(isHex(measured["sha256"]));
  }
  shape(isRising(json["environment"].map((measured) => measured["name"] as string)));
}

function statusFile(json: Fields): void {
  shape(hasOnly(json, ["authorizations", "keys", "contained"]));
  const each = (list: unknown, by: string, when: string, is: (name: unknown) => boolean): void => {
    shape(isListOf(list, isObject));
    for (const item of list) {
      shape(hasOnly(item, [by, when]) && is(item[by]) && timeOf(item[when]) !== undefined);
    }
    shape(isRising(list.map((item) => item[by] as string)));
  };
  each(json["authorizations"], "sha256", "expires", isHex);
  each(json["keys"], "key", "expires", isHex);
  each(json["contained"], "gate", "since", isOrigin);
}

// Words

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCount(value: unknown): value is number {
  return isWhole(value) && value > 0;
}

function isHex(value: unknown): value is string {
  return isText(value) && /^[0-9a-f]{64}$/.test(value);
}

function hasOnly(value: unknown, names: string[], optional: string[] = []): value is Fields {
  return (
    isObject(value) &&
    names.every((name) => Object.hasOwn(value, name)) &&
    Object.keys(value).every((name) => names.includes(name) || optional.includes(name))
  );
}

function isRising(names: readonly string[]): boolean {
  return names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
}

function isDomainName(value: unknown): boolean {
  if (!isText(value) || value.length === 0 || value.length > 253) return false;
  const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
  return value.split(".").every((each) => each.length <= 63 && label.test(each));
}

function isLabel(value: unknown): boolean {
  if (!isText(value) || [...value].length > 128) return false;
  return value.split(" ").every((word) => word !== "" && !/[\p{C}\p{Z}]/u.test(word));
}

function isOrigin(value: unknown): boolean {
  if (!isText(value) || value === "" || [...value].length > 255) return false;
  return !/[\p{C}\p{Z}+]/u.test(value);
}

function isCommand(value: unknown): value is string {
  if (value === "/") return true;
  if (!isText(value) || value.length > 255 || !value.startsWith("/")) return false;
  const segments = value.slice(1).split("/");
  return segments.every((each) => /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(each));
}

/** URL.canParse of Node 20 is wrong of letters that are not ASCII. */
function isUrl(text: string): boolean {
  try {
    return new URL(text).href.length > 0;
  } catch {
    return false;
  }
}

function isCommands(value: unknown): boolean {
  return isListOf(value, isCommand) && value.length > 0 && isRising(value);
}

/**
 * Names that JavaScript gives a meaning are no key ids, paths or algorithms: what stands under them
 * is passed over.
 */
const NO_NAMES = ["__proto__", "prototype", "constructor"];

function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(value as Fields).filter(([name]) => !NO_NAMES.includes(name));
}

function own(value: unknown, name: string): unknown {
  if (!isObject(value) || NO_NAMES.includes(name)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Milliseconds, rounded down. */
export function timeOf(value: unknown): number | undefined {
  if (!isText(value)) return undefined;
  const match =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/.exec(value);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as number[];
  const [sign, offsetHour, offsetMinute] = [
    match[8],
    Number(match[9] ?? 0),
    Number(match[10] ?? 0),
  ];
  const date = new Date(0);
  date.setUTCFullYear(year as number, (month as number) - 1, day);
  date.setUTCHours(hour as number, minute, second);
  const same = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (same[0] !== year || same[1] !== month || same[2] !== day) return undefined;
  if ((hour as number) > 23 || (minute as number) > 59 || (second as number) > 59) return undefined;
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const fraction = Number((match[7] ?? ".0").slice(1, 4).padEnd(3, "0"));
  const offset = (offsetHour * 60 + offsetMinute) * 60_000;
  const time = date.getTime() + fraction + (sign === "-" ? offset : -offset);
  const inYears = new Date(time).getUTCFullYear();
  return inYears >= 0 && inYears <= 9999 ? time : undefined;
}

// JSON

/** JSON.parse, and then what it leaves open: names that stand twice, depth, halves of pairs, size. */
export function strictJson(bytes: Uint8Array): unknown {
  let value: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Bad(["MALFORMED"]);
  }
  const within: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(
    /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]|-?\d[-+.\dEe]*/gs,
  )) {
    if (string !== undefined) {
      const decoded = JSON.parse(string) as string;
      shape(isWellFormed(decoded));
      if (colon === undefined) continue;
      const names = within.at(-1) as Set<string>;
      shape(!names.has(decoded));
      names.add(decoded);
    } else if (token === "{" || token === "[") {
      within.push(new Set());
      shape(within.length <= 32);
    } else if (token === "}" || token === "]") {
      within.pop();
    } else {
      shape(Math.abs(Number(token)) <= Number.MAX_SAFE_INTEGER);
    }
  }
  return value;
}

function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** OLPC canonical JSON; undefined for fractions, which have no form. */
export function canonical(value: unknown): string | undefined {
  if (value === null || typeof value === "boolean") return `${value}`;
  if (typeof value === "number") return Number.isSafeInteger(value) ? `${value + 0}` : undefined;
  if (typeof value === "string")
    return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
  }
  const names = Object.keys(value as Fields);
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const members = names.map((name) => {
    const member = canonical((value as Fields)[name]);
    return member === undefined ? undefined : `${canonical(name)}:${member}`;
  });
  return members.includes(undefined) ? undefined : `{${members.join(",")}}`;
}
