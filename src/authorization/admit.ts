/**
 * Admitting chains: who signed each link, and whether each narrows the one before. Signatures of all
 * chains go to the kernel together, one level of the chains at a time: the keys of a level stand in the
 * level above, and nothing is parsed whose signature does not hold.
 */
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import type { UnverifiedEnvelope } from "../attestation/dsse.js";
import { parseEnvelope } from "../attestation/dsse.js";
import { INTOTO_PAYLOAD_TYPE } from "../attestation/statement.js";
import type { SignedPayload } from "../attestation/verify-envelope.js";
import { checkEnvelopes } from "../attestation/verify-envelope.js";
import { KernelFault } from "../kernel/border.js";
import type { SignatureClaim } from "../kernel/ed25519.js";
import type { Kernel } from "../kernel/kernel.js";
import type { TrustView } from "../trust/view.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { AdmittedAuthorization } from "./admitted.js";
import { admit } from "./admitted.js";
import { MAX_ENVELOPE_BYTES, splitChain } from "./chain-file.js";
import type { KnownDomains } from "./domains.js";
import { checkListed, issuersOf, viewOfDomain } from "./domains.js";
import { checkFollows } from "./parentage.js";
import type { Link } from "./link.js";
import { readLink } from "./link.js";

/** Signatures times keys of an envelope that does not say which key made which. */
const MAX_TRIES = 64;

/** One is enough; others may stand beside it. */
const MAX_SIGNATURES = 8;

/** `admitAuthorizations` for one chain. */
export function admitAuthorization(
  kernel: Kernel,
  chain: Uint8Array,
  domains: KnownDomains,
): Result<AdmittedAuthorization> {
  return admitAuthorizations(kernel, [chain], domains)[0] as Result<AdmittedAuthorization>;
}

/**
 * Admits each of many chains (a file each, see `splitChain`), or says why not. The first link must be
 * by an issuer that its domain lists, each other one by the principal of the one before. A link that
 * several chains share is verified once. Whether anything is fresh, revoked or in its window is decided
 * at each request (`checkRequest`), and not here.
 */
export function admitAuthorizations(
  kernel: Kernel,
  chains: readonly Uint8Array[],
  domains: KnownDomains,
): Result<AdmittedAuthorization>[] {
  const reader = new Reader(kernel, domains);
  const open = chains.map((chain) => new Chain(splitChain(chain)));
  try {
    for (let level = 0; open.some((chain) => chain.isOpen(level)); level++) {
      reader.readLevel(open.filter((chain) => chain.isOpen(level)));
    }
  } catch (error) {
    if (!(error instanceof KernelFault)) throw error;
    return chains.map(() => failure("INTERNAL", "a kernel that answers", error.message));
  }
  return open.map((chain) => chain.end());
}

/** A chain while it is read, from its first link on. */
class Chain {
  readonly links: Link[] = [];
  readonly #lines: readonly Uint8Array[] = [];
  failure: Failure | undefined;

  constructor(lines: Result<readonly Uint8Array[]>) {
    if (lines.ok) this.#lines = lines.value;
    else this.failure = lines;
  }

  isOpen(level: number): boolean {
    return !this.failure && level < this.#lines.length;
  }

  get next(): Uint8Array {
    return this.#lines[this.links.length] as Uint8Array;
  }

  add(link: Result<Link>): void {
    const place = this.links.length + 1;
    const bad = link.ok ? checkFollows([...this.links, link.value]) : link;
    if (!bad && link.ok) this.links.push(link.value);
    else if (bad) this.#fail(bad, place);
  }

  end(): Result<AdmittedAuthorization> {
    return this.failure ?? admit(this.links as [Link, ...Link[]]);
  }

  #fail({ code, expected, found }: Failure, place: number): void {
    this.failure = failure(code, `link ${place} of ${this.#lines.length}: ${expected}`, found);
  }
}

/** A line under the keys that may have signed it. */
interface Work {
  readonly envelope: UnverifiedEnvelope;
  readonly keys: readonly SignatureClaim["key"][];
  readonly chains: Chain[];
}

class Reader {
  /** The domains whose issuers may have made a chain, those that list the fewest first. */
  readonly #issuers: readonly TrustView[];

  constructor(
    readonly kernel: Kernel,
    readonly domains: KnownDomains,
  ) {
    const views = [domains.own, ...domains.peers.values()];
    this.#issuers = views.sort((a, b) => issuersOf(a).size - issuersOf(b).size);
  }

  /** Reads the next link of each of these chains. */
  readLevel(chains: readonly Chain[]): void {
    const work = new Map<string, Work>();
    for (const chain of chains) {
      const line = chain.next;
      const parent = chain.links.at(-1);
      const text = decodeUtf8(line);
      if (text === undefined) {
        chain.add(failure("MALFORMED", "an envelope in UTF-8", "invalid UTF-8"));
        continue;
      }
      // What is verified under one key says nothing of the same bytes under another.
      const name = `${parent?.authorization.principal.key ?? ""} ${text}`;
      const same = work.get(name);
      if (same) same.chains.push(chain);
      else this.#prepare(work, name, chain, line, parent);
    }
    const all = [...work.values()];
    const claims = all.map(({ envelope, keys }) => ({
      envelope,
      keys,
      threshold: 1,
      payloadType: INTOTO_PAYLOAD_TYPE,
    }));
    checkEnvelopes(this.kernel, claims).forEach((signed, i) => {
      const link = signed.ok ? this.#read(signed.value) : notSigned(signed, all[i] as Work);
      for (const chain of (all[i] as Work).chains) chain.add(this.#checkIssuer(chain, link));
    });
  }

  #prepare(
    work: Map<string, Work>,
    name: string,
    chain: Chain,
    line: Uint8Array,
    parent: Link | undefined,
  ): void {
    const envelope = parseEnvelope(line, MAX_ENVELOPE_BYTES);
    if (!envelope.ok) return chain.add(envelope);
    const { length } = envelope.value.signatures;
    if (length > MAX_SIGNATURES) {
      const expected = `at most ${MAX_SIGNATURES} signatures of an authorization`;
      return chain.add(failure("TOO_LARGE", expected, `${length}`));
    }
    const keys = parent
      ? ok([bytesOf(parent.authorization.principal.key)])
      : this.#issuerKeys(envelope.value);
    if (!keys.ok) return chain.add(keys);
    work.set(name, { envelope: envelope.value, keys: keys.value, chains: [chain] });
  }

  /**
   * The keys of issuers that an envelope names, which are prepared, since few keys sign the first link
   * of many chains; and as many others as may be tried, of the domains that list the fewest first, so
   * that one that lists many is in nobody's way.
   */
  #issuerKeys({ signatures }: UnverifiedEnvelope): Result<SignatureClaim["key"][]> {
    if (!this.#issuers.some(({ state }) => state)) {
      return failure("NO_TRUST", "a trust state of a domain that may be the issuer's", "none");
    }
    const named = new Set<string>();
    for (const { keyid } of signatures) {
      const known = (view: TrustView): boolean => issuersOf(view).has(keyid ?? "");
      if (keyid !== undefined && this.#issuers.some(known)) named.add(keyid);
    }
    const others = new Set<string>();
    for (const view of this.#issuers) {
      const keys = issuersOf(view);
      const tries = (named.size + others.size + keys.size) * signatures.length;
      if (tries > MAX_TRIES) break;
      for (const key of keys.keys()) if (!named.has(key)) others.add(key);
    }
    if (named.size + others.size === 0) {
      return failure("KEY", "a signature whose keyid is an issuer's key", "none");
    }
    return ok([
      ...[...named].map((key) => this.kernel.prepareKey(bytesOf(key))),
      ...[...others].map(bytesOf),
    ]);
  }

  #read(signed: SignedPayload): Result<Link> {
    const link = readLink(this.kernel, signed.payload);
    if (!link.ok) return link;
    const { key } = link.value.authorization.issuer;
    if (signed.keys.some((each) => encodeHex(each) === key)) return link;
    return failure("KEY", `a signature by its issuer, ${key}`, signed.keys.map(encodeHex).join());
  }

  /** The first link: its domain must list who signed it, for that command. */
  #checkIssuer(chain: Chain, link: Result<Link>): Result<Link> {
    if (!link.ok || chain.links.length > 0) return link;
    const { issuer, command, parents } = link.value.authorization;
    // It names a parent that is not there, which `checkFollows` says.
    if (parents) return link;
    return checkListed(viewOfDomain(this.domains, issuer.domain), issuer, command) ?? link;
  }
}

/** The first link names no key that could be told; the others, that of the principal before. */
function notSigned(signed: Failure, { chains }: Work): Failure {
  const parent = chains[0]?.links.at(-1);
  if (signed.code !== "KEY" && signed.code !== "SIGNATURE") return signed;
  const whose = parent
    ? `the principal of the link before, ${parent.authorization.principal.key}`
    : "an issuer that a domain known here lists";
  return failure(signed.code, `a signature by ${whose}`, "none that verifies");
}

function bytesOf(key: string): Uint8Array {
  // The schema, or trust state, has checked the form.
  return decodeHex(key) as Uint8Array;
}
