/**
 * What an attacker makes: bundles taken apart and put together again, with the manifest made to fit; and
 * logs written anew with a gate's own key, seen by whom the test says. Of src/ only what writes logs.
 */
import { createHash } from "node:crypto";
import type { EntryBody } from "../../src/lineage/entry.js";
import { openLog } from "../../src/lineage/log.js";
import { keepCosigned } from "../../src/lineage/cosigned.js";
import { keptPath } from "../../src/lineage/kept.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Reader } from "../../src/storage/storage.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { GATE } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { gateSigner } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { filesOf } from "../tlog/stored.js";
import type { Loose } from "../trust/forge.js";
import type { SeenBench } from "./fixture.js";
import { witness } from "./fixture.js";

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** JSON as RFC 8785 has it, for what stands in bundles: names in ASCII, whole numbers. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join()}}`;
}

/** An entry's line, and the lines behind it that open its digests. */
export interface Line {
  text: string;
  opened: string[];
}

export interface Parts {
  manifest: Loose;
  files: string[];
  /** In the order of the manifest's logs. */
  logs: Line[][];
}

export function takeApart(bytes: Uint8Array): Parts {
  const lines = Buffer.from(bytes).toString().split("\n");
  if (lines.pop() !== "") throw new Error("a bundle ends in a newline");
  const manifest = JSON.parse(lines.shift() as string) as Loose;
  const files = lines.splice(0, manifest.files.length).map((line) => JSON.parse(line) as string);
  const logs = manifest.logs.map(({ count }: Loose) => {
    const log: Line[] = [];
    while (lines.length > 0) {
      const isOpening = /^\{"(name|request)":/.test(lines[0] as string);
      if (!isOpening && log.length === count) break;
      const text = lines.shift() as string;
      if (isOpening) log.at(-1)?.opened.push(text);
      else log.push({ text, opened: [] });
    }
    return log;
  });
  return { manifest, files, logs };
}

/** The bytes, with the manifest as it is. */
export function assemble({ manifest, files, logs }: Parts): Uint8Array {
  const entries = logs.flat().flatMap(({ text, opened }) => [text, ...opened]);
  const lines = [canonical(manifest), ...files.map((file) => JSON.stringify(file)), ...entries];
  return new Uint8Array(Buffer.from(lines.map((line) => `${line}\n`).join("")));
}

export function leafOf(text: string): string {
  return sha256(Buffer.concat([Buffer.of(0), Buffer.from(text)]));
}

/** The manifest made to fit: files sorted, with digests and sizes; the ends and openings of logs. */
export function refit({ manifest, files, logs }: Parts): Parts {
  const named = new Map(files.map((file) => [sha256(file), file]));
  const sorted = [...named].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    files: sorted.map(([, file]) => file),
    logs,
    manifest: {
      ...manifest,
      files: sorted.map(([digest, file]) => ({ sha256: digest, size: Buffer.byteLength(file) })),
      logs: manifest.logs.map((log: Loose, i: number) => {
        const lines = logs[i] as Line[];
        const opened = lines.flatMap((line) => line.opened);
        return {
          ...log,
          count: lines.length,
          last: leafOf(lines.at(-1)?.text ?? ""),
          opened: log.opened && {
            count: opened.length,
            sha256: sha256(opened.map((line) => `${line}\n`).join("")),
          },
        };
      }),
    },
  };
}

/** A copy that a test may change. */
export const copyOf = (parts: Parts): Parts => structuredClone(parts);

/**
 * Each signature is looked at once: in what is verified ten thousand times, with one byte another one,
 * most are the same. Until the end of the file's tests.
 */
export function rememberSignatures(): void {
  const known = new Map<string, ReturnType<typeof kernel.checkEd25519>>();
  const check = kernel.checkEd25519Many.bind(kernel);
  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  // No spy: it would keep what it was called with.
  const remembering: typeof check = (claims) =>
    claims.map((claim) => {
      const { key, message, signature } = claim;
      const by = key instanceof Uint8Array ? textOf(key) : key.name;
      const name = `${by} ${message.length} ${textOf(message)}${textOf(signature)}`;
      const status = known.get(name) ?? check([claim])[0];
      known.set(name, status as NonNullable<typeof status>);
      return status as NonNullable<typeof status>;
    });
  Object.assign(kernel, { checkEd25519Many: remembering });
}

/** An entry as it was written, without its place. */
export interface Written {
  body: Loose;
  time: number;
  /** The leaf hash by which others name it; they are made to name the new one. */
  leaf: string;
}

export async function writtenOf({ gate }: Pick<SeenBench, "gate">): Promise<Written[]> {
  const found: Written[] = [];
  for (let index = 0; index < gate.state.size; index++) {
    const bytes = (await gate.core.ledger.log.read(index)) as Uint8Array;
    const text = Buffer.from(bytes).toString();
    const { prev, time, ...body } = JSON.parse(text) as Loose;
    void prev;
    found.push({ body, time: Date.parse(time), leaf: leafOf(text) });
  }
  return found;
}

/** Who has seen the first `size` entries, and when, in milliseconds. */
export interface Sight {
  readonly size: number;
  readonly time: number;
  readonly by?: readonly Signer[] | undefined;
}

export interface Rewriting {
  readonly sights: readonly Sight[];
  /** What is kept beside the log. */
  readonly kept: MemoryStorage;
  readonly more?: readonly (Uint8Array | string)[] | undefined;
  readonly signer?: Signer | undefined;
}

/** The log of these entries, signed by the gate's key, as storage to prove from. */
export async function rewrite(
  entries: readonly Written[],
  { sights, kept, more = [], signer = gateSigner(GATE) }: Rewriting,
): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const [path, bytes] of await filesOf(kept)) {
    if (path.startsWith("kept/")) await storage.write(path, bytes);
  }
  for (const each of more) {
    const bytes = new Uint8Array(Buffer.from(each));
    await storage.write(keptPath(sha256(bytes)), bytes);
  }
  const { log } = must(
    await openLog(kernel, storage, signer, { every: { entries: 1 << 20, ms: 1 << 30 } }),
  );
  const names = new Map<string, string>();
  const sorted = [...sights].sort((a, b) => a.size - b.size);
  for (const [i, { body, time, leaf }] of entries.entries()) {
    const text = JSON.stringify(body).replace(/[0-9a-f]{64}/g, (hex) => names.get(hex) ?? hex);
    const added = must(log.append([JSON.parse(text) as EntryBody], time));
    names.set(leaf, added.leaves[0] as string);
    await added.durable;
    for (const sight of sorted.filter(({ size }) => size === i + 1)) {
      let note = await log.checkpoint();
      const by = sight.by ?? [witness];
      for (const each of by) {
        note = await cosignCheckpoint(note, each, BigInt(Math.floor(sight.time / 1000)));
      }
      if (by.length === 0) continue;
      const keys = { witnesses: by.map(({ key }) => key), verifiers: NO_VERIFIERS };
      must(await keepCosigned(kernel, storage, note, keys));
    }
  }
  await log.close();
  return storage;
}

/** A bench whose log is another. */
export function withLog(bench: SeenBench, storage: Reader): SeenBench {
  return { ...bench, storage: storage as MemoryStorage };
}
