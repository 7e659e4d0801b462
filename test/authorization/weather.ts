/** Random situations, and requests that lie at the bounds of a chain. */
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { TrustView, Withdrawn } from "../../src/trust/view.js";
import type { Loose } from "../trust/forge.js";
import { OTHER_PROGRAM, PROGRAM } from "./forest.js";
import type { Node } from "./forest.js";
import type { Random } from "./random.js";
import {
  ask,
  at,
  BANK,
  BANK_TERMS,
  GATE,
  ISSUED,
  ISSUERS,
  MAX_STALENESS,
  MILL,
  NOW,
  OTHER_GATE,
  otherState,
  otherViews,
  OWN_TERMS,
  SHIP,
  situation,
  world,
} from "./world.js";

type Change = (view: TrustView) => TrustView | undefined;

const fail =
  (code: "EQUIVOCATION" | "NO_TRUST"): Change =>
  (view) => ({ ...view, failure: { ok: false, code, expected: "", found: "" } });
const aged =
  (issued: number | undefined): Change =>
  (view) =>
    otherState(view, { issued });
const withdrawing =
  (change: Partial<Withdrawn>): Change =>
  (view) => ({ ...view, withdrawn: { ...view.withdrawn, ...change } });
const issuers =
  (change: Loose): Change =>
  (view) =>
    otherState(view, { authority: { ...(view.state as Loose).authority, issuers: change } });
const peers =
  (edit: (peers: Loose[]) => Loose[]): Change =>
  (view) =>
    otherState(view, { peers: { peers: edit((view.state as Loose).peers.peers) } });
const rules =
  (...policies: Loose[]): Change =>
  (view) =>
    otherState(view, {
      policy: { rules: policies.map((policy) => ({ command: "/pay", policy: [policy] })) },
    });
const released =
  (time: string): Change =>
  (view) => {
    const { authority } = view.state as Loose;
    const gates = authority.gates.map((gate: Loose) => ({ ...gate, released: time }));
    return otherState(view, { authority: { ...authority, gates } });
  };

/** What may have happened to one domain, mostly nothing. */
function changeOf(random: Random, nodes: readonly Node[], domain: string): Change | undefined {
  const link = () => random.pick(random.pick(nodes).links);
  const revoked = new Set(Array.from({ length: 20 }, () => link().id));
  const principal = link().predicate.principal.key;
  const changes: (readonly [number, Change | undefined])[] = [
    [30, undefined],
    [3, withdrawing({ authorizations: revoked })],
    [1, withdrawing({ keys: new Set([principal]) })],
    [0.5, withdrawing({ keys: new Set([link().predicate.issuer.key]) })],
    [0.7, fail("EQUIVOCATION")],
    [0.4, (view) => ({ ...view, state: undefined })],
    [0.4, aged(undefined)],
    [1, aged(NOW + random.pick([500, 501, 1_000, 1_001, 2_000, 2_001]))],
    [1, aged(NOW - random.pick([900, 901, 19_999, 20_000, 20_001, 25_001]))],
  ];
  if (domain !== SHIP) {
    changes.push([0.7, () => undefined]);
    changes.push([1, issuers([{ name: "x", key: ISSUERS.bank.hex, commands: ["/pay/transfer"] }])]);
    changes.push([0.6, issuers([{ name: "x", key: ISSUERS.ship.hex, commands: ["/"] }])]);
    return random.weigh(...changes);
  }
  const contained = withdrawing({ contained: new Map([[GATE, at(NOW - 5_000)]]) });
  const lifted = released(at(NOW - random.pick([4_999, 5_000, 5_001])));
  changes.push([5, contained]);
  changes.push([3, (view) => lifted(contained(view) as TrustView)]);
  changes.push([1, withdrawing({ keys: new Set([gateKey(GATE)]) })]);
  changes.push([1.5, peers((all) => all.filter(({ name }) => name !== BANK))]);
  changes.push([
    1.5,
    peers((all) => all.map((each) => ({ ...each, commands: ["/pay/transfer"] }))),
  ]);
  changes.push([1, peers((all) => all.map((each) => ({ ...each, maxStaleness: 1_000, skew: 0 })))]);
  changes.push([0.5, peers((all) => all.map((each) => ({ ...each, maxLifetime: 59_999 })))]);
  changes.push([3, rules(["<=", ".amount", random.pick([49, 50, 94])])]);
  changes.push([1, rules(["like", ".to", "*b*"], ["not", ["==", ".to", "ab"]])]);
  changes.push([0.5, rules(["<=", ".amount", 100], ["about", ".amount", 100])]);
  return random.weigh(...changes);
}

function gateKey(origin: string): string {
  const gates = world.domains.own.state?.authority.gates ?? [];
  return gates.find((gate) => gate.origin === origin)?.key ?? "none";
}

/** All but the time. */
export function weather(random: Random, nodes: readonly Node[]): Rehearsal {
  const changes = Object.fromEntries(
    [SHIP, BANK, MILL].map((domain) => [domain, changeOf(random, nodes, domain)]),
  );
  return situation({
    domains: otherViews(world.domains, changes),
    gate: random.weigh<Rehearsal["gate"]>(
      [80, GATE],
      [8, OTHER_GATE],
      [8, NOT_CHECKED],
      [1, `${SHIP}/gate-3`],
      [1, `${BANK}/gate-1`],
    ),
    maxStaleness: random.weigh([8, MAX_STALENESS], [1, 5_000], [1, 1_000]),
    artifacts: random.weigh<Rehearsal["artifacts"]>(
      [80, [PROGRAM]],
      [4, []],
      [4, [OTHER_PROGRAM]],
      [4, [{ sha256: PROGRAM.sha256 }]],
      [4, [PROGRAM, OTHER_PROGRAM]],
    ),
  });
}

/** A time that something ends or begins at, a millisecond off at most; or just now. */
export function timeOf(random: Random, { links }: Node): number {
  if (random.chance(0.75)) return NOW;
  const { expires, notBefore, maxStaleness } = random.pick(links).predicate;
  const bounds = [
    Date.parse(expires),
    ISSUED + (maxStaleness ?? BANK_TERMS.maxStaleness),
    ISSUED + random.pick([MAX_STALENESS, BANK_TERMS.maxStaleness, 60_000]),
    ISSUED - random.pick([OWN_TERMS.skew, BANK_TERMS.skew]),
    ...(notBefore ? [OWN_TERMS.skew, BANK_TERMS.skew].map((ms) => Date.parse(notBefore) - ms) : []),
  ];
  return random.pick(bounds) + random.pick([-1, 0, 0, 1]);
}

/** What is asked of each link, by its own principal: the parts that do not depend on who asks. */
export function requestOf(random: Random, { links }: Node) {
  const { command, principal } = (links.at(-1) as Node["links"][number]).predicate;
  const asked = random.weigh(
    [70, command],
    [25, `${command === "/" ? "" : command}/${random.pick(["eu", "all", "transfer"])}`],
    [2, random.pick(["/pay", "/read", "/pays", "/pay/transfers", "/mix"])],
  );
  const amount = random.weigh<Loose>(
    [60, random.pick([0, 1, 10, 49, 50])],
    [30, random.pick([51, 94, 95, 96, 99, 100, 101])],
    [1, random.pick([-1, 9.5, "9", null, true, [9], 2 ** 53 - 1])],
  );
  const given: Loose = {
    ...(random.chance(0.97) ? { amount } : {}),
    ...(random.chance(0.97) ? { path: random.weigh([30, "/data/x"], [1, "/data/../x"]) } : {}),
    ...(random.chance(0.97) ? { to: random.weigh([30, "ab"], [1, "thief"], [1, "b"]) } : {}),
    ...(random.chance(0.1) ? { urgent: random.chance(0.5) } : {}),
    ...(random.chance(0.1) ? { items: random.pick<Loose>([[9], [10], [], [9, "9"], 9]) } : {}),
  };
  const isHolder = random.chance(0.98);
  return {
    by: (id: string): AuthorizationRequest =>
      ask({ principal: isHolder ? id : "agent:nobody", command: asked, arguments: given }),
    principal: principal.id as string,
  };
}
