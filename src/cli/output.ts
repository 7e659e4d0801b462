import { writeFile } from "node:fs/promises";
import { UsageError } from "./command.js";

/** Writes the file of `--out`, which is made new: what is there is never written over. */
export async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    const why = error instanceof Error ? error.message : String(error);
    const reason = exists ? "it exists (EEXIST), and is not written over: name another file" : why;
    throw new UsageError(`cannot write --out ${path}: ${reason}`, { cause: error });
  }
}
