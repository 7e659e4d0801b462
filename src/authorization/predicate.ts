/**
 * What an authorization says: the predicate of its in-toto statement. A member that is absent demands
 * nothing; one that is not listed here is refused, and with it the authorization.
 */
import * as v from "valibot";
import { commandSchema } from "../trust/command.js";
import { commandsSchema } from "../trust/contents/authority.js";
import { sortedBy } from "../trust/contents/sorted.js";
import { domainName, origin } from "../trust/name.js";
import { hex32, positive, time } from "../trust/schema.js";
import { checkPath } from "./policy/within.js";
import { parseSelector } from "./policy/selector.js";

export type Authorization = {
  /** Who signed it, and in whose name. */
  readonly issuer: AuthorizationIssuer;
  /** Domains, or gates by origin (`ship.example/gate-1`), that may honour it. */
  readonly audience: readonly string[];
  /** Who may act. */
  readonly principal: AuthorizationPrincipal;
  /** What may be done: this command and what lies below it. */
  readonly command: string;
  /** Predicates of UCAN 1.0 and ours over the arguments of a request: all must be true. */
  readonly policy: readonly unknown[];
  /** From when on it is valid. */
  readonly notBefore?: string | undefined;
  /** Until when it is valid: not at that time any more. */
  readonly expires: string;
  /** Milliseconds that trust state may be old which supports an allow. */
  readonly maxStaleness?: number | undefined;
  /** Milliseconds after which a run must be decided again. */
  readonly recheck?: number | undefined;
  /** The baseline that must be in force in the gate's domain. */
  readonly baseline?: Sha256 | undefined;
  /** The authorization that this one narrows; absent for one that an issuer made. */
  readonly parents?: readonly Sha256[] | undefined;
  /** How much may be done; each counts for this authorization and all that narrow it together. */
  readonly limits?: Limits | undefined;
  /** Domains of which so many must be fresh. */
  readonly quorum?: FreshQuorum | undefined;
  /** How a run must be confined. */
  readonly isolation?: Isolation | undefined;
  /** Commands that are still allowed when the gate is contained. */
  readonly cleanup?: readonly string[] | undefined;
  /** The intent must stand in a checkpoint that a peer has cosigned before the effect begins. */
  readonly witnessed?: "intent" | undefined;
  /** Makes two authorizations of one content two: at least 16 random bytes, in hexadecimal. */
  readonly nonce: string;
};

export type AuthorizationIssuer = {
  /** The domain whose trust state names the issuer of the first authorization of a chain. */
  readonly domain: string;
  /** Ed25519 public key, in hexadecimal: an issuer's, or the principal's of the parent. */
  readonly key: string;
};

export type AuthorizationPrincipal = {
  /** A type and a name, like `agent:billing-bot`. */
  readonly id: string;
  /** Ed25519 public key, in hexadecimal: its holder proves possession, and may narrow. */
  readonly key: string;
};

export type Sha256 = {
  /** 64 hexadecimal digits. */
  readonly sha256: string;
};

export type Limits = {
  /** How often it may be used. */
  readonly uses?: number | undefined;
  /** Milliseconds that one run may last. */
  readonly duration?: number | undefined;
  /** How many authorizations may narrow it, one below the other. */
  readonly delegations?: number | undefined;
  /** Running totals over arguments. */
  readonly totals?: readonly Total[] | undefined;
};

export type Total = {
  /** Selects a whole number, not negative. */
  readonly argument: string;
  /** What the sum over all uses may reach. */
  readonly most: number;
};

export type FreshQuorum = {
  /** How many. */
  readonly k: number;
  /** Of which domains. */
  readonly domains: readonly string[];
};

export type Isolation = {
  /** The least that is demanded. */
  readonly level: IsolationLevel;
  /** Paths, with what lies below them, that may be read; absent: not limited here. */
  readonly read?: readonly string[] | undefined;
  /** Paths, with what lies below them, that may be written. */
  readonly write?: readonly string[] | undefined;
  /** Hosts, with or without a port, that may be connected to. */
  readonly net?: readonly string[] | undefined;
  /** Programs that may be started. */
  readonly run?: readonly string[] | undefined;
};

/** From the weakest to the strongest. */
export const ISOLATION_LEVELS = ["cooperative", "worker", "process", "sandbox"] as const;

export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];

const PRINCIPAL =
  /^[a-z][a-z0-9_-]{0,63}:[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]{1,255}$/u;
const PRINCIPAL_FORM = "a type and a name without spaces, like agent:billing-bot";

const itself = (text: string): string => text;
const sha256 = v.strictObject({ sha256: hex32 });

/** A set of 1 to 64 items. */
const few = <Schema extends v.GenericSchema<string>>(item: Schema, what: string) =>
  v.pipe(
    sortedBy(item, (each) => each as string, what),
    v.minLength(1, `at least one of ${what}`),
    v.maxLength(64, `at most 64 of ${what}`),
  );

const path = v.pipe(
  v.string("a path like /data"),
  v.check((text) => checkPath(text) === undefined, "an absolute path in its simplest form"),
);

const host = v.pipe(
  v.string("a host, like api.example.com or api.example.com:443"),
  v.regex(
    /^(?=.{1,260}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/,
    "a host, like api.example.com or api.example.com:443",
  ),
);

const program = v.pipe(
  v.string("a program"),
  v.regex(/^(?=.{1,4096}$)[^\p{C}]+$/u, "a program: its name or path"),
);

/** A set that may be empty: nothing is allowed then. */
const set = <Schema extends v.GenericSchema<string>>(item: Schema, what: string) =>
  v.optional(
    v.pipe(sortedBy(item, itself as never, what), v.maxLength(256, `at most 256 ${what}`)),
  );

const milliseconds = v.pipe(positive, v.maxValue(10 * 366 * 86_400_000, "at most ten years"));

const whole = v.pipe(
  v.number("a whole number"),
  v.safeInteger("a whole number"),
  v.minValue(0, "a whole number, not negative"),
);

const selector = v.pipe(
  v.string("a selector, like .amount"),
  v.check((text) => parseSelector(text).ok, "a selector, like .amount"),
);

const limits = v.pipe(
  v.strictObject({
    uses: v.optional(positive),
    duration: v.optional(milliseconds),
    delegations: v.optional(v.pipe(whole, v.maxValue(7, "at most 7"))),
    totals: v.optional(
      v.pipe(
        sortedBy(
          v.strictObject({ argument: selector, most: whole }),
          ({ argument }) => argument,
          "totals by argument",
        ),
        v.minLength(1, "at least one total"),
        v.maxLength(16, "at most 16 totals"),
      ),
    ),
  }),
  v.check((object) => Object.keys(object).length > 0, "at least one limit"),
);

const quorum = v.pipe(
  v.strictObject({ k: positive, domains: few(domainName, "domains") }),
  v.check(({ k, domains }) => k <= domains.length, "no more than there are domains"),
);

const isolation = v.strictObject({
  level: v.picklist(ISOLATION_LEVELS, `a level: ${ISOLATION_LEVELS.join(", ")}`),
  read: set(path, "paths"),
  write: set(path, "paths"),
  net: set(host, "hosts"),
  run: set(program, "programs"),
});

/** @internal */
export const authorizationSchema: v.GenericSchema<unknown, Authorization> = v.strictObject({
  issuer: v.strictObject({ domain: domainName, key: hex32 }),
  audience: few(origin, "domains and gates"),
  principal: v.strictObject({
    id: v.pipe(v.string(PRINCIPAL_FORM), v.regex(PRINCIPAL, PRINCIPAL_FORM)),
    key: hex32,
  }),
  command: commandSchema,
  policy: v.array(v.unknown(), "a list of predicates"),
  notBefore: v.optional(time),
  expires: time,
  maxStaleness: v.optional(milliseconds),
  recheck: v.optional(milliseconds),
  baseline: v.optional(sha256),
  parents: v.optional(
    v.pipe(
      v.array(sha256, "a list with the parent"),
      v.length(1, "exactly one parent: one that an issuer made has no list"),
    ),
  ),
  limits: v.optional(limits),
  quorum: v.optional(quorum),
  isolation: v.optional(isolation),
  cleanup: v.optional(commandsSchema),
  witnessed: v.optional(v.literal("intent", '"intent"')),
  nonce: v.pipe(
    v.string("16 to 64 bytes in hexadecimal"),
    v.regex(/^(?:[0-9a-f]{2}){16,64}$/, "16 to 64 bytes in hexadecimal"),
  ),
});

/** True for the form of a principal's id: a type, a colon, a name. */
export function isPrincipal(text: string): boolean {
  return PRINCIPAL.test(text);
}
