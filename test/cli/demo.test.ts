import { expect, test } from "vitest";
import { scratch, writ, writJson } from "./writ.js";

const at = scratch();

test("the demo proves every file and refutes one flipped bit, and its printed commands hold", () => {
  const { code, out } = writ(["demo", "--out", at("demo")]);
  expect(code).toBe(0);
  expect(out).toMatch(/PROVEN[^]*FAILED +inclusion[^]*expected root[^]*found[^]*REFUTED/);
  const commands = [...out.matchAll(/^ {2}writ (verify .*)$/gm)].map((match) => match[1] as string);
  expect(commands.map((command) => writ(command.split(" ")).code)).toEqual([0, 1, 0]);
  expect(writ(["demo", "--out", at("demo")])).toMatchObject({ code: 2 });
});

test("the demo in JSON", () => {
  const ended = writJson(["demo"]);
  expect(ended).toMatchObject({
    outcome: "DONE",
    tampered: { outcome: "REFUTED", code: "INCLUSION" },
  });
  expect(ended["proven"]).toBe(ended["entries"]);
  const domains = ended["domains"] as { step: string; outcome: string }[];
  const outcomes = domains.map(({ outcome }) => outcome);
  expect(outcomes).toEqual([
    "allow",
    "UNTRUSTED",
    "allow",
    "STALE",
    "allow",
    "REVOKED",
    "UNTRUSTED",
  ]);
  expect(domains.at(-1)?.step).toContain("removed its peer");
  const authorizations = ended["authorizations"] as { step: string; outcome: string }[];
  expect(authorizations.map(({ outcome }) => outcome)).toEqual([
    "allow",
    "SCOPE",
    "SCOPE",
    "HOLDER",
    "REVOKED",
    "REVOKED",
    "allow",
    "STALE",
  ]);
  const denied = authorizations.filter(({ outcome }) => outcome === "REVOKED");
  expect(denied.map(({ step }) => step)).toEqual([
    "ship.example/gate-1, which has synced",
    "ship.example/gate-3, which has synced",
  ]);
  expect(authorizations.at(-1)?.step).toContain("past that bound");

  const governed = ended["governed"] as {
    phases: { phase: number; entry: string; gate: string }[];
    delays: number[];
    proof: string;
    bundle: string;
  };
  // F50 to F58: each phase begins with an entry of a gate's log.
  expect(governed.phases.map(({ phase, entry }) => `${phase} ${entry}`)).toEqual([
    "1 policy",
    "2 admission",
    "3 measurement",
    "4 intent",
    "5 drift",
    "6 interruption",
    "7 transition",
    "8 resume",
    "8 transition",
    "9 transition",
  ]);
  expect(governed.delays).toHaveLength(2);
  expect(governed.proof).toBe("PROVEN");
  expect(governed.bundle).toBe("PROVEN");
});
