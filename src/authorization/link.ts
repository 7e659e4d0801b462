/**
 * One authorization, read from payload bytes whose signature holds: an in-toto statement with our
 * predicate. It is immutable, and is known by the SHA-256 of those bytes.
 */
import type { Json } from "../bytes/canonical.js";
import type { JsonObject } from "../bytes/json-kind.js";
import { freezeDeep } from "../bytes/frozen.js";
import { encodeHex } from "../bytes/hex.js";
import type { DigestSet } from "../attestation/statement.js";
import { parseStatement } from "../attestation/statement.js";
import type { Kernel } from "../kernel/kernel.js";
import { matchSchema, millisecondsOf } from "../trust/schema.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { CompiledPolicy } from "./policy/compile.js";
import { compilePolicy } from "./policy/compile.js";
import type { Selector } from "./policy/selector.js";
import { parseSelector } from "./policy/selector.js";
import type { Authorization, Total } from "./predicate.js";
import { authorizationSchema } from "./predicate.js";

/** The type of our predicate. A URN, since it names nothing that is fetched. */
export const AUTHORIZATION_TYPE = "urn:writ:authorization:v1";

/** Bytes of one payload. */
export const MAX_PAYLOAD_BYTES = 65_535;

export interface Link {
  /** Its identity: SHA-256 of the payload bytes, in hexadecimal. */
  readonly sha256: string;
  readonly authorization: Authorization;
  readonly policy: CompiledPolicy;
  /** Milliseconds since the epoch. */
  readonly notBefore: number | undefined;
  /** Milliseconds since the epoch: no longer valid at that time. */
  readonly expires: number;
  /** Running totals, each with its selector parsed. */
  readonly totals: readonly (Total & { readonly selector: Selector })[];
  /** What may run, by digest; undefined where no artifact is bound. */
  readonly artifacts: readonly DigestSet[] | undefined;
}

/** Reads a payload. Whoever calls has verified the signature over these bytes. */
export function readLink(kernel: Kernel, payload: Uint8Array): Result<Link> {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    const expected = `an authorization of at most ${MAX_PAYLOAD_BYTES} bytes`;
    return failure("TOO_LARGE", expected, `${payload.length}`);
  }
  const statement = parseStatement(payload);
  if (!statement.ok) return statement;
  const { predicateType, predicate, json } = statement.value;
  if (predicateType !== AUTHORIZATION_TYPE) {
    const expected = `an authorization: predicateType ${AUTHORIZATION_TYPE}`;
    return failure("MALFORMED", expected, abbreviate(predicateType));
  }
  const unknown = unknownMember(json);
  if (unknown !== undefined) {
    const expected = "an authorization's statement: _type, subject, predicateType, predicate";
    return failure("MALFORMED", expected, abbreviate(unknown));
  }
  const read = matchSchema("the authorization", authorizationSchema, predicate);
  if (!read.ok) return read;
  const authorization = read.value;
  const policy = compilePolicy(authorization.policy as Json, "policy");
  if (!policy.ok) return policy;
  const notBefore =
    authorization.notBefore === undefined ? undefined : millisecondsOf(authorization.notBefore);
  const expires = millisecondsOf(authorization.expires);
  if (notBefore !== undefined && notBefore >= expires) {
    const expected = "an authorization that begins before it expires";
    return failure("MALFORMED", expected, `${authorization.notBefore} to ${authorization.expires}`);
  }
  const artifacts = artifactsOf(authorization, statement.value.subject);
  if (!artifacts.ok) return artifacts;
  return ok(
    Object.freeze({
      sha256: encodeHex(kernel.sha256(payload)),
      authorization: freezeDeep(authorization),
      policy: policy.value,
      notBefore,
      expires,
      totals: totalsOf(authorization),
      artifacts: artifacts.value,
    }),
  );
}

/** Not a digest: what a principal's key is named by where it stands for no artifact. */
const NO_ARTIFACT = "writ_principal";

/**
 * The subject where no artifact is bound, since a statement has at least one: the baseline, else the
 * principal's key, under a name that no artifact is ever measured by.
 */
export function standIn({
  baseline,
  principal,
}: Pick<Authorization, "baseline" | "principal">): DigestSet {
  return baseline ? { sha256: baseline.sha256 } : { [NO_ARTIFACT]: principal.key };
}

/** The schema has parsed each selector once, and it holds. */
function totalsOf({ limits }: Authorization): Link["totals"] {
  return Object.freeze(
    (limits?.totals ?? []).flatMap(({ argument, most }) => {
      const selector = parseSelector(argument);
      return selector.ok ? [Object.freeze({ argument, most, selector: selector.value })] : [];
    }),
  );
}

function artifactsOf(
  authorization: Authorization,
  subjects: readonly { readonly digest: DigestSet }[],
): Result<readonly DigestSet[] | undefined> {
  const [[algorithm, value]] = Object.entries(standIn(authorization)) as [[string, string]];
  const digests = subjects.map(({ digest }) => digest);
  const isStandIn = (digest: DigestSet): boolean =>
    digest[algorithm] === value && Object.keys(digest).length === 1;
  if (!digests.some(isStandIn)) return ok(Object.freeze(digests));
  if (digests.length === 1) return ok(undefined);
  const expected = "artifacts as subjects, or alone what stands for none";
  return failure("MALFORMED", expected, `${digests.length} subjects, ${algorithm} among them`);
}

/** Strict where in-toto lets readers ignore: nobody may think that an unknown member has an effect. */
function unknownMember(json: JsonObject): string | undefined {
  const known = ["_type", "subject", "predicateType", "predicate"];
  const outer = Object.keys(json).find((name) => !known.includes(name));
  if (outer !== undefined) return outer;
  const subjects = json["subject"] as readonly JsonObject[];
  return subjects
    .flatMap((subject) => Object.keys(subject))
    .find((name) => name !== "name" && name !== "digest");
}
