/** A folder of ours alone, with the copies that a run uses. */
import type { Hash } from "node:crypto";
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { constants, mkdir, mkdtemp, open, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Outcome } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

export type Algorithm = "sha256" | "sha512";

/** A file as it was when it was copied. */
export interface Artifact {
  /** Where it was found. */
  readonly path: string;
  /** A digest set: algorithms and digests in hexadecimal. */
  readonly digests: { readonly [algorithm: string]: string };
}

export interface Copy {
  readonly artifact: Artifact;
  /** Where the copy is. */
  readonly path: string;
  /** Its first bytes, at most 256: what Linux reads to tell how a file is run. */
  readonly head: Uint8Array;
}

const HEAD = 256;
const CHUNK = 1 << 18;

export class PrivateFolder {
  #copies = 0;

  private constructor(
    readonly path: string,
    readonly algorithms: readonly Algorithm[],
  ) {}

  /** Rejects where the system gives none. Whoever opens it removes it. */
  static async open(algorithms: readonly Algorithm[], below?: string): Promise<PrivateFolder> {
    const made = await mkdtemp(join(below ?? tmpdir(), "writ-copies-"));
    return new PrivateFolder(await realpath(made), algorithms);
  }

  /**
   * Copies a regular file. What is hashed are the very bytes that are written: whatever happens to the
   * file meanwhile or later, the copy has these digests. Its name stays, in a folder of its own.
   */
  async copy(path: string, use: "run" | "read"): Promise<Outcome<Copy>> {
    const opened = await openRegular(path, use);
    if (!opened.ok) return opened;
    const from = opened.value;
    try {
      this.#copies += 1;
      const folder = join(this.path, String(this.#copies));
      await mkdir(folder, 0o700);
      const target = join(folder, basename(path));
      const to = await open(target, "wx", use === "run" ? 0o500 : 0o400);
      try {
        const hashes = this.algorithms.map((each) => [each, createHash(each)] as const);
        const head = await pour(from, to, hashes);
        const digests = Object.fromEntries(
          hashes.map(([name, hash]) => [name, hash.digest("hex")]),
        );
        return { ok: true, value: { artifact: { path, digests }, path: target, head } };
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Follows links; does not wait for the other end of a pipe. */
async function openRegular(path: string, use: "run" | "read"): Promise<Outcome<FileHandle>> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return refusal("MISSING", `a file ${quote(path)}`, String((error as { code?: unknown }).code));
  }
  const stat = await file.stat();
  const expected = use === "run" ? "a regular file that can be executed" : "a regular file";
  const found = !stat.isFile() ? "another kind of file" : "one that nobody may execute";
  if (stat.isFile() && (use === "read" || (stat.mode & 0o111) !== 0))
    return { ok: true, value: file };
  await file.close();
  return refusal("MISSING", `${expected} at ${quote(path)}`, found);
}

async function pour(
  from: FileHandle,
  to: FileHandle,
  hashes: readonly (readonly [Algorithm, Hash])[],
): Promise<Uint8Array> {
  const buffer = new Uint8Array(CHUNK);
  const head = new Uint8Array(HEAD);
  let length = 0;
  for (;;) {
    const { bytesRead } = await from.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return head.slice(0, Math.min(length, HEAD));
    const chunk = buffer.subarray(0, bytesRead);
    if (length < HEAD) head.set(chunk.subarray(0, HEAD - length), length);
    length += bytesRead;
    for (const [, hash] of hashes) hash.update(chunk);
    for (let done = 0; done < chunk.length;) {
      done += (await to.write(chunk, done)).bytesWritten;
    }
  }
}
