/** The policy of the gate's own domain: it narrows, and permits nothing. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { setPolicy } from "../../src/domain/edit.js";
import type { TrustView } from "../../src/trust/view.js";
import { kernel } from "../kernel.js";
import { frozen, TestReader } from "../sync/fixture.js";
import type { Loose } from "../trust/forge.js";
import { Forgery, keysOf } from "../trust/forge.js";
import { agreed, later } from "./agreed.js";
import { rootBy, sha256 } from "./craft.js";
import { SEED } from "./random.js";
import type { Published } from "./world.js";
import {
  ask,
  GRANT,
  grant,
  ISSUED,
  ISSUERS,
  makeWorld,
  NOW,
  otherState,
  otherViews,
  SHIP,
  situation,
  world,
} from "./world.js";

const root = grant();
const own = [rootBy(SHIP, ISSUERS.ship, GRANT)];

const after = async (change: (domains: Published) => Promise<void>): Promise<KnownDomains> =>
  (await makeWorld(change)).domains;

describe("F5: the domain's own policy", () => {
  const ruled = (...rules: Loose[]): Promise<KnownDomains> =>
    after(async ({ ship }) => {
      await ship.publish((draft) => setPolicy(kernel, draft, { rules }));
    });

  test("denies what it does not hold for, and nothing of other commands", async () => {
    const domains = await ruled({ command: "/pay/transfer", policy: [["<=", ".amount", 5]] });
    const of = (amount: Loose, command = "/pay/transfer") =>
      agreed([root], ask({ command, arguments: { amount } }), situation({ domains }));
    expect(of(5)).toBe("allow");
    expect(of(6)).toBe("POLICY");
    expect(of("5")).toBe("POLICY");
    expect(of(5, "/pay/transfer/now")).toBe("allow");
    expect(of(6, "/pay/transfer/now")).toBe("POLICY");
    expect(of(6, "/pay")).toBe("allow");
    expect(of(6, "/pay/transfers")).toBe("allow");
  });

  test("with an operator that nobody knows denies every command", async () => {
    const domains = await ruled(
      {
        command: "/other",
        policy: [
          [
            "or",
            [
              ["==", ".x", 1],
              ["near", ".x", 1],
            ],
          ],
        ],
      },
      { command: "/pay", policy: [] },
    );
    expect(agreed([root], ask(), situation({ domains }))).toBe("POLICY");
    expect(agreed(own, ask({ command: "/pay" }), situation({ domains }))).toBe("POLICY");
  });

  test("of another domain has no say", async () => {
    const domains = await after(async ({ bank }) => {
      const rules = [{ command: "/", policy: [["==", ".x", 1]] }];
      await bank.publish((draft) => setPolicy(kernel, draft, { rules }));
    });
    expect(agreed([root], ask(), situation({ domains }))).toBe("allow");
  });

  test("F5: what is allowed with it is allowed without it", () => {
    const amount = fc.integer({ min: 0, max: 20 });
    const predicate = fc.oneof(
      fc.tuple(fc.constantFrom("<", "<=", ">", ">=", "==", "!="), fc.constant(".amount"), amount),
      fc.tuple(fc.constant("like"), fc.constant(".to?"), fc.constantFrom("a*", "*b")),
      fc.tuple(
        fc.constant("not"),
        fc.tuple(fc.constant("=="), fc.constant(".to?"), fc.constantFrom("ab", null)),
      ),
      fc.constant(["unheard", ".amount", 1]),
    );
    const rule = fc.record({
      command: fc.constantFrom("/", "/pay", "/pay/transfer", "/read"),
      policy: fc.array(predicate, { maxLength: 2 }),
    });
    const given = fc.record({ amount, to: fc.constantFrom("ab", "b", "c") }, { requiredKeys: [] });
    const command = fc.constantFrom("/pay", "/pay/transfer", "/read");
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 3 }),
        given,
        command,
        amount,
        (rules, args, name, most) => {
          const links = [grant({ policy: [["<=", ".amount", most]] })];
          const request = ask({ command: name, arguments: args });
          const domains = otherViews(world.domains, {
            [SHIP]: (view) => otherState(view, { policy: { rules } }),
          });
          const narrowed = agreed(links, request, situation({ domains }));
          const plain = agreed(links, request, situation());
          seen.set(`${narrowed} ${plain}`, (seen.get(`${narrowed} ${plain}`) ?? 0) + 1);
          if (narrowed === "allow") expect(plain).toBe("allow");
        },
      ),
      { numRuns: 2_000, seed: SEED },
    );
    expect(seen.get("allow allow")).toBeGreaterThan(100);
    expect(seen.get("POLICY allow")).toBeGreaterThan(100);
  });

  test("F14: a baseline that names another policy is no trust", async () => {
    const { ship } = world;
    const published = async (change: (json: Loose) => Loose): Promise<TrustView> => {
      const forgery = await Forgery.of(ship);
      forgery.now = ISSUED;
      const reader = await TestReader.of(ship);
      await forgery.publish(keysOf(SHIP), { contents: { "baseline.json": change } });
      return (await reader.sync(NOW, frozen(forgery.storage, "forged"))).view;
    };
    const answer = (view: TrustView): string =>
      later(own, ask(), { domains: { own: view, peers: world.domains.peers } });
    expect(answer(await published((json) => json))).toBe("allow");
    const forged = await published((json) => ({ ...json, policy: sha256("another") }));
    expect(forged.state).toBeUndefined();
    expect(answer(forged)).toBe("NO_TRUST");
  });
});
