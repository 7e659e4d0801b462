/** Symbolic links by which a path of a set leads to files that no set names. */
import type { Dirent } from "node:fs";
import { readdir, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isBelow } from "./copies.js";
import type { Sets } from "./effect.js";
import type { Refusal } from "./refusal.js";
import { quote, refusal } from "./refusal.js";

/** Entries of folders that are looked through: under a second. */
const MOST = 100_000;

/**
 * Why whoever compares paths as texts, as Deno does (2.9), would let more be read or written than the
 * sets name: a link that is there now and leads out of its set, leads nowhere yet, or would lead
 * elsewhere once it is moved. The paths of the sets themselves may be links: what they lead to is meant.
 */
export async function refuseLinksOut({ read, write }: Sets): Promise<Refusal | undefined> {
  const left = { entries: MOST };
  return (await leadsOut(read, false, left)) ?? (await leadsOut(write, true, left));
}

async function leadsOut(
  set: readonly string[] | undefined,
  movable: boolean,
  left: { entries: number },
): Promise<Refusal | undefined> {
  if (set === undefined) return undefined;
  const roots: string[] = [];
  for (const path of set) {
    const root = await realpath(path).catch(() => undefined);
    if (root !== undefined) roots.push(root);
  }
  if (roots.includes("/")) return undefined;
  const folders = [...roots];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await entriesOf(folder);
    if (entries === undefined) return refuse("folders that can be looked through", folder);
    left.entries -= entries.length;
    if (left.entries < 0) return refuse(`at most ${MOST} files below the paths`, folder);
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink() && !(await staysIn(roots, path, movable))) {
        return refuse("links that stay in the set that names them", path);
      }
    }
  }
  return undefined;
}

/** None of a file, and of what has gone since; undefined where they cannot be told. */
async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOTDIR" || code === "ENOENT" ? [] : undefined;
  }
}

/** A module that may write can move a link, and what a `..` in it passes through. */
async function staysIn(roots: readonly string[], link: string, movable: boolean): Promise<boolean> {
  try {
    if (movable && (await readlink(link)).split("/").includes("..")) return false;
    const target = await realpath(link);
    return roots.some((root) => isBelow(target, root));
  } catch {
    return false;
  }
}

function refuse(expected: string, path: string): Refusal {
  return refusal("ISOLATION", expected, quote(path));
}
