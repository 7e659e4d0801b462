/** Bundles taken apart, changed, and put together again: as they are, or as a forger would make them whole. */
import { createHash } from "node:crypto";
import type { Json } from "../../src/bytes/canonical.js";
import { formatCanonical } from "../../src/bytes/canonical.js";
import { concatBytes } from "../../src/bytes/concat.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { decodeUtf8, encodeUtf8 } from "../../src/bytes/utf8.js";
import type { Entry } from "../../src/lineage/entry.js";
import { formatEntry, parseEntry } from "../../src/lineage/entry.js";
import { runOf } from "../../src/lineage/graph.js";
import type { BundledLog, Manifest } from "../../src/proof/manifest.js";
import { formatManifest, parseManifest } from "../../src/proof/manifest.js";
import { encodeFile } from "../../src/proof/read-bundle.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint, signCheckpoint } from "../../src/tlog/signer.js";
import { must } from "../domain/fixture.js";
import { gateSigner } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { witness } from "./fixture.js";

export interface Line {
  readonly entry: Uint8Array;
  /** What opens it, without newlines. */
  readonly behind: readonly Uint8Array[];
}

export interface Parts {
  readonly manifest: Manifest;
  /** In the manifest's order. */
  readonly files: readonly Uint8Array[];
  readonly logs: readonly (readonly Line[])[];
}

const NEWLINE = Uint8Array.of(10);
export const digestOf = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest("hex");

export function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at);
    lines.push(bytes.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

export function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...lines.flatMap((line) => [line, NEWLINE]));
}

export function takeApart(bytes: Uint8Array): Parts {
  const [first, ...rest] = linesOf(bytes) as [Uint8Array, ...Uint8Array[]];
  const manifest = must(parseManifest(first));
  const files = manifest.files.map(() =>
    encodeUtf8(JSON.parse(decodeUtf8(rest.shift() as Uint8Array) as string) as string),
  );
  const logs = manifest.logs.map(({ count }) => {
    const lines: Line[] = [];
    for (let i = 0; i < count; i++) {
      const entry = rest.shift() as Uint8Array;
      const behind: Uint8Array[] = [];
      while (/^\{"(name|request)":/.test(decodeUtf8(rest[0] ?? new Uint8Array()) ?? "")) {
        behind.push(rest.shift() as Uint8Array);
      }
      lines.push({ entry, behind });
    }
    return lines;
  });
  return { manifest, files, logs };
}

/** The manifest as it is, whatever became of the parts. */
export function putTogether({ manifest, files, logs }: Parts): Uint8Array {
  return joinLines([
    formatManifest(manifest),
    ...files.map(encodeFile),
    ...logs.flat().flatMap(({ entry, behind }) => [entry, ...behind]),
  ]);
}

/** The manifest made anew over the parts, as by somebody who knows how. */
export function remake({ manifest, files, logs }: Parts): Uint8Array {
  const named = [...new Map(files.map((bytes) => [digestOf(bytes), bytes]))].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const whole: Manifest = {
    ...manifest,
    files: named.map(([sha256, bytes]) => ({ sha256, size: bytes.length })),
    logs: manifest.logs.map((log, i) => remakeLog(log, logs[i] as readonly Line[])),
  };
  return putTogether({ manifest: whole, files: named.map(([, bytes]) => bytes), logs });
}

function remakeLog(log: BundledLog, lines: readonly Line[]): BundledLog {
  const behind = lines.flatMap((line) => line.behind);
  const last = lines.at(-1)?.entry ?? new Uint8Array();
  return {
    ...log,
    count: lines.length,
    last: encodeHex(kernel.leafHash(last)),
    opened: log.opened && { count: behind.length, sha256: digestOf(joinLines(behind)) },
  };
}

/** The entries of the gate's log of a bundle. */
export function entriesIn({ manifest, logs }: Parts): Entry[] {
  const at = manifest.logs.findIndex(({ kind }) => kind === "gate");
  return (logs[at] as readonly Line[]).map(({ entry }) => must(parseEntry(entry)));
}

/** Who signs a forged log, and who is made to see it, when. */
export interface Forgery {
  readonly signer?: Signer;
  readonly seen?: readonly { readonly by: Signer; readonly time: number; readonly size?: number }[];
}

/**
 * The bundle of another history of its gate: `change` gives what stands in an entry's place. Every link
 * is made anew, and with it what names an entry by its leaf hash; checkpoints are signed with the
 * gate's own key, and cosigned by the peer's witness as in the true one, unless told.
 */
export async function rewrite(
  parts: Parts,
  change: (entry: Entry, index: number) => Entry | readonly Entry[] | undefined,
  { signer = gateSigner(), seen }: Forgery = {},
): Promise<Parts> {
  const at = parts.manifest.logs.findIndex(({ kind }) => kind === "gate");
  const log = parts.manifest.logs[at] as BundledLog;
  const lines: Line[] = [];
  const leaves: Uint8Array[] = [];
  const decisions = new Map<string, string>();
  for (const [i, { entry: bytes, behind }] of (parts.logs[at] as readonly Line[]).entries()) {
    const changed = change(must(parseEntry(bytes)), i);
    const list = changed === undefined ? [] : Array.isArray(changed) ? changed : [changed];
    for (const [n, each] of (list as Entry[]).entries()) {
      const prev = leaves.length === 0 ? null : encodeHex(leaves.at(-1) as Uint8Array);
      const run = runOf(each);
      const linked = { ...each, prev } as Entry;
      const whole =
        linked.kind === "intent"
          ? { ...linked, decision: decisions.get(linked.run) ?? linked.decision }
          : linked;
      const entry = must(formatEntry(whole));
      const leaf = kernel.leafHash(entry);
      if (whole.kind === "decision" && run !== undefined) decisions.set(run, encodeHex(leaf));
      leaves.push(leaf);
      lines.push({ entry, behind: n === 0 ? behind : [] });
    }
  }
  const notes = seen ?? seenIn(parts, log, lines.length);
  const checkpoints: Uint8Array[] = [];
  for (const { by, time, size = lines.length } of notes) {
    const rootHash = kernel.treeRoot(concatBytes(...leaves.slice(0, size)));
    const note = await signCheckpoint(log.origin, { size: BigInt(size), rootHash }, signer);
    checkpoints.push(await cosignCheckpoint(note, by, BigInt(Math.floor(time / 1000))));
  }
  const old = new Set(log.checkpoints.map(({ sha256 }) => sha256));
  const named = checkpoints.map((bytes, i) => ({
    size: notes[i]?.size ?? lines.length,
    sha256: digestOf(bytes),
    proof: [],
  }));
  return {
    manifest: {
      ...parts.manifest,
      logs: parts.manifest.logs.map((each, i) =>
        i === at ? { ...each, checkpoints: named } : each,
      ),
    },
    files: [...parts.files.filter((bytes) => !old.has(digestOf(bytes))), ...checkpoints],
    logs: parts.logs.map((each, i) => (i === at ? lines : each)),
  };
}

/** The same sizes at the same times, and the last one over all that there is now. */
function seenIn({ files }: Parts, { checkpoints, count }: BundledLog, now: number) {
  return checkpoints.map(({ size, sha256 }) => {
    const note = files.find((bytes) => digestOf(bytes) === sha256) as Uint8Array;
    const line = (decodeUtf8(note) as string).split("\n").find((each) => each.startsWith("— w2"));
    const bytes = Buffer.from(line?.split(" ")[2] ?? "", "base64");
    const time = Number(bytes.readBigUInt64BE(4)) * 1000;
    return { by: witness, time, size: size === count ? now : Math.min(size, now) };
  });
}

/** Changes the first entry of a kind that fits. */
export function changing<Kind extends Entry["kind"]>(
  kind: Kind,
  change: (entry: Extract<Entry, { readonly kind: Kind }>) => unknown,
  which = 0,
): (entry: Entry) => Entry {
  let n = -1;
  return (entry) => {
    if (entry.kind !== kind) return entry;
    n += 1;
    if (n !== which) return entry;
    return change(entry as Extract<Entry, { readonly kind: Kind }>) as Entry;
  };
}

/** A file of a bundle that is JSON, changed; its digest is another then. */
export function editJson(bytes: Uint8Array, change: (json: any) => unknown): Uint8Array {
  return encodeUtf8(formatCanonical(change(JSON.parse(decodeUtf8(bytes) as string)) as Json));
}
