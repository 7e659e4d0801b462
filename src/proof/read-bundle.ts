/**
 * Reading a proof bundle: the manifest, the files, then the entries as they come. What is read is what
 * the manifest names, in its order, byte for byte, and nothing else.
 */
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { encodeHex } from "../bytes/hex.js";
import { parseJson } from "../bytes/json.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import { MAX_ENTRY_BYTES } from "../tlog/tile.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { BundleSource } from "./line-reader.js";
import { LineReader } from "./line-reader.js";
import type { BundledLog, Manifest } from "./manifest.js";
import { MAX_MANIFEST_BYTES, parseManifest } from "./manifest.js";
import type { Opened } from "./opened.js";
import { isOpenedLine, MAX_OPENED_BYTES, parseOpened } from "./opened.js";

/** Bytes of a bundle, unless the caller says otherwise. */
export const MAX_BUNDLE_BYTES = 256 << 20;

/** Bytes of one file: the state of a gate is the longest. */
const MAX_FILE_LINE = 64 << 20;

/** The files of a bundle by SHA-256, and which of them nobody has asked for. */
export class BundledFiles {
  readonly #files: Map<string, Uint8Array>;
  readonly #unused: Set<string>;

  constructor(files: Map<string, Uint8Array>) {
    this.#files = files;
    this.#unused = new Set(files.keys());
  }

  get(sha256: string): Uint8Array | undefined {
    this.#unused.delete(sha256);
    return this.#files.get(sha256);
  }

  require(what: string, sha256: string): Result<Uint8Array> {
    const bytes = this.get(sha256);
    return bytes
      ? ok(bytes)
      : failure("MISSING", `${what}: the file ${sha256}`, "not in the bundle");
  }

  /** Files that nothing in the bundle leads to: none, in a bundle that was made by its rules. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }
}

/** An entry as it stands in a bundle, with what opens its digests. */
export interface BundledEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly opened: Opened | undefined;
}

/** A bundle whose manifest and files were read. */
export class OpenBundle {
  readonly #kernel: Kernel;
  readonly #lines: LineReader;
  /** A line that was read and is not yet used. */
  #ahead: Uint8Array | undefined;

  constructor(
    kernel: Kernel,
    lines: LineReader,
    /** SHA-256 of the manifest. */
    readonly id: string,
    readonly manifest: Manifest,
    readonly files: BundledFiles,
  ) {
    this.#kernel = kernel;
    this.#lines = lines;
  }

  /** Bytes that were read so far. */
  get bytesRead(): number {
    return this.#lines.taken;
  }

  /**
   * Gives the entries of the next log in batches; logs come in the manifest's order. The last thing it
   * gives may be why there is nothing more.
   */
  async *entries(log: BundledLog): AsyncGenerator<Result<readonly BundledEntry[]>> {
    const hasher = this.#kernel.hasher("sha256");
    let lines = 0;
    let batch: BundledEntry[] = [];
    let bytes = 0;
    for (let at = 0; at < log.count; at++) {
      const ready = this.#buffered();
      const line = ready ? ok(ready) : await this.#lines.next();
      if (!line.ok) return yield line;
      if (!line.value) {
        return yield failure("MISSING", `entry ${log.from + at} of ${log.origin}`, "the end");
      }
      if (line.value.length > MAX_ENTRY_BYTES) {
        const expected = `entries of at most ${MAX_ENTRY_BYTES} bytes`;
        return yield failure("TOO_LARGE", expected, `${line.value.length}`);
      }
      const entry = line.value;
      const behind: Uint8Array[] = [];
      if (log.opened) {
        for (;;) {
          const there = this.#buffered();
          const next = there ? ok(there) : await this.#lines.next();
          if (!next.ok) return yield next;
          if (!next.value || !isOpenedLine(next.value)) {
            this.#ahead = next.value;
            break;
          }
          if (next.value.length > MAX_OPENED_BYTES) {
            const expected = `openings of at most ${MAX_OPENED_BYTES} bytes`;
            return yield failure("TOO_LARGE", expected, `${next.value.length}`);
          }
          hasher.update(next.value).update(END_OF_LINE);
          lines += 1;
          behind.push(next.value);
        }
      }
      const opened = parseOpened(behind);
      if (!opened.ok) return yield opened;
      batch.push({ index: log.from + at, bytes: entry, opened: opened.value });
      bytes += entry.length;
      if (batch.length < BATCH && bytes < BATCH_BYTES) continue;
      yield ok(batch);
      [batch, bytes] = [[], 0];
    }
    if (batch.length > 0) yield ok(batch);
    if (!log.opened) return;
    const sha256 = encodeHex(hasher.digest());
    const { count } = log.opened;
    if (count !== lines || sha256 !== log.opened.sha256) {
      const expected = `${count} lines that open digests, with sha256 ${log.opened.sha256}`;
      yield failure("DIGEST", expected, `${lines}, with ${sha256}`);
    }
  }

  /** Nothing may follow. */
  async end(): Promise<Failure | undefined> {
    const ready = this.#buffered();
    const line = ready ? ok(ready) : await this.#lines.next();
    if (!line.ok) return line;
    return line.value && failure("NON_CANONICAL", "the end of the bundle", "another line");
  }

  /** The next line where it is there already: most are, and a promise for each would cost as much. */
  #buffered(): Uint8Array | undefined {
    const ahead = this.#ahead;
    if (!ahead) return this.#lines.buffered();
    this.#ahead = undefined;
    return ahead;
  }
}

const END_OF_LINE = Uint8Array.of(0x0a);
const BATCH = 1024;
const BATCH_BYTES = 1 << 20;

/** Reads the manifest and the files. `limit`: bytes of the whole bundle. `onId`: told the id, also of one that fails. */
export async function openBundle(
  kernel: Kernel,
  source: BundleSource,
  limit: number,
  onId: (id: string) => void = () => {},
): Promise<Result<OpenBundle>> {
  if (!(limit > 0)) throw new TypeError("`limit` is a number of bytes");
  const lines = new LineReader(source, {
    bytes: limit,
    line: Math.max(MAX_MANIFEST_BYTES, MAX_FILE_LINE),
  });
  const first = await lines.next();
  if (!first.ok) return first;
  if (!first.value)
    return failure("MALFORMED", "a bundle, which begins with a manifest", "nothing");
  const id = encodeHex(kernel.sha256(first.value));
  onId(id);
  const manifest = parseManifest(first.value);
  if (!manifest.ok) return manifest;
  const files = new Map<string, Uint8Array>();
  for (const { sha256, size } of manifest.value.files) {
    const line = await lines.next();
    if (!line.ok) return line;
    if (!line.value) return failure("MISSING", `the file ${sha256}`, "the end of the bundle");
    const bytes = decodeFile(line.value);
    if (!bytes.ok) return bytes;
    const found = encodeHex(kernel.sha256(bytes.value));
    if (found !== sha256 || bytes.value.length !== size) {
      const what = `${bytes.value.length} bytes with ${found}`;
      return failure("DIGEST", `a file of ${size} bytes with sha256 ${sha256}`, what);
    }
    files.set(sha256, bytes.value);
  }
  return ok(new OpenBundle(kernel, lines, id, manifest.value, new BundledFiles(files)));
}

/** The line of a file: its text as one string of JSON. Throws a TypeError on what is not UTF-8. */
export function encodeFile(bytes: Uint8Array): Uint8Array {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new TypeError("a file of a bundle is text in UTF-8");
  return encodeUtf8(formatCanonical(text));
}

function decodeFile(line: Uint8Array): Result<Uint8Array> {
  const text = decodeUtf8(line);
  if (text === undefined) return failure("MALFORMED", "a file's line in UTF-8", "invalid UTF-8");
  const json = parseJson(text);
  if (!json.ok) return failure("MALFORMED", `a file's line: ${json.expected}`, json.found);
  if (typeof json.value !== "string") {
    return failure("MALFORMED", "a file as one string of JSON", "another value");
  }
  if (!equalBytes(encodeUtf8(formatCanonical(json.value)), line)) {
    return failure("NON_CANONICAL", "a file's line in canonical JSON", "another form of it");
  }
  return ok(encodeUtf8(json.value));
}
