/** What readers will make of files that are not published yet: nothing that they refuse ever is. */
import type { Kernel } from "../kernel/kernel.js";
import { readFolder } from "../storage/folder.js";
import type { Reader } from "../storage/storage.js";
import type { ReadFile } from "../trust/repository.js";
import { readTimestamp } from "../trust/repository.js";
import type { VerifiedRoot } from "../trust/root.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { verifyState } from "../trust/state.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";
import type { Write } from "./journal.js";
import { PUBLIC } from "./layout.js";

/** The state as a reader under `root` verifies it once `writes` are made. */
export async function rehearse(
  kernel: Kernel,
  whole: Reader,
  root: VerifiedRoot,
  writes: readonly Write[],
): Promise<Result<VerifiedTrustState>> {
  const folder = readFolder(whole, PUBLIC);
  const written = new Map(writes.map(({ path, bytes }) => [path, bytes]));
  const read: ReadFile = async (path, limit) =>
    ok(written.get(path) ?? (await folder.read(path, limit)));
  const timestamp = await readTimestamp(kernel, root, read);
  return timestamp.ok ? await verifyState(kernel, root, timestamp.value, read) : timestamp;
}
