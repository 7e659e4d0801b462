/**
 * The third part of the demonstration: one organisation authorizes another's agent, which hands less on
 * to a helper; then it is revoked, and every gate that hears of it stops at once, one that does not at its
 * bound.
 */
import { join } from "node:path";
import type { Signer } from "../../attestation/signer.js";
import { admitAuthorization } from "../../authorization/admit.js";
import { checkRequest } from "../../authorization/check.js";
import { attenuateAuthorization, issueAuthorization } from "../../authorization/issue.js";
import type { AdmittedAuthorization } from "../../authorization/admitted.js";
import { provePossession, checkPossession } from "../../authorization/possession.js";
import type { AuthorizationRequest } from "../../authorization/request.js";
import { makeRequest } from "../../authorization/request.js";
import type { Json } from "../../bytes/canonical.js";
import { encodeHex } from "../../bytes/hex.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { addGate, addIssuer, addPeer } from "../../domain/edit.js";
import { refresh, withdraw } from "../../domain/publish.js";
import type { Kernel } from "../../kernel/kernel.js";
import { FileStorage } from "../../storage/files.js";
import { FileTrustStore } from "../../storage/file-trust-store.js";
import { MemoryTrustStore } from "../../storage/memory-trust-store.js";
import type { TrustStore } from "../../storage/trust-store.js";
import type { DomainSync } from "../../sync/sync.js";
import type { Result } from "../../verdict.js";
import { generateKey, signerOf } from "../key-file.js";
import { DemoDomain, followDomains, PAY, required, SHIP, storageIn, TERMS } from "./demo-domain.js";
import type { DemoStep } from "./story.js";
import { Story } from "./story.js";

/** Of which the second is cut off in the end. */
const GATES = [`${SHIP}/gate-1`, `${SHIP}/gate-2`, `${SHIP}/gate-3`] as const;
const HOUR = 3_600_000;

/** `out`: keeps the domains' folders, the chains and each gate's trust store there. */
export async function demonstrateAuthorizations(
  kernel: Kernel,
  out: string | undefined,
  now: number,
): Promise<{ readonly steps: readonly DemoStep[]; readonly text: string }> {
  // The story takes a minute, and ends now.
  const clock = { now: now - 60_000 };
  const pay = await DemoDomain.make(kernel, PAY, storageIn(out, PAY), clock);
  const ship = await DemoDomain.make(kernel, SHIP, storageIn(out, SHIP), clock);
  const [billing, buyer, helper, thief] = ["billing", "buyer", "helper", "thief"].map((name) =>
    makeSigner(kernel, name),
  ) as [Signer, Signer, Signer, Signer];
  const issuer = { name: "billing", key: hexOf(billing), commands: ["/pay"] };
  await pay.publish((draft) => addIssuer(draft, issuer));
  const root = await pay.pinnedRoot();
  await ship.edit((draft) => addPeer(draft, pay.asPeer(root, "/pay"), root));
  for (const origin of GATES) {
    await ship.edit((draft) => addGate(draft, { origin, key: hexOf(makeSigner(kernel, origin)) }));
  }
  await ship.publish();

  const story = new Delegation(kernel, out, [ship, pay], clock);
  const issued = required(
    await issueAuthorization(kernel, billing, PAY, {
      audience: [SHIP],
      principal: { id: "agent:buyer", key: hexOf(buyer) },
      command: "/pay/invoice",
      policy: [
        ["<=", ".amount", 1000],
        ["==", ".currency", "EUR"],
      ],
      expires: formatRfc3339(clock.now + HOUR, "s"),
      nonce: random(),
    }),
  );
  story.note(
    `${PAY} authorizes agent:buyer of ${SHIP}: /pay/invoice, amount <= 1000, in EUR, for an hour`,
  );
  const narrowed = required(
    await attenuateAuthorization(kernel, buyer, issued.chain, {
      principal: { id: "agent:helper", key: hexOf(helper) },
      policy: [["<=", ".amount", 200]],
      nonce: random(),
    }),
  );
  story.note("agent:buyer hands it on to agent:helper, and no more than amount <= 200");
  await story.keep("helper.chain", narrowed.chain);

  const [first, second, third] = GATES;
  for (const gate of GATES) await story.sync(gate);
  const invoice = { amount: 150, currency: "EUR", to: "acct-7" };
  const asked = { chain: narrowed.chain, holder: helper, command: "/pay/invoice", invoice };
  await story.ask(`${first}: agent:helper, an invoice of 150 EUR`, first, asked, "allow");
  const larger = { ...asked, invoice: { ...invoice, amount: 500 } };
  await story.ask(
    "one of 500 EUR, which the buyer may and the helper may not",
    first,
    larger,
    "SCOPE",
  );
  const other = { ...asked, command: "/pay/refund" };
  await story.ask("/pay/refund, which nobody authorized", first, other, "SCOPE");
  const stolen = { ...asked, holder: thief };
  await story.ask("the same file in the hands of a thief", first, stolen, "HOLDER");

  const revoked = { sha256: issued.link.sha256, expires: issued.link.authorization.expires };
  await pay.change((open) => withdraw(open, { authorizations: [revoked] }));
  await ship.change(refresh);
  story.note(
    `${PAY} revokes what it gave the buyer; ${first} and ${third} sync, ${second} is cut off`,
  );
  for (const gate of [first, third]) {
    await story.sync(gate);
    await story.ask(`${gate}, which has synced`, gate, asked, "REVOKED");
  }
  await story.ask(`${second}, which has not, within its bound of 30 s`, second, asked, "allow");
  clock.now = story.syncedAt(second) + TERMS.maxStaleness + 1;
  await story.ask(`${second}, past that bound`, second, asked, "STALE");
  return { steps: story.steps, text: story.text() };
}

interface Asked {
  readonly chain: Uint8Array;
  readonly holder: Signer;
  readonly command: string;
  readonly invoice: { readonly [name: string]: Json };
}

/** The gates of one domain, each with what it has heard so far. */
class Delegation extends Story {
  readonly #stores = new Map<string, TrustStore>();
  readonly #known = new Map<string, ReadonlyMap<string, DomainSync>>();

  constructor(
    readonly kernel: Kernel,
    readonly out: string | undefined,
    readonly domains: readonly DemoDomain[],
    readonly clock: { now: number },
  ) {
    super();
  }

  async keep(name: string, bytes: Uint8Array): Promise<void> {
    if (this.out !== undefined) await new FileStorage(this.out).write(name, bytes);
  }

  async sync(gate: string): Promise<void> {
    const name = gate.slice(gate.indexOf("/") + 1);
    const store =
      this.#stores.get(gate) ??
      (this.out === undefined
        ? new MemoryTrustStore()
        : new FileTrustStore(join(this.out, `${name}-trust`)));
    this.#stores.set(gate, store);
    const known = await followDomains(this.kernel, store, this.domains, this.clock.now);
    this.#known.set(gate, known);
  }

  /** When the oldest of what the gate knows was issued. */
  syncedAt(gate: string): number {
    const known = [...(this.#known.get(gate) ?? new Map<string, DomainSync>()).values()];
    return Math.min(...known.map(({ view }) => view.state?.issued ?? 0));
  }

  async ask(
    step: string,
    gate: string,
    asked: Asked,
    expected: DemoStep["expected"],
  ): Promise<void> {
    this.say(step, await this.#decide(gate, asked), expected);
  }

  async #decide(
    gate: string,
    { chain, holder, command, invoice }: Asked,
  ): Promise<Result<unknown>> {
    const { kernel } = this;
    const { now } = this.clock;
    const known = this.#known.get(gate) as ReadonlyMap<string, DomainSync>;
    const viewOf = (name: string) => (known.get(name) as DomainSync).view;
    const domains = { own: viewOf(SHIP), peers: new Map([[PAY, viewOf(PAY)]]) };
    const authorization = admitAuthorization(kernel, chain, domains);
    if (!authorization.ok) return authorization;
    const request = required(
      makeRequest({ principal: "agent:helper", command, arguments: invoice }),
    );
    const possession = await this.#prove(gate, holder, authorization.value, request);
    if (!possession.ok) return possession;
    return checkRequest(authorization.value, request, {
      now,
      gate,
      domains,
      maxStaleness: TERMS.maxStaleness,
      terms: TERMS,
      possession: possession.value,
      artifacts: [],
    });
  }

  /** The gate gives a nonce, the holder signs it with the request, the gate verifies. */
  async #prove(
    gate: string,
    holder: Signer,
    authorization: AdmittedAuthorization,
    request: AuthorizationRequest,
  ) {
    const { kernel } = this;
    const { now } = this.clock;
    const terms = { gate, nonce: encodeHex(random()), salt: random() };
    const proof = await provePossession(kernel, holder, authorization.sha256, request, terms, now);
    const at = { now, skew: TERMS.skew };
    return checkPossession(kernel, proof, authorization, request, terms, at);
  }
}

function makeSigner(kernel: Kernel, name: string): Signer {
  const signer = signerOf(generateKey(kernel, `demo.example/${name}`, "ed25519"));
  return { publicKey: signer.key.publicKey, sign: (message) => signer.sign(message) };
}

function hexOf({ publicKey }: Signer): string {
  return encodeHex(publicKey);
}

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}
