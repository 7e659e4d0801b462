/** The second part of the demonstration: two organisations that accept each other for stated commands. */
import { join } from "node:path";
import { encodeHex } from "../../bytes/hex.js";
import { addIssuer, addPeer, removePeer } from "../../domain/edit.js";
import { refresh, withdraw } from "../../domain/publish.js";
import type { Kernel } from "../../kernel/kernel.js";
import { FileTrustStore } from "../../storage/file-trust-store.js";
import { MemoryTrustStore } from "../../storage/memory-trust-store.js";
import type { TrustStore } from "../../storage/trust-store.js";
import type { DomainSync } from "../../sync/sync.js";
import type { Peer } from "../../trust/contents/peers.js";
import { FOREVER } from "../../trust/contents/status.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import { checkAccepted, checkNotWithdrawn, checkTrusted } from "../../trust/view.js";
import type { Result } from "../../verdict.js";
import { generateKey } from "../key-file.js";
import { DemoDomain, followDomains, PAY, SHIP, storageIn } from "./demo-domain.js";
import type { DemoStep } from "./story.js";
import { Story } from "./story.js";

/**
 * Two domains are made, peer and sync; one rotates its root twice and revokes a key while the other is
 * offline; in the end it is removed. `out`: keeps their public folders and the trust store there.
 */
export async function demonstrateDomains(
  kernel: Kernel,
  out: string | undefined,
  now: number,
): Promise<{ readonly steps: readonly DemoStep[]; readonly text: string }> {
  // The story takes two minutes, and ends now.
  const clock = { now: now - 120_000 };
  const pay = await DemoDomain.make(kernel, PAY, storageIn(out, PAY), clock);
  const ship = await DemoDomain.make(kernel, SHIP, storageIn(out, SHIP), clock);
  const store: TrustStore =
    out === undefined ? new MemoryTrustStore() : new FileTrustStore(join(out, "trust"));
  const issuer = generateKey(kernel, `${PAY}/billing`, "ed25519");
  const key = encodeHex(issuer.key.publicKey);
  await pay.publish((draft) => addIssuer(draft, { name: "billing", key, commands: ["/pay"] }));
  const root = await pay.pinnedRoot();
  await ship.publish((draft) => addPeer(draft, pay.asPeer(root, "/pay"), root));
  const shipRoot = await ship.pinnedRoot();
  await pay.publish((draft) => addPeer(draft, ship.asPeer(shipRoot, "/ship"), shipRoot));

  const story = new Meeting(kernel, ship, pay, store, clock);
  await story.sync();
  story.ask(
    SHIP,
    "may pay.example authorize /pay/invoice at ship.example?",
    "/pay/invoice",
    "allow",
  );
  story.ask(SHIP, "and /ship/label? It is accepted for /pay alone", "/ship/label", "UNTRUSTED");
  story.ask(PAY, "may ship.example authorize /ship/label at pay.example?", "/ship/label", "allow");

  clock.now += 31_000;
  story.ask(SHIP, "31 s later, without a sync", "/pay/invoice", "STALE");
  await pay.rotateRoot();
  await pay.rotateRoot();
  await pay.change((open) => withdraw(open, { keys: [{ key, expires: FOREVER }] }));
  await pay.change(refresh);
  await ship.change(refresh);
  await story.sync();
  story.ask(SHIP, "ship.example online again, across two new roots", "/pay/invoice", "allow");
  story.askKey("the issuer's key, revoked meanwhile", key);

  await ship.publish((draft) => removePeer(draft, PAY));
  await story.sync();
  story.ask(SHIP, "ship.example has removed its peer", "/pay/invoice", "UNTRUSTED");
  return { steps: story.steps, text: story.text() };
}

/** What the gates of the two know and are asked. */
class Meeting extends Story {
  #views = new Map<string, DomainSync>();

  constructor(
    readonly kernel: Kernel,
    readonly ship: DemoDomain,
    readonly pay: DemoDomain,
    readonly store: TrustStore,
    readonly clock: { readonly now: number },
  ) {
    super();
  }

  async sync(): Promise<void> {
    const { kernel, store, ship, pay, clock } = this;
    this.#views = await followDomains(kernel, store, [ship, pay], clock.now);
    const versions = [SHIP, PAY].map((name) => {
      const { root, targets } = (this.#view(name).view.state as VerifiedTrustState).metadata;
      return `${name} root ${root.signed.version} targets ${targets.signed.version}`;
    });
    this.note(`synced: ${versions.join(", ")}`);
  }

  /** Whether a gate of `where` may honour what the other domain authorizes. */
  ask(where: string, step: string, command: string, expected: DemoStep["expected"]): void {
    const own = this.#view(where).view.state as VerifiedTrustState;
    const accepted = checkAccepted(own, where === SHIP ? PAY : SHIP, command);
    const answer = accepted.ok ? this.#trusted(accepted.value) : accepted;
    this.say(step, answer, expected);
  }

  askKey(step: string, key: string): void {
    this.say(step, checkNotWithdrawn(this.#view(PAY).view, { key }), "REVOKED");
  }

  #trusted(terms: Peer): Result<unknown> {
    const demand = { now: this.clock.now, maxStaleness: terms.maxStaleness, terms };
    return checkTrusted(this.#view(terms.name).view, demand);
  }

  #view(name: string): DomainSync {
    return this.#views.get(name) as DomainSync;
  }
}
