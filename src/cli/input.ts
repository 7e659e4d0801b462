import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { UsageError } from "./command.js";

const MAX_BYTES = 256 << 20;

let stdinTaken = false;

/** The bytes of a file, or of stdin for `-`; over 256 MiB is refused, whatever the file claims. */
export async function readInput(path: string): Promise<Uint8Array> {
  return await readAll(path, streamInput(path));
}

/** The first bytes of a file or of stdin, and all of its bytes. */
export async function peekInput(
  path: string,
): Promise<{ readonly start: Uint8Array; readonly stream: AsyncIterable<Uint8Array> }> {
  const chunks = streamInput(path);
  const first = await chunks.next();
  const start = first.done ? new Uint8Array() : first.value;
  return {
    start,
    stream: (async function* () {
      yield start;
      yield* chunks;
    })(),
  };
}

/** All of a stream of `path`, as `readInput` would have it. */
export async function readAll(
  path: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new UsageError(`${path} is over ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** The chunks of a file, or of stdin for `-`, of any length. */
export async function* streamInput(path: string): AsyncGenerator<Uint8Array> {
  if (path === "-" && stdinTaken) throw new UsageError("stdin (-) can be read once");
  stdinTaken ||= path === "-";
  try {
    yield* path === "-" ? process.stdin : await openFile(path);
  } catch (error) {
    throw asUsageError(path, error);
  }
}

async function openFile(path: string): Promise<AsyncIterable<Buffer>> {
  const handle = await open(path, constants.O_RDONLY);
  return handle.createReadStream();
}

function asUsageError(path: string, error: unknown): Error {
  if (error instanceof UsageError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "reading it is not permitted",
  };
  return new UsageError(`cannot read ${path}: ${reasons[String(code)] ?? String(error)}`);
}
