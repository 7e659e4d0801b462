/**
 * Three domains, as they publish themselves and as a gate of the first has synced them: the gate's own,
 * one whose issuers it accepts, and a third.
 */
import type { AdmittedAuthorization } from "../../src/authorization/admitted.js";
import { admitAuthorization } from "../../src/authorization/admit.js";
import { rehearseRequest } from "../../src/authorization/check.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import type { AuthorizationRequest, RequestParts } from "../../src/authorization/request.js";
import { makeRequest } from "../../src/authorization/request.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { Draft } from "../../src/domain/draft.js";
import { addGate, addIssuer, addPeer, setBaseline } from "../../src/domain/edit.js";
import { refresh } from "../../src/domain/publish.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import type { TrustView } from "../../src/trust/view.js";
import type { Result } from "../../src/verdict.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, makeDomain, must, START } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { live, TestReader } from "../sync/fixture.js";
import type { Loose } from "../trust/forge.js";
import type { HandLink, HandMaking } from "./craft.js";
import { below, fileOf, party, rootBy, sha256 } from "./craft.js";

/** The gate's own domain. */
export const SHIP = "ship.example";
/** A peer whose issuers are accepted for `/pay` and `/read`. */
export const BANK = "bank.example";
/** A peer that is accepted for `/read`. */
export const MILL = "mill.example";
export const GATE = `${SHIP}/gate-1`;
export const OTHER_GATE = `${SHIP}/gate-2`;

/** Issuers: BANK's for `/pay` and `/read`, BANK's for `/read` alone, SHIP's and MILL's for everything. */
export const ISSUERS = {
  bank: party("issuer of bank"),
  reader: party("reading issuer of bank"),
  ship: party("issuer of ship"),
  mill: party("issuer of mill"),
};
export const CLERK = party("clerk");
export const HELPER = party("helper");
export const THIEF = party("thief");
export const GATE_KEYS = { [GATE]: party(GATE), [OTHER_GATE]: party(OTHER_GATE) };

/** How SHIP accepts the others. */
export const BANK_TERMS = { maxStaleness: 20_000, maxLifetime: 90_000, skew: 2_000 };
export const MILL_TERMS = { maxStaleness: 25_000, maxLifetime: 90_000, skew: 500 };
/** How the gate is told to look at its own domain. */
export const OWN_TERMS = { maxLifetime: 120_000, skew: 1_000 };
export const MAX_STALENESS = 30_000;

/** Milliseconds: when the timestamps of all three were issued. */
export const ISSUED = START + 600_000;
export const NOW = ISSUED + 1_000;

export interface World {
  readonly ship: TestDomain;
  readonly bank: TestDomain;
  readonly mill: TestDomain;
  readonly domains: KnownDomains;
  /** SHA-256 of SHIP's baseline. */
  readonly baseline: string;
}

export type Published = Pick<World, "ship" | "bank" | "mill">;

/** The view that a reader gets who pinned the first root and syncs over memory. */
export async function viewOf(domain: TestDomain, now = domain.now): Promise<TrustView> {
  const reader = await TestReader.of(domain);
  return (await reader.sync(now, live(domain))).view;
}

/** Publishes the domains; `change` is done before their last timestamps are issued. */
export async function makeWorld(change?: (domains: Published) => Promise<void>): Promise<World> {
  const [ship, bank, mill] = await Promise.all([SHIP, BANK, MILL].map((name) => makeDomain(name)));
  if (!ship || !bank || !mill) throw new Error("three domains");
  const issuer = (name: keyof typeof ISSUERS, commands: string[]) => (draft: Draft) =>
    addIssuer(draft, { name, key: ISSUERS[name].hex, commands });
  await bank.edit(issuer("bank", ["/pay", "/read"]));
  await bank.publish(issuer("reader", ["/read"]));
  await mill.publish(issuer("mill", ["/"]));
  await acceptPeer(ship, bank, { commands: ["/pay", "/read"], ...BANK_TERMS });
  await acceptPeer(ship, mill, { commands: ["/read"], ...MILL_TERMS });
  await ship.edit(issuer("ship", ["/"]));
  for (const [origin, { hex }] of Object.entries(GATE_KEYS)) {
    await ship.edit((draft) => addGate(draft, { origin, key: hex }));
  }
  const measured = { kernels: [hexKey("kernel")], environment: [] };
  await ship.publish((draft) => setBaseline(kernel, draft, measured));
  await change?.({ ship, bank, mill });
  for (const domain of [ship, bank, mill]) {
    domain.now = ISSUED;
    await domain.change(refresh);
  }
  const own = await viewOf(ship);
  const peers = new Map([
    [BANK, await viewOf(bank)],
    [MILL, await viewOf(mill)],
  ]);
  const file = own.state?.contents.get("baseline.json");
  return { ship, bank, mill, domains: { own, peers }, baseline: file ? sha256(file) : "none" };
}

export async function acceptPeer(
  domain: TestDomain,
  peer: TestDomain,
  terms: { commands: string[]; maxStaleness: number; maxLifetime: number; skew: number },
): Promise<void> {
  const root = await peer.read("metadata/1.root.json");
  const pinned = { version: 1, sha256: sha256(root) };
  await domain.edit((draft) => addPeer(draft, { ...terms, name: peer.name, root: pinned }, root));
}

/** The world that most tests are in. */
export const world = await makeWorld();

/** A view with another state: what a reader would have of another published one, without publishing. */
export function otherState(view: TrustView, change: Partial<VerifiedTrustState>): TrustView {
  if (!view.state) throw new Error(`${view.domain} has no state`);
  return Object.freeze({ ...view, state: Object.freeze({ ...view.state, ...change }) });
}

/** The same domains with other views of some; undefined takes one away. */
export function otherViews(
  { own, peers }: KnownDomains,
  change: { readonly [domain: string]: ((view: TrustView) => TrustView | undefined) | undefined },
): KnownDomains {
  const changed = (view: TrustView): TrustView | undefined => {
    const by = change[view.domain];
    return by ? by(view) : view;
  };
  const others = [...peers].flatMap(([name, view]) => {
    const other = changed(view);
    return other ? [[name, other] as const] : [];
  });
  return { own: changed(own) ?? own, peers: new Map(others) };
}

export function situation(change: Partial<Rehearsal> = {}): Rehearsal {
  return {
    now: NOW,
    gate: GATE,
    domains: world.domains,
    maxStaleness: MAX_STALENESS,
    terms: OWN_TERMS,
    possession: NOT_CHECKED,
    artifacts: [],
    ...change,
  };
}

export const at = (ms: number): string => new Date(ms).toISOString();

/** Valid for an hour, for SHIP, for the clerk to pay. */
export const GRANT: Loose = {
  audience: [SHIP],
  principal: { id: "agent:clerk", key: CLERK.hex },
  command: "/pay",
  expires: at(NOW + 3_600_000),
};

/** By BANK's issuer to the clerk. */
export function grant(change: Loose = {}, making: HandMaking = {}): HandLink {
  return rootBy(BANK, ISSUERS.bank, { ...GRANT, ...change }, making);
}

/** By the clerk to the helper. */
export function handOn(parent: HandLink, change: Loose = {}, making: HandMaking = {}): HandLink {
  const principal = { id: "agent:helper", key: HELPER.hex };
  return below(parent, CLERK, { principal, ...change }, making);
}

export function ask(change: Partial<RequestParts> = {}): AuthorizationRequest {
  return must(
    makeRequest({
      principal: "agent:clerk",
      command: "/pay/transfer",
      arguments: { amount: 5 },
      ...change,
    }),
  );
}

export function admitted(
  links: readonly HandLink[],
  domains = world.domains,
): Result<AdmittedAuthorization> {
  return admitAuthorization(kernel, fileOf(links), domains);
}

/** `allow`, or the code that denies. */
export function decide(
  links: readonly HandLink[],
  request: AuthorizationRequest,
  where: Rehearsal,
): string {
  const authorization = admitted(links, where.domains);
  if (!authorization.ok) return authorization.code;
  const permission = rehearseRequest(authorization.value, request, where);
  return permission.ok ? "allow" : permission.code;
}
