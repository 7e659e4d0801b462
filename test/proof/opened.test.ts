/** F19, F45: lines that open digests, where nothing in the log names them, with a manifest made to fit. */
import { describe, expect, test } from "vitest";
import { THIEF } from "../authorization/world.js";
import { asking, TestEffect } from "../gate/harness.js";
import type { Line, Parts } from "./attacker.js";
import { assemble, copyOf, refit, takeApart } from "./attacker.js";
import type { SeenBench } from "./fixture.js";
import { openSeen, prove, runOnce, see, verify } from "./fixture.js";

const bench = await openSeen();
await see(bench);
const two = { request: { arguments: { amount: 5, note: "for tea" } } };
await runOnce(bench, two, 1);
const mine = await runOnce(bench, two, 0);
await see(bench);
const good = takeApart((await prove(bench)).bytes);
const [opening = "", note = "", salt = ""] = (good.logs[0] as Line[]).flatMap(
  ({ opened }) => opened,
);

const changed = (change: (lines: Line[]) => void, parts: Parts = good): Uint8Array => {
  const copy = copyOf(parts);
  change(copy.logs[0] as Line[]);
  return assemble(refit(copy));
};

async function refuted(bytes: Uint8Array, code: string): Promise<void> {
  const report = await verify(bytes);
  expect(report).toMatchObject({ outcome: "REFUTED", code });
  const check = report.checks.find(({ outcome }) => outcome === "failed");
  expect(check?.name).toMatch(/: authorizations$|^form$/);
}

test("what is put together again is the same", () => {
  expect(changed(() => {})).toEqual(assemble(good));
});

describe("an opening", () => {
  test("behind an entry of any other kind: NON_CANONICAL", async () => {
    for (const [i, { text }] of (good.logs[0] as Line[]).entries()) {
      if (text.includes('"kind":"admission"')) continue;
      const put = (lines: string[]) => changed((all) => (all[i] as Line).opened.push(...lines));
      await refuted(put([opening]), "NON_CANONICAL");
      await refuted(put([salt]), "NON_CANONICAL");
    }
  });

  const at = (lines: Line[]): Line => lines.find(({ opened }) => opened.length > 0) as Line;

  test.each<[string, string[], string]>([
    ["twice", [opening, opening, note, salt], "NON_CANONICAL"],
    ["before the one before", [note, opening, salt], "NON_CANONICAL"],
    [
      "of a name that nobody asked with",
      [opening, opening.replace("amount", "x"), salt],
      "NON_CANONICAL",
    ],
    [
      "beside one that is withheld",
      [opening, opening.replace("amount", "oo"), salt],
      "NON_CANONICAL",
    ],
    ["of another value", [opening.replace('"value":5', '"value":6'), note, salt], "DIGEST"],
    [
      "that is right, beside one that is not",
      [opening, note.replace("tea", "two"), salt],
      "DIGEST",
    ],
    [
      "with another salt of the request",
      [opening, note, `{"request":"${"0".repeat(64)}"}`],
      "HOLDER",
    ],
    ["with two salts", [opening, note, salt, salt], "MALFORMED"],
    ["behind the salt", [salt, opening, note], "MALFORMED"],
    ["with a space", [opening.replace('"salt":', '"salt": '), note, salt], "MALFORMED"],
    ["with an escape", [opening.replace("amount", "\\u0061mount"), note, salt], "MALFORMED"],
  ])("%s: REFUTED", async (_, lines, code) => {
    await refuted(
      changed((all) => (at(all).opened = lines)),
      code,
    );
  });

  test.each([
    ["the first", [note, salt]],
    ["the last", [opening, salt]],
    ["both", [salt]],
    ["the salt", [opening, note]],
    ["all", []],
  ])("withheld, %s of them: REDACTED", async (_, lines) => {
    const report = await verify(changed((all) => (at(all).opened = lines)));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "REDACTED" });
  });
});

test("of a run that the bundle is not about: NON_CANONICAL", async () => {
  const { bytes } = await prove(bench, { selection: { what: "run", run: mine } });
  expect((await verify(bytes)).outcome).toBe("PROVEN");
  const first = (lines: Line[]) => lines.find(({ text }) => text.includes('"kind":"admission"'));
  const more = changed((all) => {
    (first(all) as Line).opened = [opening, note, salt];
  }, takeApart(bytes));
  await refuted(more, "NON_CANONICAL");
});

/** Of a run of which no decision is made again. */
async function deniedRun(): Promise<SeenBench> {
  const other = await openSeen();
  await see(other);
  const ask = await asking(other.gate, { holder: THIEF, effect: new TestEffect() });
  expect((await other.gate.start(ask)).outcome).toBe("deny");
  await see(other);
  return other;
}

test("of a run that was denied before it was admitted there is none to change", async () => {
  const parts = takeApart((await prove(await deniedRun())).bytes);
  expect(parts.logs[0]?.flatMap(({ opened }) => opened)).toEqual([]);
  await refuted(
    changed((all) => (all.at(-1) as Line).opened.push(opening), parts),
    "NON_CANONICAL",
  );
});
