import { setTimeout as sleep } from "node:timers/promises";
import type { FileSystem } from "./file-system.js";
import { codeOf } from "./file-system.js";
import type { Owners } from "./owner.js";
import { formatOwner, parseOwner } from "./owner.js";

/** Longer than any lock file; shorter than what it would hurt to read. */
const LONGEST = 4096;

/** Clearing a dead lock away takes a few file operations: whoever finds another at it waits so long. */
const CLEARING_MS = 1000;

/**
 * Takes the lock that is the file `file`, whose folder must stand; call the result to give it back.
 * A live holder is waited for `wait` milliseconds; then an Error names it.
 *
 * The file names its owner, and is linked into place whole: whatever in it cannot be read was torn by
 * a loss of power, and its owner is as dead. The lock of a dead owner is cleared away by the next
 * that comes, and the right to do so is itself a lock, `file~`: only its holder removes what is not
 * his own, so that between his look at `file` and its removal no other can have put a live one there.
 * Who is killed at that leaves `file~`, which `file~~` guards in the same way.
 *
 * Nothing here is synced: no lock outlives the machine's run.
 */
export async function takeLock(
  file: string,
  wait: number,
  fileSystem: FileSystem,
  owners: Owners,
): Promise<() => Promise<void>> {
  const deadline = performance.now() + wait;
  const own = `${file}-${crypto.randomUUID()}`;
  try {
    await writeOwner(own, fileSystem, owners);
    for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
      if (await linked(own, file, fileSystem)) break;
      const found = await holder(file, fileSystem, owners);
      if (found === "none") continue;
      if (found === "dead") {
        await clear(file, Math.max(wait, CLEARING_MS), fileSystem, owners);
        continue;
      }
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(found.refusal);
      // Of many that wait, no two shall keep in step.
      await sleep(Math.min(left, pause * (0.5 + Math.random())));
    }
  } finally {
    await fileSystem.unlink(own).catch(() => {});
  }
  let held = true;
  return async () => {
    if (!held) return;
    held = false;
    await fileSystem.unlink(file);
  };
}

async function writeOwner(path: string, fileSystem: FileSystem, owners: Owners): Promise<void> {
  const text = formatOwner(await owners.self());
  const created = await fileSystem.create(path);
  try {
    await created.writeFile(new TextEncoder().encode(text));
  } finally {
    await created.close();
  }
}

async function linked(own: string, file: string, fileSystem: FileSystem): Promise<boolean> {
  try {
    await fileSystem.link(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock if it is a dead owner's. */
async function clear(
  file: string,
  wait: number,
  fileSystem: FileSystem,
  owners: Owners,
): Promise<void> {
  const unlock = await takeLock(`${file}~`, wait, fileSystem, owners);
  try {
    if ((await holder(file, fileSystem, owners)) === "dead") await fileSystem.unlink(file);
  } finally {
    await unlock();
  }
}

/** Who holds the lock: nobody, a dead owner, or one that must be left alone, and what to say then. */
async function holder(
  file: string,
  fileSystem: FileSystem,
  owners: Owners,
): Promise<"none" | "dead" | { readonly refusal: string }> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await fileSystem.read(file, LONGEST);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "none";
    throw error;
  }
  const owner = bytes === undefined ? "foreign" : parseOwner(new TextDecoder().decode(bytes));
  const byHand = `if it is gone, remove ${file} and try again`;
  if (owner === "torn") return "dead";
  if (owner === "foreign") return { refusal: `an unknown process is writing here; ${byHand}` };
  switch (await owners.fate(owner)) {
    case "dead":
      return "dead";
    case "alive":
      return {
        refusal: `process ${owner.pid} is writing here and holds ${file}; let it end or stop it, and try again`,
      };
    default:
      return {
        refusal: `process ${owner.pid} of host ${owner.host} holds ${file}, and whether it lives cannot be told from here; ${byHand}`,
      };
  }
}
