/** What the domains say now, against what was admitted before. */
import { describe, expect, test } from "vitest";
import { explainRequest } from "../../src/authorization/check.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import {
  addIssuer,
  releaseGate,
  removeGate,
  removeIssuer,
  removePeer,
} from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import type { TrustView } from "../../src/trust/view.js";
import { makeDomain, must } from "../domain/fixture.js";
import { frozen, TestReader } from "../sync/fixture.js";
import type { Loose } from "../trust/forge.js";
import { agreed, later } from "./agreed.js";
import { rootBy, sha256 } from "./craft.js";
import type { Published } from "./world.js";
import {
  acceptPeer,
  admitted,
  ask,
  at,
  BANK,
  BANK_TERMS,
  CLERK,
  GATE,
  GATE_KEYS,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUED,
  ISSUERS,
  makeWorld,
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

const root = grant();
const child = handOn(root);
const chain = [root, child];
const asHelper = ask({ principal: "agent:helper" });
const own = [rootBy(SHIP, ISSUERS.ship, GRANT)];

const after = async (change: (domains: Published) => Promise<void>): Promise<KnownDomains> =>
  (await makeWorld(change)).domains;

/** The world with another view of one domain. */
const view =
  (domain: string, change: (view: TrustView) => TrustView | undefined) => (): KnownDomains =>
    otherViews(world.domains, { [domain]: change });

describe("F1: no trust, no run", () => {
  test("neither the own domain nor the issuer's may be unknown", () => {
    const none = (each: TrustView): TrustView => ({ ...each, state: undefined });
    expect(later(chain, asHelper, { domains: view(SHIP, none)() })).toBe("NO_TRUST");
    expect(later(chain, asHelper, { domains: view(BANK, none)() })).toBe("NO_TRUST");
    expect(later(chain, asHelper, { domains: view(BANK, () => undefined)() })).toBe("NO_TRUST");
    expect(later(chain, asHelper, { domains: view(MILL, () => undefined)() })).toBe("allow");
    expect(later(own, ask(), { domains: view(BANK, () => undefined)() })).toBe("allow");
  });

  test("a view under another domain's name is nobody's", () => {
    const { own: ship, peers } = world.domains;
    const mill = peers.get(MILL) as TrustView;
    const swapped = { own: ship, peers: new Map([[BANK, mill]]) };
    expect(later(chain, asHelper, { domains: swapped })).toBe("NO_TRUST");
    const evil = otherState(ship, { authority: { issuers: [], gates: [] } as never });
    const shadowed = { own: ship, peers: new Map([[SHIP, evil], ...peers]) };
    expect(later(own, ask(), { domains: shadowed })).toBe("allow");
  });
});

describe("F3: trust is fresh up to its bound, to the millisecond", () => {
  test("the caller's, for the own domain", () => {
    expect(later(own, ask(), { now: ISSUED + MAX_STALENESS })).toBe("allow");
    expect(later(own, ask(), { now: ISSUED + MAX_STALENESS + 1 })).toBe("STALE");
  });

  test("the peer's, for the issuer's", () => {
    expect(later(chain, asHelper, { now: ISSUED + BANK_TERMS.maxStaleness })).toBe("allow");
    expect(later(chain, asHelper, { now: ISSUED + BANK_TERMS.maxStaleness + 1 })).toBe("STALE");
  });

  test("the expiry of the timestamp, whatever the bounds", () => {
    const maxStaleness = 1e9;
    expect(later(own, ask(), { now: ISSUED + 59_999, maxStaleness })).toBe("allow");
    expect(later(own, ask(), { now: ISSUED + 60_000, maxStaleness })).toBe("STALE");
  });

  test("no time of issue, a time ahead of the skew, a life beyond what is pinned", () => {
    const unknown = (each: TrustView): TrustView => otherState(each, { issued: undefined });
    expect(later(chain, asHelper, { domains: view(BANK, unknown)() })).toBe("STALE");
    expect(later(chain, asHelper, { domains: view(SHIP, unknown)() })).toBe("STALE");
    expect(later(own, ask(), { now: ISSUED - OWN_TERMS.skew })).toBe("allow");
    expect(later(own, ask(), { now: ISSUED - OWN_TERMS.skew - 1 })).toBe("CLOCK");
    expect(later(own, ask(), { terms: { ...OWN_TERMS, maxLifetime: 60_000 } })).toBe("allow");
    expect(later(own, ask(), { terms: { ...OWN_TERMS, maxLifetime: 59_999 } })).toBe("CLOCK");
  });

  test("the peer's skew and life, for the issuer's", async () => {
    const ahead = (ms: number) =>
      view(BANK, (each) => otherState(each, { issued: NOW + BANK_TERMS.skew + ms }))();
    expect(later(chain, asHelper, { domains: ahead(0) })).toBe("allow");
    expect(later(chain, asHelper, { domains: ahead(1) })).toBe("CLOCK");
    const short = await after(async ({ ship, bank }) => {
      const terms = { commands: ["/pay"], ...BANK_TERMS, maxLifetime: 59_999 };
      await acceptPeer(ship, bank, terms);
      await ship.publish();
    });
    expect(later(chain, asHelper, { domains: short })).toBe("CLOCK");
  });
});

test("a domain that contradicts itself supports nothing", () => {
  const contradicted = (each: TrustView): TrustView => ({
    ...each,
    failure: { ok: false, code: "EQUIVOCATION", expected: "one", found: "two" },
    contradictions: ["timestamp 17"],
  });
  expect(later(chain, asHelper, { domains: view(BANK, contradicted)() })).toBe("EQUIVOCATION");
  expect(later(chain, asHelper, { domains: view(SHIP, contradicted)() })).toBe("EQUIVOCATION");
  expect(later(chain, asHelper, { domains: view(MILL, contradicted)() })).toBe("allow");
});

describe("F12: a foreign domain", () => {
  test("is accepted while it is a peer", async () => {
    const domains = await after(async ({ ship }) => {
      await ship.publish((draft) => removePeer(draft, BANK));
    });
    expect(later(chain, asHelper, { domains })).toBe("UNTRUSTED");
    expect(agreed(chain, asHelper, situation({ domains }))).toBe("UNTRUSTED");
    expect(later(own, ask(), { domains })).toBe("allow");
  });

  test("is accepted for the peer's commands, whatever its issuers may", () => {
    const pay = [rootBy(MILL, ISSUERS.mill, { ...GRANT, command: "/" })];
    const of = (command: string) => agreed(pay, ask({ command }), situation());
    expect(of("/read")).toBe("allow");
    expect(of("/read/all")).toBe("allow");
    for (const command of ["/pay", "/reading", "/"]) expect(of(command)).toBe("UNTRUSTED");
  });

  test("is not accepted for being a peer's peer", async () => {
    const far = await makeDomain("far.example");
    await far.publish((draft) =>
      addIssuer(draft, { name: "far", key: CLERK.hex, commands: ["/"] }),
    );
    const { domains } = await makeWorld(async ({ bank }) => {
      await acceptPeer(bank, far, { commands: ["/"], ...BANK_TERMS });
      await bank.publish();
    });
    const reader = await TestReader.of(far);
    const synced = await reader.sync(far.now, frozen(await far.snapshot(), "far"));
    const fresh = otherState(synced.view, { issued: NOW });
    const peers = new Map([...domains.peers, [far.name, fresh]]);
    const known = { own: domains.own, peers };
    const link = rootBy(far.name, CLERK, GRANT);
    expect(agreed([link], ask(), situation({ domains: known }))).toBe("UNTRUSTED");
  });
});

describe("an issuer", () => {
  test("that is no longer listed", async () => {
    const domains = await after(async ({ bank }) => {
      await bank.publish((draft) => removeIssuer(draft, "bank"));
    });
    expect(["REVOKED", "KEY"]).toContain(later(chain, asHelper, { domains }));
    expect(["REVOKED", "KEY"]).toContain(agreed(chain, asHelper, situation({ domains })));
  });

  test("that is listed for less than it once was", async () => {
    const listed = (commands: string[]) =>
      after(async ({ bank }) => {
        const issuer = { name: "bank", key: ISSUERS.bank.hex, commands };
        await bank.publish((draft) => addIssuer(draft, issuer));
      });
    expect(later(chain, asHelper, { domains: await listed(["/pay/transfer"]) })).toBe("SCOPE");
    expect(later(chain, asHelper, { domains: await listed(["/pay", "/x"]) })).toBe("allow");
  });
});

describe("what is revoked", () => {
  const expires = "2027-01-01T00:00:00Z";
  const WHAT: Readonly<Record<string, Parameters<typeof withdraw>[1]>> = {
    "the first link": { authorizations: [{ sha256: root.id, expires }] },
    "the last link": { authorizations: [{ sha256: child.id, expires }] },
    "the issuer's key": { keys: [{ key: ISSUERS.bank.hex, expires }] },
    "the key that handed it on": { keys: [{ key: CLERK.hex, expires }] },
    "the key of the one who asks": { keys: [{ key: HELPER.hex, expires }] },
  };

  test.each(Object.entries(WHAT))("by its issuer's domain: %s", async (_, what) => {
    const domains = await after(async ({ bank }) => {
      await bank.change((open) => withdraw(open, what));
    });
    expect(later(chain, asHelper, { domains })).toBe("REVOKED");
  });

  test.each(Object.entries(WHAT))("by the gate's own domain: %s", async (_, what) => {
    const domains = await after(async ({ ship }) => {
      await ship.change((open) => withdraw(open, what));
    });
    expect(later(chain, asHelper, { domains })).toBe("REVOKED");
  });

  test("by another domain, or of another chain, is of no effect", async () => {
    const domains = await after(async ({ bank, mill }) => {
      for (const what of Object.values(WHAT)) await mill.change((open) => withdraw(open, what));
      const others = [grant().id, sha256("x")].sort().map((id) => ({ sha256: id, expires }));
      await bank.change((open) => withdraw(open, { authorizations: others }));
    });
    expect(later(chain, asHelper, { domains })).toBe("allow");
  });

  test("stays revoked when the newest state no longer says so", () => {
    const seen = view(BANK, (each) => ({
      ...each,
      withdrawn: { ...each.withdrawn, authorizations: new Set([root.id]) },
    }));
    expect(seen().peers.get(BANK)?.state?.status.authorizations).toEqual([]);
    expect(later(chain, asHelper, { domains: seen() })).toBe("REVOKED");
  });
});

describe("F27: a gate", () => {
  test("that its domain does not list, or no longer", async () => {
    for (const gate of [`${SHIP}/gate-3`, SHIP, `${BANK}/gate-1`, ""]) {
      expect(["UNTRUSTED", "AUDIENCE"]).toContain(later(chain, asHelper, { gate }));
    }
    const domains = await after(async ({ ship }) => {
      await ship.publish((draft) => removeGate(draft, GATE));
    });
    expect(later(chain, asHelper, { domains })).toBe("UNTRUSTED");
    expect(later(chain, asHelper, { domains, gate: OTHER_GATE })).toBe("allow");
  });

  test("whose key is revoked", async () => {
    const key = GATE_KEYS[GATE]?.hex ?? "";
    const domains = await after(async ({ ship }) => {
      await ship.change((open) =>
        withdraw(open, { keys: [{ key, expires: "2027-01-01T00:00:00Z" }] }),
      );
    });
    expect(later(chain, asHelper, { domains })).toBe("REVOKED");
    expect(later(chain, asHelper, { domains, gate: OTHER_GATE })).toBe("allow");
  });

  test("that is contained, until it is released at that time or later", async () => {
    const since = at(ISSUED - 90_000);
    const released = (time: string | undefined) =>
      after(async ({ ship }) => {
        ship.now = Date.parse(since);
        await ship.change((open) => withdraw(open, { contain: [GATE] }));
        if (time) await ship.publish((draft) => releaseGate(draft, GATE, time));
      });
    expect(later(chain, asHelper, { domains: await released(undefined) })).toBe("CONTAINED");
    const early = at(Date.parse(since) - 1);
    expect(later(chain, asHelper, { domains: await released(early) })).toBe("CONTAINED");
    expect(later(chain, asHelper, { domains: await released(since) })).toBe("allow");
  });

  // A gate speaks for the domain that lists it. If its origin alone said which domain it is of, a
  // domain could list a gate of another's name, and honour what is meant for the other.
  test("of another domain's name honours nothing that is meant for that domain", () => {
    const gate = `${MILL}/gate-9`;
    const listing = view(SHIP, (each) => {
      const { authority } = each.state as Loose;
      const gates = [...authority.gates, { origin: gate, key: sha256("gate") }];
      return otherState(each, { authority: { ...authority, gates } });
    });
    const asked = (...audience: string[]) =>
      later([grant({ audience })], ask(), { domains: listing(), gate });
    expect(asked(MILL)).toBe("AUDIENCE");
    expect(asked(gate)).toBe("AUDIENCE");
    expect(asked(SHIP)).toBe("allow");
  });
});

test("peers' terms are what the own domain pinned", async () => {
  const domains = await after(async ({ ship, bank }) => {
    const terms = { commands: ["/pay"], maxStaleness: 1_000, maxLifetime: 90_000, skew: 0 };
    await acceptPeer(ship, bank, terms);
    await ship.publish();
  });
  expect(later(chain, asHelper, { domains, now: ISSUED + 1_000 })).toBe("allow");
  expect(later(chain, asHelper, { domains, now: ISSUED + 1_001 })).toBe("STALE");
});

test("an explanation passes no step on terms that are not known", () => {
  const early = must(admitted([grant({ notBefore: at(NOW + OWN_TERMS.skew) })]));
  const domains = view(SHIP, (each) => otherState(each, { peers: { peers: [] } }))();
  const steps = explainRequest(early, ask(), situation({ domains }));
  const outcomes = new Map(steps.map(({ name, outcome }) => [name as string, outcome]));
  expect(outcomes.get("peer")).toBe("failed");
  expect(outcomes.get("validity")).not.toBe("passed");
});
