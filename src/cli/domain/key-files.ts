/** Making the key files of a domain: all of them, durably, before anything names their keys. */
import { link, mkdir, readFile, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Kernel } from "../../kernel/kernel.js";
import { codeOf, nodeFileSystem } from "../../storage/file-system.js";
import type { VerifierKey } from "../../tlog/vkey.js";
import { UsageError } from "../command.js";
import { generateKey, readVerifierKey, signerOf, writeKeyFile } from "../key-file.js";
import { Progress } from "../progress.js";
import type { KeyFolders } from "./key-folder.js";

export interface KeyFile {
  /** In the folder: `root-1.key`. */
  readonly file: string;
  /** The key's name: `a.example/root-1`. */
  readonly name: string;
  /** Seals the file; undefined: in the clear. */
  readonly passphrase: string | undefined;
}

/**
 * Makes the files that are not there yet. One that is there, from a run that was interrupted, is
 * taken if it holds a key of that name, and never written over. The ring then holds them all.
 */
export async function makeKeyFiles(
  kernel: Kernel,
  folder: string,
  files: readonly KeyFile[],
  ring: KeyFolders,
): Promise<VerifierKey[]> {
  await mkdir(dirname(resolve(folder)), { recursive: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keys: VerifierKey[] = [];
  const progress = new Progress("making keys");
  for (const each of files) {
    keys.push((await readMade(kernel, folder, each)) ?? (await make(kernel, folder, each, ring)));
    progress.update(keys.length, files.length);
  }
  progress.end();
  ring.look(folder);
  // A key that a loss of power took back could never sign again what it was published for.
  await nodeFileSystem.syncFolder(folder);
  await nodeFileSystem.syncFolder(dirname(resolve(folder)));
  return keys;
}

async function readMade(
  kernel: Kernel,
  folder: string,
  { file, name, passphrase }: KeyFile,
): Promise<VerifierKey | undefined> {
  const path = join(folder, file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const key = await readVerifierKey(kernel, path);
  const remedy = "move it elsewhere, and run this again";
  if (key.name !== name || key.type !== "ed25519") {
    throw new UsageError(
      `${path} is there and holds the key "${key.name}", not ${name}: ${remedy}`,
    );
  }
  if (passphrase !== undefined && !text.startsWith("{")) {
    throw new UsageError(`${path} is there and is not encrypted: ${remedy}`);
  }
  process.stderr.write(`writ: ${path} is there already, and is used\n`);
  return key;
}

/** The file appears whole: linked to its name, which fails where anything stands. */
async function make(
  kernel: Kernel,
  folder: string,
  { file, name, passphrase }: KeyFile,
  ring: KeyFolders,
): Promise<VerifierKey> {
  const made = generateKey(kernel, name, "ed25519");
  const temporary = join(folder, `.${crypto.randomUUID()}.tmp`);
  await writeKeyFile(temporary, made, passphrase);
  try {
    await link(temporary, join(folder, file));
  } finally {
    await unlink(temporary);
  }
  ring.add(signerOf(made));
  return made.key;
}
