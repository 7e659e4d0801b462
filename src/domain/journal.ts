/**
 * Publishing is one list of files, in order. It is stored whole before the first of them is written:
 * a crash at any moment leaves either nothing of it, or a list that the next command writes to its
 * end. No signature is ever made twice under one version.
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { formatCanonical } from "../bytes/canonical.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Storage } from "../storage/storage.js";
import { parseMetadata } from "../trust/metadata.js";
import { TIMESTAMP_PATH } from "../trust/repository.js";
import { MAX_FILE_BYTES } from "../trust/schema.js";
import { PENDING, PUBLIC } from "./layout.js";

/** A file of the public folder, and what is to stand in it. */
export interface Write {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A publication holds whole files of metadata, contents and tiles. */
const MAX_JOURNAL_BYTES = 256 << 20;

/** Writes the files, in order, all or (after a crash) the rest of them at the next `recover`. */
export async function publishFiles(storage: Storage, writes: readonly Write[]): Promise<void> {
  const list = writes.map(({ path, bytes }) => ({ path, base64: encodeBase64(bytes) }));
  await storage.write(PENDING, encodeUtf8(formatCanonical(list)));
  await apply(storage, writes);
}

/** Ends a publication that a crash interrupted. True if there was one. */
export async function recover(storage: Storage): Promise<boolean> {
  const bytes = await storage.read(PENDING, MAX_JOURNAL_BYTES);
  if (!bytes) return false;
  await apply(storage, parseJournal(bytes));
  return true;
}

async function apply(storage: Storage, writes: readonly Write[]): Promise<void> {
  for (const { path, bytes } of writes) {
    if (path === TIMESTAMP_PATH && (await isOlder(storage, bytes))) continue;
    await storage.write(`${PUBLIC}/${path}`, bytes);
  }
  await storage.remove(PENDING);
}

/** A list that is written a second time must not show readers an earlier timestamp again. */
async function isOlder(storage: Storage, bytes: Uint8Array): Promise<boolean> {
  const there = await storage.read(`${PUBLIC}/${TIMESTAMP_PATH}`, MAX_FILE_BYTES);
  const [old, next] = [
    there && parseMetadata("timestamp", there),
    parseMetadata("timestamp", bytes),
  ];
  return Boolean(old?.ok && next.ok && old.value.signed.version > next.value.signed.version);
}

/** Storage gives a file whole or not at all, so that anything else here is a defect or a hand's work. */
function parseJournal(bytes: Uint8Array): Write[] {
  const list = JSON.parse(decodeUtf8(bytes) ?? "") as { path: string; base64: string }[];
  return list.map(({ path, base64 }) => {
    const content = decodeBase64(base64);
    if (!content) throw new Error(`the file "${PENDING}" of this domain is damaged`);
    return { path, bytes: content };
  });
}
