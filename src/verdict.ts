/**
 * The only outcome type of verification, and the closed union of codes.
 *
 * PROVEN: every check of the plan passed. REFUTED: something that is there contradicts the claim.
 * INCOMPLETE: nothing contradicts it, and what is there is not enough to decide.
 */

/** Every code, with the sentence that explains it. */
export const CODES = {
  MALFORMED: "The input is not in its format.",
  TOO_LARGE: "The input is over a limit on its length or number.",
  MISSING: "Something that the check needs is not there.",
  UNSUPPORTED_KEY: "A key is of a type that is not verified here.",
  NOT_LOADED: "A key's algorithm was not loaded, so its signature was not checked.",
  ORIGIN: "The checkpoint is of another log than the one expected.",
  UNSIGNED: "No log key that the policy names has signed the checkpoint.",
  SIGNATURE: "A signature by a known key does not verify.",
  QUORUM: "Too few of the policy's witnesses have cosigned the checkpoint.",
  STALE: "What vouches for this is there, but is too old.",
  INCLUSION: "The entry is not at this index of the checkpoint's tree.",
  CONSISTENCY: "The proof does not lead from the older tree to the newer one.",
  EQUIVOCATION: "Two signed statements of one log or domain contradict each other.",
  TREE: "The stored hashes are not those of the tree that the checkpoint names.",
  NO_TRUST: "There is no verified trust state of this domain.",
  UNTRUSTED: "The domain or gate is not accepted here, or not for this command.",
  KEY: "Too few of the keys that must sign this have signed it.",
  DIGEST: "The bytes are not those that signed metadata names.",
  ROLLBACK: "A version is older than one seen before, or is not the one that must come next.",
  EXPIRED: "Signed metadata or an authorization is past its expiry.",
  NOT_YET: "The authorization is not valid yet.",
  CLOCK: "A time lies in the future, or further ahead than is allowed.",
  REVOKED: "The key or authorization was withdrawn.",
  CONTAINED: "The gate is contained: it may run nothing but clean-up.",
  AUDIENCE: "The authorization is for other domains or gates.",
  SCOPE: "The authorization does not cover this, or says more than its maker may.",
  POLICY: "The domain's own policy does not allow this request.",
  HOLDER: "The request is not by the holder of the authorization.",
  BASELINE: "The authorization is bound to another baseline than the one in force.",
  LIMIT: "A limit of the authorization is reached, or cannot be kept here.",
  LOG: "The gate's log does not replay, or is not the newest.",
  CHAIN: "An entry does not follow the entry before.",
  KERNEL: "The kernel is not the baseline's, or fails known answers.",
  ENV: "The environment is not what the baseline says.",
  ISOLATION: "The confinement that is demanded is not there.",
  ORPHAN: "The run names a cause that is not known or was not allowed.",
  ONE_SIDED: "A hand-over stands in one log only.",
  CRASH: "The gate ended while the run was executing.",
  ARGS_CHANGED: "The arguments are not those that were decided on.",
  UNSUPPORTED_DIGEST: "A digest is of an algorithm that cannot be computed here.",
  TIMEOUT: "The source did not answer in time.",
  UNREACHABLE: "The source could not be asked, or answered with an error.",
  REDIRECT: "The source points elsewhere, and redirects are not followed.",
  NOTHING_CHECKED: "The plan holds no check, so nothing was decided.",
  NON_CANONICAL: "The bundle is written in another way than the one that its format has.",
  DECISION: "A decision, made again from all that it rested on, comes out otherwise.",
  REDACTED: "What the decision read was withheld, so that it could not be made again.",
  UNWITNESSED_TIME: "No witness bears the claimed time out as closely as is demanded.",
  GAP: "For a time nothing shows that the run was still trusted.",
  TRUNCATED: "There is more of the log than is shown.",
  INTERNAL: "A defect of writ itself; nothing was decided.",
} as const;

export type Code = keyof typeof CODES;

/** Codes that contradict nothing: more evidence could still prove the claim. */
const OPEN_CODES: ReadonlySet<Code> = new Set([
  "MISSING",
  "NOT_LOADED",
  "UNSIGNED",
  "QUORUM",
  "STALE",
  "NO_TRUST",
  "TIMEOUT",
  "UNREACHABLE",
  "REDIRECT",
  "NOTHING_CHECKED",
  "ONE_SIDED",
  "REDACTED",
  "UNWITNESSED_TIME",
  "GAP",
  "TRUNCATED",
  "INTERNAL",
]);

/** Whether a failure contradicts nothing: it makes a verdict INCOMPLETE, and not REFUTED. */
export function isOpen(code: Code): boolean {
  return OPEN_CODES.has(code);
}

/** Why something is not so: a code, and for people what was expected and what was found. */
export interface Failure {
  readonly ok: false;
  readonly code: Code;
  readonly expected: string;
  readonly found: string;
}

/** A value from bad data or good: never an exception. */
export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function failure(code: Code, expected: string, found: string): Failure {
  return { ok: false, code, expected, found };
}

/** Quotes hostile text for a message: at most 60 characters of it, and none that a terminal obeys. */
export function abbreviate(text: string): string {
  return escapeHidden(JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text));
}

/** `abbreviate` for what is quoted already: text of JSON. */
export function abbreviateJson(json: string): string {
  return escapeHidden(json.length > 60 ? `${json.slice(0, 60)}...` : json);
}

function escapeHidden(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}

export type CheckOutcome = "passed" | "failed" | "missing" | "not-run";

/** One step of a verification. */
export interface Check {
  readonly name: string;
  /** `missing`: what the check needs is not there. `not-run`: an earlier check made it moot. */
  readonly outcome: CheckOutcome;
  readonly code?: Code;
  readonly expected?: string;
  readonly found?: string;
}

export type Outcome = "PROVEN" | "REFUTED" | "INCOMPLETE";

export interface Verdict {
  readonly outcome: Outcome;
  /** The code of the first check that failed, else of the first that misses something. */
  readonly code?: Code;
  readonly checks: readonly Check[];
}

/**
 * A plan of named checks, each `not-run` until something is said of it. Its verdict is PROVEN only
 * if every check of a plan that is not empty has passed.
 */
export class Plan {
  readonly #checks = new Map<string, Check>();

  constructor(names: readonly string[]) {
    for (const name of names) this.add(name);
  }

  /** Adds a check that the input itself makes necessary. */
  add(name: string): void {
    if (this.#checks.has(name)) throw new TypeError(`the plan already holds a check "${name}"`);
    this.#checks.set(name, { name, outcome: "not-run" });
  }

  pass(name: string, expected?: string, found?: string): void {
    this.#say({
      name,
      outcome: "passed",
      ...(expected === undefined ? {} : { expected }),
      ...(found === undefined ? {} : { found }),
    });
  }

  /** The code tells whether the claim is contradicted or something is missing for it. */
  fail(name: string, { code, expected, found }: Failure): void {
    const outcome = isOpen(code) ? "missing" : "failed";
    this.#say({ name, outcome, code, expected, found });
  }

  verdict(): Verdict {
    const checks = [...this.#checks.values()];
    const failed = checks.find((check) => check.outcome === "failed");
    if (failed) return verdictOf("REFUTED", failed.code, checks);
    const open = checks.filter((check) => check.outcome !== "passed");
    if (checks.length === 0) return verdictOf("INCOMPLETE", "NOTHING_CHECKED", checks);
    if (open.length > 0)
      return verdictOf("INCOMPLETE", open.find(({ code }) => code)?.code, checks);
    return { outcome: "PROVEN", checks };
  }

  /** A check speaks once; what it said is not taken back. */
  #say(check: Check): void {
    if (this.#checks.get(check.name)?.outcome !== "not-run") {
      throw new TypeError(`the check "${check.name}" is not open`);
    }
    this.#checks.set(check.name, check);
  }
}

function verdictOf(outcome: Outcome, code: Code | undefined, checks: readonly Check[]): Verdict {
  return { outcome, code: code ?? "NOTHING_CHECKED", checks };
}

/** Runs the body of a `verify*` function: a defect of the kernel becomes a verdict, never PROVEN. */
export function judge(plan: Plan, body: () => void): Verdict {
  try {
    body();
  } catch (error) {
    return internal(plan, error);
  }
  return plan.verdict();
}

/** `judge` for a body that reads as it goes. */
export async function judgeAsync(plan: Plan, body: () => Promise<void>): Promise<Verdict> {
  try {
    await body();
  } catch (error) {
    return internal(plan, error);
  }
  return plan.verdict();
}

function internal(plan: Plan, error: unknown): Verdict {
  if (!(error instanceof Error && "code" in error && error.code === "INTERNAL")) throw error;
  const check: Check = {
    name: "kernel",
    outcome: "missing",
    code: "INTERNAL",
    expected: "a kernel that answers",
    found: error.message,
  };
  return { outcome: "INCOMPLETE", code: "INTERNAL", checks: [...plan.verdict().checks, check] };
}
