/** F48: where an authorization demands it, a peer had seen the intent. */
import { expect, test } from "vitest";
import { storeWitness } from "../../src/gate/witness.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { GATE, grant } from "../authorization/world.js";
import { TestClock } from "../gate/fake-clock.js";
import { gateSigner } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { NOW } from "../authorization/world.js";
import { failuresIn, openSeen, prove, runOnce, verify, witness } from "./fixture.js";

const clock = new TestClock(NOW);
const setup = { logs: [{ origin: GATE, key: gateSigner().key }], verifiers: NO_VERIFIERS };
const peer = storeWitness(kernel, new MemoryTrustStore(), setup, witness, clock);
const bench = await openSeen({ clock, peerWitnesses: [peer] });
const links = [grant({ witnessed: "intent" })];
const run = await clock.until(runOnce(bench, { links }, 0));
await clock.until(bench.gate.close());

test("F48: a witnessed intent is PROVEN with the peer's cosignature", async () => {
  const { bytes } = await prove(bench);
  const report = await verify(bytes);
  expect(failuresIn(report)).toEqual([]);
  const names = report.checks.map(({ name }) => name);
  expect(names).toContain(`${GATE}: intents`);
  expect(report.gates[0]?.reported[0]).toMatchObject({ run, state: "completed" });
});

test("F48: and is not when that witness counts nothing", async () => {
  const { bytes } = await prove(bench);
  const stolen = Buffer.from(witness.key.publicKey).toString("hex");
  const report = await verify(bytes, { compromised: new Set([stolen]) });
  expect(report.outcome).toBe("INCOMPLETE");
  expect(report.checks.find(({ name }) => name === `${GATE}: intents`)).toMatchObject({
    outcome: "missing",
    code: "QUORUM",
  });
});
