/** A chain is admitted once, for as long as domains list the same issuers. */
import { expect, test, vi } from "vitest";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { admitAuthorization } from "../../src/authorization/admit.js";
import { Admissions } from "../../src/proof/admissions.js";
import type { TrustView } from "../../src/trust/view.js";
import { fileOf } from "../authorization/craft.js";
import { BANK, grant, handOn, world } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";

const root = grant();
const chain = fileOf([root, handOn(root)]);
const { domains } = world;
const without = (change: (view: TrustView) => TrustView): KnownDomains => {
  const bank = domains.peers.get(BANK) as TrustView;
  return { own: domains.own, peers: new Map([...domains.peers, [BANK, change(bank)]]) };
};

test("the same chain under the same issuers is the same authorization, and costs no signature", () => {
  const admissions = new Admissions(kernel);
  const first = must(admissions.admit("a", chain, domains));
  const spy = vi.spyOn(kernel, "checkEd25519Many");
  // Another state of a domain that lists the same.
  const newer = without((view) => ({ ...view, state: { ...view.state! } }));
  expect(must(admissions.admit("a", chain, newer))).toBe(first);
  expect(spy).not.toHaveBeenCalled();
  spy.mockRestore();
});

test("issuers that are no longer listed, and domains that are no longer known, admit nothing", () => {
  const changes: readonly KnownDomains[] = [
    without((view) => ({
      ...view,
      state: { ...view.state!, authority: { ...view.state!.authority, issuers: [] } },
    })),
    without((view) => ({ ...view, state: undefined })),
    without((view) => ({ ...view, domain: "other.example" })),
    { own: domains.own, peers: new Map() },
    { own: { ...domains.own, domain: "other.example" }, peers: new Map() },
  ];
  const admissions = new Admissions(kernel);
  for (const changed of changes) {
    must(admissions.admit("a", chain, domains));
    const found = admissions.admit("a", chain, changed);
    expect(found.ok).toBe(false);
    expect(found).toEqual(admitAuthorization(kernel, chain, changed));
  }
});
