/** Making authorizations: an issuer's, and what its holder narrows. */
import { signEnvelope } from "../attestation/dsse.js";
import type { Signer } from "../attestation/signer.js";
import type { Statement } from "../attestation/statement.js";
import { formatStatement, INTOTO_PAYLOAD_TYPE } from "../attestation/statement.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import { checkWhole } from "./admitted.js";
import { checkFollows } from "./parentage.js";
import { joinChain, MAX_LINKS, splitChain } from "./chain-file.js";
import { inspectChain } from "./inspect.js";
import type { Link } from "./link.js";
import { AUTHORIZATION_TYPE, readLink, standIn } from "./link.js";
import { demandsOf } from "./demands.js";
import type { Authorization } from "./predicate.js";

/** What its maker decides; who signs, and what it narrows, follow. */
export type AuthorizationTerms = Omit<Authorization, "issuer" | "parents" | "nonce"> & {
  /** At least 16 random bytes. */
  readonly nonce: Uint8Array;
  /** What may run, by digest; absent: no artifact is bound. */
  readonly artifacts?: Statement["subject"] | undefined;
};

/** An authorization that was made. */
export interface IssuedAuthorization {
  /** The chain with it as its last link, as a file. */
  readonly chain: Uint8Array;
  readonly link: Link;
}

/**
 * An authorization by an issuer of `domain`, as a chain of one. A failure says what in the terms no
 * gate would take; whether the domain lists the issuer for it, gates will see.
 */
export async function issueAuthorization(
  kernel: Kernel,
  signer: Signer,
  domain: string,
  terms: AuthorizationTerms,
): Promise<Result<IssuedAuthorization>> {
  const issuer = { domain, key: encodeHex(signer.publicKey) };
  return await sign(kernel, signer, [], [], { ...predicateOf(terms), issuer }, terms.artifacts);
}

/** Terms that narrow: what is left out stays as it is above. */
export type NarrowerTerms = Pick<AuthorizationTerms, "principal" | "nonce"> &
  Partial<AuthorizationTerms>;

/**
 * Narrows a chain for another principal, with the key of its present one. A failure says what no gate
 * would admit: nothing can be made here that is wider than the chain.
 */
export async function attenuateAuthorization(
  kernel: Kernel,
  signer: Signer,
  chain: Uint8Array,
  terms: NarrowerTerms,
): Promise<Result<IssuedAuthorization>> {
  const lines = splitChain(chain);
  if (!lines.ok) return lines;
  const inspected = inspectChain(kernel, chain);
  if (!inspected.ok) return inspected;
  const unsigned = inspected.value.find(({ signature }) => !signature.ok)?.signature;
  if (unsigned && !unsigned.ok) return unsigned;
  const links = inspected.value.map(({ link }) => link);
  if (links.length === MAX_LINKS) {
    return failure("TOO_LARGE", `a chain of at most ${MAX_LINKS} links`, "one more");
  }
  const parent = links.at(-1) as Link;
  const { issuer, principal, audience, command, expires, recheck, cleanup } = parent.authorization;
  const key = encodeHex(signer.publicKey);
  if (key !== principal.key) {
    return failure("HOLDER", `the key of ${principal.id}, ${principal.key}`, key);
  }
  const inherited = { audience, command, expires, recheck, cleanup, policy: [] };
  const predicate = {
    ...predicateOf({ ...inherited, ...terms }),
    issuer: { domain: issuer.domain, key },
    parents: [{ sha256: parent.sha256 }],
  };
  return await sign(kernel, signer, lines.value, links, predicate, terms.artifacts);
}

function predicateOf(terms: AuthorizationTerms): Omit<Authorization, "issuer" | "parents"> {
  const { artifacts: _, nonce, ...rest } = terms;
  return { ...rest, nonce: encodeHex(nonce) };
}

async function sign(
  kernel: Kernel,
  signer: Signer,
  lines: readonly Uint8Array[],
  above: readonly Link[],
  predicate: Authorization,
  artifacts: Statement["subject"] = [],
): Promise<Result<IssuedAuthorization>> {
  const given = Object.entries(predicate).filter(([, value]) => value !== undefined);
  const subject = artifacts.length > 0 ? artifacts : [{ digest: standIn(predicate) }];
  const payload = formatStatement({
    subject,
    predicateType: AUTHORIZATION_TYPE,
    predicate: Object.fromEntries(given) as Statement["predicate"],
  });
  const link = readLink(kernel, payload);
  if (!link.ok) return link;
  if (artifacts.length > 0 && !link.value.artifacts) {
    const found = "the baseline itself, which stands for no artifact";
    return failure("MALFORMED", "an artifact that can be bound", found);
  }
  const links = [...above, link.value] as unknown as [Link, ...Link[]];
  for (let length = 1; length <= links.length; length++) {
    const wider = checkFollows(links.slice(0, length));
    if (wider) return wider;
  }
  const useless = checkWhole(links, demandsOf(links));
  if (useless) return useless;
  const envelope = await signEnvelope(INTOTO_PAYLOAD_TYPE, payload, [signer]);
  return ok({ chain: joinChain([...lines, envelope]), link: link.value });
}
