/** The second part of the demonstration: two organisations that accept each other for stated commands. */
import { join } from "node:path";
import { encodeHex } from "../bytes/hex.js";
import type { Draft } from "../domain/draft.js";
import { addIssuer, addPeer, removePeer } from "../domain/edit.js";
import { initDomain } from "../domain/init.js";
import type { KeyRing } from "../domain/key-ring.js";
import { DEFAULT_LIFETIMES } from "../domain/lifetimes.js";
import type { OpenDomain } from "../domain/publish.js";
import { editDraft, publish, refresh, withDomain, withdraw } from "../domain/publish.js";
import { rotate } from "../domain/rotate.js";
import type { Kernel } from "../kernel/kernel.js";
import { FileStorage } from "../storage/files.js";
import { FileTrustStore } from "../storage/file-trust-store.js";
import { readFolder } from "../storage/folder.js";
import { MemoryStorage } from "../storage/memory.js";
import { MemoryTrustStore } from "../storage/memory-trust-store.js";
import type { Storage } from "../storage/storage.js";
import type { TrustStore } from "../storage/trust-store.js";
import { folderSource } from "../sync/folder-source.js";
import type { DomainSync } from "../sync/sync.js";
import { sync } from "../sync/sync.js";
import type { Signer } from "../tlog/signer.js";
import { trustLogOrigin } from "../trust/contents/authority.js";
import type { Peer, Terms } from "../trust/contents/peers.js";
import { FOREVER } from "../trust/contents/status.js";
import { rootPath } from "../trust/repository.js";
import { MAX_FILE_BYTES } from "../trust/schema.js";
import type { VerifiedTrustState } from "../trust/state.js";
import { checkAccepted, checkNotWithdrawn, checkTrusted } from "../trust/view.js";
import type { Code, Result } from "../verdict.js";
import { generateKey, signerOf } from "./key-file.js";
import { bold, describe, dim } from "./print.js";

const PAY = "pay.example";
const SHIP = "ship.example";
const TERMS: Omit<Terms, "commands"> = {
  maxStaleness: 30_000,
  maxLifetime: 120_000,
  skew: 1_000,
};

/** One line of the story: what was asked, and what came out. */
export interface DemoStep {
  readonly step: string;
  /** `allow`, or why not. */
  readonly outcome: "allow" | Code;
  readonly expected: "allow" | Code;
}

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

  const story = new Story(kernel, ship, pay, store, clock);
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

function storageIn(out: string | undefined, name: string): Storage {
  return out === undefined ? new MemoryStorage() : new FileStorage(join(out, name));
}

/** What the gates of the two know and are asked. */
class Story {
  readonly steps: DemoStep[] = [];
  readonly #lines: string[] = [];
  #views = new Map<string, DomainSync>();

  constructor(
    readonly kernel: Kernel,
    readonly ship: DemoDomain,
    readonly pay: DemoDomain,
    readonly store: TrustStore,
    readonly clock: { readonly now: number },
  ) {}

  async sync(): Promise<void> {
    const pins = [];
    for (const { name, storage } of [this.ship, this.pay]) {
      const root = await storage.read(`public/${rootPath(1)}`, MAX_FILE_BYTES);
      pins.push({ root: root as Uint8Array, terms: TERMS, name });
    }
    const sources = new Map(
      [this.ship, this.pay].map(({ name, storage }) => [
        name,
        [folderSource(readFolder(storage, "public"), name)],
      ]),
    );
    const results = await sync(this.kernel, this.store, sources, pins, this.clock.now);
    this.#views = new Map([...results].map(([name, result]) => [name, required(result)]));
    const versions = [SHIP, PAY].map((name) => {
      const { root, targets } = (this.#view(name).view.state as VerifiedTrustState).metadata;
      return `${name} root ${root.signed.version} targets ${targets.signed.version}`;
    });
    this.#lines.push(dim(`  synced: ${versions.join(", ")}`));
  }

  /** Whether a gate of `where` may honour what the other domain authorizes. */
  ask(where: string, step: string, command: string, expected: DemoStep["expected"]): void {
    const own = this.#view(where).view.state as VerifiedTrustState;
    const accepted = checkAccepted(own, where === SHIP ? PAY : SHIP, command);
    const answer = accepted.ok ? this.#trusted(accepted.value) : accepted;
    this.#say(step, answer, expected);
  }

  askKey(step: string, key: string): void {
    this.#say(step, checkNotWithdrawn(this.#view(PAY).view, { key }), "REVOKED");
  }

  text(): string {
    return this.#lines.join("\n");
  }

  #trusted(terms: Peer): Result<unknown> {
    const demand = { now: this.clock.now, maxStaleness: terms.maxStaleness, terms };
    return checkTrusted(this.#view(terms.name).view, demand);
  }

  #say(step: string, answer: Result<unknown>, expected: DemoStep["expected"]): void {
    const outcome = answer.ok ? "allow" : answer.code;
    this.steps.push({ step, outcome, expected });
    this.#lines.push(`${bold(outcome.padEnd(9))}  ${step}`);
    if (!answer.ok) this.#lines.push(dim(`${" ".repeat(11)}${describe(answer)}`));
  }

  #view(name: string): DomainSync {
    return this.#views.get(name) as DomainSync;
  }
}

/** A domain whose keys were made for this run and are gone with it. */
class DemoDomain {
  readonly #signers: Map<string, Signer> = new Map();

  private constructor(
    readonly kernel: Kernel,
    readonly name: string,
    readonly storage: Storage,
    readonly clock: { now: number },
  ) {}

  static async make(
    kernel: Kernel,
    name: string,
    storage: Storage,
    clock: { now: number },
  ): Promise<DemoDomain> {
    const domain = new DemoDomain(kernel, name, storage, clock);
    const three = (role: string): Uint8Array[] => [1, 2, 3].map((n) => domain.#key(`${role}-${n}`));
    const keys = {
      root: { keys: three("root"), threshold: 2 },
      targets: { keys: three("targets"), threshold: 2 },
      timestamp: domain.#key("timestamp"),
      status: domain.#key("status"),
      log: domain.#key("trust"),
    };
    const made = initDomain(
      kernel,
      storage,
      domain.#ring,
      name,
      keys,
      DEFAULT_LIFETIMES,
      clock.now,
    );
    required(await made);
    return domain;
  }

  async change(body: (open: OpenDomain) => Promise<Result<unknown>>): Promise<void> {
    this.clock.now += 1_000;
    required(await withDomain(this.kernel, this.storage, this.#ring, this.clock.now, body));
  }

  async publish(edit: (draft: Draft) => Result<Draft>): Promise<void> {
    required(await editDraft(this.storage, edit));
    await this.change(publish);
  }

  async rotateRoot(): Promise<void> {
    const round = this.#signers.size;
    const keys = [1, 2, 3].map((n) => this.#key(`root-${round}-${n}`));
    await this.change((open) => rotate(open, "root", { keys, threshold: 2 }));
  }

  /** Itself as a peer of another, which accepts it for one command and what lies below. */
  asPeer(root: Uint8Array, command: string): Peer {
    const sha256 = encodeHex(this.kernel.sha256(root));
    return { ...TERMS, commands: [command], name: this.name, root: { version: 1, sha256 } };
  }

  async pinnedRoot(): Promise<Uint8Array> {
    return (await this.storage.read(`public/${rootPath(1)}`, MAX_FILE_BYTES)) as Uint8Array;
  }

  readonly #ring: KeyRing = {
    find: async (publicKey) => this.#signers.get(encodeHex(publicKey)),
  };

  #key(role: string): Uint8Array {
    const name = role === "trust" ? trustLogOrigin(this.name) : `${this.name}/${role}`;
    const made = generateKey(this.kernel, name, "ed25519");
    this.#signers.set(encodeHex(made.key.publicKey), signerOf(made));
    return made.key.publicKey;
  }
}

/** The demo made this itself, so that a failure is a defect of ours. */
function required<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`the demo's own domain does not hold: ${describe(result)}`);
  return result.value;
}
