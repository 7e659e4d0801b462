/** Who may do what in a domain: the target file `authority.json`. */
import * as v from "valibot";
import { commandSchema } from "../command.js";
import { label, origin } from "../name.js";
import { hex32, time } from "../schema.js";
import { sortedBy } from "./sorted.js";

const itself = (text: string): string => text;

export const commandsSchema = v.pipe(
  sortedBy(commandSchema, itself, "commands"),
  v.minLength(1, "at least one command"),
);

const issuer = v.strictObject({
  name: label,
  /** Ed25519 public key, in hexadecimal, as every key here. */
  key: hex32,
  /** What the issuer may authorize. */
  commands: commandsSchema,
});

const resumer = v.strictObject({ name: label, key: hex32 });

const gate = v.strictObject({
  /** The origin of the gate's log. */
  origin,
  key: hex32,
  /** Containments (in the status) up to this time are lifted. */
  released: v.optional(time),
});

const log = v.strictObject({ origin, key: hex32 });

const lists = v.strictObject({
  issuers: sortedBy(issuer, ({ key }) => key, "issuers by key"),
  /** Keys that sign resume statements for gates of this domain. */
  resumers: sortedBy(resumer, ({ key }) => key, "resumers by key"),
  gates: sortedBy(gate, (each) => each.origin, "gates by origin"),
  /** Logs of the domain: the one of its trust changes comes under the origin `<domain>/trust`. */
  logs: sortedBy(log, (each) => each.origin, "logs by origin"),
  /** Keys that stood above once. They are revoked for ever. */
  removed: sortedBy(hex32, itself, "removed keys"),
});

export type Authority = v.InferOutput<typeof lists>;
export type Issuer = v.InferOutput<typeof issuer>;
export type Gate = v.InferOutput<typeof gate>;

/** Every key that the authority lists, as often as it does. */
function listedKeys({ issuers, resumers, gates, logs }: Authority): readonly string[] {
  return [issuers, resumers, gates, logs].flat().map(({ key }) => key);
}

/** Every key that the authority lists, each once. */
export function keysIn(authority: Authority): ReadonlySet<string> {
  return new Set(listedKeys(authority));
}

/** One key, one part to play: who resumes a gate is neither that gate nor an issuer. */
export const authoritySchema = v.pipe(
  lists,
  v.check((authority) => {
    const keys = [...listedKeys(authority), ...authority.removed];
    return new Set(keys).size === keys.length;
  }, "each key once in all lists, and no removed key in another"),
);

/** The origin of the log that a domain's trust changes stand in. */
export function trustLogOrigin(domain: string): string {
  return `${domain}/trust`;
}
