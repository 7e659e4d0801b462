import { describe, expect, test } from "vitest";
import type { GateFold } from "../../src/gate/state.js";
import { stateAt } from "../../src/gate/state-at.js";
import type { Entry } from "../../src/lineage/entry.js";
import { parseEntry } from "../../src/lineage/entry.js";
import { grant, GATE } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { asking, leafOf, openBench, TestEffect } from "./harness.js";

describe("F42: the state at any index", () => {
  test("is rebuilt from the entries alone, as the gate had it", async () => {
    const { gate } = await openBench();
    const live: string[] = [];
    const textOf = (state: unknown): string => JSON.stringify((state as GateFold).toJson());
    gate.onEntry(() => live.push(textOf(gate.state)));
    const before = gate.state.size;
    const links = [grant({ audience: [GATE], limits: { uses: 2 } })];
    const effect = new TestEffect();
    const first = await gate.start(await asking(gate, { links, effect }));
    effect.end();
    if (first.outcome === "allow") await first.run.finished;
    await gate.start(await asking(gate, { links, request: { command: "/read" } }));
    const second = await gate.start(await asking(gate, { links, effect: new TestEffect() }));
    expect(second.outcome).toBe("allow");
    await gate.contain();

    const entries: { entry: Entry; leaf: string }[] = [];
    for (let index = 0; index < gate.state.size; index++) {
      const bytes = (await gate.core.ledger.log.read(index)) as Uint8Array;
      entries.push({ entry: must(parseEntry(bytes)), leaf: leafOf(bytes) });
    }
    expect(entries.length).toBeGreaterThan(before + 10);
    expect(textOf(must(await stateAt(entries, entries.length)))).toBe(textOf(gate.state));
    // An append applies all its entries before it tells: the last of each write can be compared.
    const known = new Set(live);
    let seen = 0;
    for (let size = before + 1; size <= entries.length; size++) {
      if (known.has(textOf(must(await stateAt(entries, size))))) seen += 1;
    }
    expect(seen).toBe(known.size);
    await gate.close();
  });

  test("of a log that no gate has written is refused, and so is more than there is", async () => {
    const { gate } = await openBench();
    const bytes = (await gate.core.ledger.log.read(1)) as Uint8Array;
    const second = { entry: must(parseEntry(bytes)), leaf: leafOf(bytes) };
    expect(await stateAt([second], 1)).toMatchObject({ ok: false, code: "LOG" });
    expect(await stateAt([], 1)).toMatchObject({ ok: false, code: "MISSING" });
    await gate.close();
  });
});
