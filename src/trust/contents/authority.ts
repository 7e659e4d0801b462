/** Who may do what in a domain: the target file `authority.json`. */
import * as v from "valibot";
import { commandSchema } from "../command.js";
import { label, origin } from "../name.js";
import { hex32, time } from "../schema.js";
import { sortedBy } from "./sorted.js";

export type Authority = {
  /** Who may authorize, and what. */
  readonly issuers: readonly Issuer[];
  /** Who may sign resume statements for gates of this domain. */
  readonly resumers: readonly Resumer[];
  /** Who may decide in the domain's name, each in a log of its own. */
  readonly gates: readonly Gate[];
  /** Logs of the domain: the one of its trust changes comes under the origin `<domain>/trust`. */
  readonly logs: readonly Log[];
  /** Keys that stood above once. They are revoked for ever. */
  readonly removed: readonly string[];
};

export type Issuer = {
  /** For people. */
  readonly name: string;
  /** Ed25519 public key, in hexadecimal, as every key here. */
  readonly key: string;
  /** What the issuer may authorize: each command covers itself and what lies below it. */
  readonly commands: readonly string[];
};

export type Resumer = {
  /** For people. */
  readonly name: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
};

export type Gate = {
  /** The origin of the gate's log. */
  readonly origin: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
  /** Containments (in the status) up to this time are lifted. */
  readonly released?: string | undefined;
};

export type Log = {
  /** The first line of the log's checkpoints. */
  readonly origin: string;
  /** Ed25519 public key, in hexadecimal. */
  readonly key: string;
};

const itself = (text: string): string => text;

/** @internal */
export const commandsSchema = v.pipe(
  sortedBy(commandSchema, itself, "commands"),
  v.minLength(1, "at least one command"),
);

const issuer = v.strictObject({
  name: label,
  key: hex32,
  commands: commandsSchema,
});

const resumer = v.strictObject({ name: label, key: hex32 });

const gate = v.strictObject({
  origin,
  key: hex32,
  released: v.optional(time),
});

const log = v.strictObject({ origin, key: hex32 });

const lists = v.strictObject({
  issuers: sortedBy(issuer, ({ key }) => key, "issuers by key"),
  resumers: sortedBy(resumer, ({ key }) => key, "resumers by key"),
  gates: sortedBy(gate, (each) => each.origin, "gates by origin"),
  logs: sortedBy(log, (each) => each.origin, "logs by origin"),
  removed: sortedBy(hex32, itself, "removed keys"),
});

/** Every key that the authority lists, as often as it does. */
function listedKeys({ issuers, resumers, gates, logs }: Authority): readonly string[] {
  return [issuers, resumers, gates, logs].flat().map(({ key }) => key);
}

/** Every key that the authority lists, each once. */
export function keysIn(authority: Authority): ReadonlySet<string> {
  return new Set(listedKeys(authority));
}

/**
 * One key, one part to play: who resumes a gate is neither that gate nor an issuer.
 * @internal
 */
export const authoritySchema: v.GenericSchema<unknown, Authority> = v.pipe(
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
