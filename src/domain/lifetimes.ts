/** How long each role's metadata is valid, in milliseconds. */
import * as v from "valibot";
import { formatCanonical } from "../bytes/canonical.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import type { Storage } from "../storage/storage.js";
import { MAX_FILE_BYTES, positive, readSchema } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { ok } from "../verdict.js";
import { LIFETIMES } from "./layout.js";

const lifetime = v.pipe(positive, v.maxValue(100 * 366 * 86_400_000));

const lifetimesSchema = v.strictObject({
  root: lifetime,
  targets: lifetime,
  snapshot: lifetime,
  status: lifetime,
  timestamp: lifetime,
});

export type Lifetimes = v.InferOutput<typeof lifetimesSchema>;

const DAY = 86_400_000;

export const DEFAULT_LIFETIMES: Lifetimes = {
  root: 365 * DAY,
  targets: 7 * DAY,
  snapshot: 7 * DAY,
  status: 3_600_000,
  timestamp: 60_000,
};

export async function readLifetimes(storage: Storage): Promise<Result<Lifetimes>> {
  const bytes = await storage.read(LIFETIMES, MAX_FILE_BYTES);
  return bytes ? readSchema(LIFETIMES, lifetimesSchema, bytes) : ok(DEFAULT_LIFETIMES);
}

export async function writeLifetimes(storage: Storage, lifetimes: Lifetimes): Promise<void> {
  await storage.write(LIFETIMES, encodeUtf8(formatCanonical(v.parse(lifetimesSchema, lifetimes))));
}
