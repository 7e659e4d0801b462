/** What changes while a gate waits: trust, the witness's word, entries in flight, withdrawn calls. */
import { expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { addGate, addResumer, setWitnesses } from "../../src/domain/edit.js";
import { openGate } from "../../src/gate/open-gate.js";
import { storeWitness } from "../../src/gate/witness.js";
import { makePacket } from "../../src/lineage/handover.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { party } from "../authorization/craft.js";
import { BANK, GATE, grant, makeWorld, MILL, NOW, otherViews } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { witnesses } from "../tlog/fixture.js";
import { filesOf } from "../tlog/stored.js";
import { asking, gateSigner, openBench, optionsOf, TestEffect } from "./harness.js";
import { answer, RESUMER, running, wordFor } from "./worlds.js";
import { settle, TestClock } from "./fake-clock.js";
import { createProxy } from "../../src/cli/mcp/proxy.js";
import { Held } from "./held-storage.js";

const [witness] = witnesses as any;
const BANK_GATE = `${BANK}/gate-1`;

test("a packet whose sender was withdrawn while it was kept", async () => {
  const crossing = await makeWorld(async ({ bank, mill }) => {
    await mill.publish((d: any) =>
      setWitnesses(d, encodeUtf8(`witness w1 ${formatVkey(witness.key)}\nquorum w1\n`)),
    );
    await bank.publish((d: any) => addGate(d, { origin: BANK_GATE, key: party(BANK_GATE).hex }));
  });
  const { own: ship, peers } = crossing.domains;
  const bank = peers.get(BANK)!,
    mill = peers.get(MILL)!;
  const first = await openBench({
    domains: { own: bank, peers: new Map([[MILL, mill]]) },
    signer: gateSigner(BANK_GATE),
  });
  const started = await first.gate.start(
    await asking(first.gate, { links: [grant({ audience: [BANK] })], effect: new TestEffect() }),
  );
  if (started.outcome !== "allow") throw new Error(started.found);
  const handed = must(await first.gate.handOver(started.run, party(GATE).hex));
  const cp = await cosignCheckpoint(
    await first.gate.checkpoint(),
    witness,
    BigInt(Math.floor(NOW / 1000)),
  );
  const packet = must(
    await makePacket(kernel, first.storage, cp, {
      decision: handed.decision.index,
      handover: handed.handover.index,
    }),
  );
  const storage = new Held();
  const second = await openBench({ domains: crossing.domains, storage: storage as never });
  const effect = new TestEffect();
  // the gate's key of the sender is withdrawn by its domain; the issuer of the chain is another and stays
  const gone = otherViews(crossing.domains, {
    [BANK]: (v) =>
      ({ ...v, withdrawn: { ...v.withdrawn, keys: new Set([party(BANK_GATE).hex]) } }) as never,
  });
  const control = await openBench({ domains: gone });
  const c = await control.gate.start(
    await asking(control.gate, { effect: new TestEffect(), rest: { packet } }),
  );
  storage.holdWrites = "kept";
  storage.hold();
  const p = second.gate.start(await asking(second.gate, { effect, rest: { packet } }));
  await settle();
  second.follower.set(gone);
  storage.release();
  const s = await p;
  console.log(
    "control",
    c.outcome,
    (c as any).code,
    (c as any).found,
    "raced",
    s.outcome,
    (s as any).code,
  );
  expect(c.outcome).toBe("deny");
  expect(s.outcome).toBe("deny");
  void ship;
});

async function copyOf(s: MemoryStorage) {
  const c = new MemoryStorage();
  for (const [p, b] of await filesOf(s)) await c.write(p, b);
  return c;
}
const witnessed = (
  await makeWorld(async ({ ship }) => {
    await ship.publish((d: any) =>
      setWitnesses(d, encodeUtf8(`witness w1 ${formatVkey(witness.key)}\nquorum w1\n`)),
    );
    await ship.publish((d: any) => addResumer(d, { name: "duty officer", key: RESUMER.hex }));
  })
).domains;
function watched() {
  const clock = new TestClock(NOW);
  const w = storeWitness(
    kernel,
    new MemoryTrustStore(),
    { logs: [{ origin: GATE, key: gateSigner().key }], verifiers: NO_VERIFIERS } as never,
    witness,
    clock,
  );
  return {
    clock,
    open: async (storage: any) =>
      must(await openGate(optionsOf({ domains: witnessed, storage, witness: w, clock }).options)),
  };
}
test("a witness's contradiction while contained is forgotten by a resume", async () => {
  const { clock, open } = watched();
  const storage = new MemoryStorage();
  await (await open(storage)).close();
  const copied = await copyOf(storage);
  const winner = await open(storage);
  const loser = await open(copied);
  expect(await answer(winner)).toBe("allow");
  await loser.contain();
  const word = await wordFor(loser, null);
  await clock.advance(5_000);
  await clock.advance(4_000); // the witness answers 409/LOG to the loser here
  expect(winner.state.mode).toBe("open");
  const before = loser.state.drift;
  const r = await loser.resume(word);
  const { effect } = await running(loser).catch(() => ({ effect: new TestEffect() }));
  console.log(
    "resume",
    JSON.stringify(r),
    effect.began,
    [winner.state.mode, loser.state.mode],
    before === undefined,
  );
  expect(r.ok && effect.began).toBe(false);
});
for (const inFlight of [false, true])
  test(`the last word covers the last entry; in flight: ${inFlight}`, async () => {
    const { clock, open } = watched();
    const storage = new Held();
    const gate = await open(storage);
    const { effect, run } = await running(gate);
    await gate.checkpoint();
    await clock.advance(4_990);
    await gate.checkpoint();
    const before = await copyOf(storage.inner);
    if (inFlight) storage.hold();
    effect.end();
    await settle();
    await clock.advance(30);
    storage.release();
    await run.finished;
    await settle();
    const size = gate.state.size;
    await gate.close();
    expect(gate.state.size).toBe(size);
    const again = await open(before).catch((e: Error) => e);
    console.log(
      "F8",
      inFlight,
      size,
      again instanceof Error
        ? again.message.slice(0, 120)
        : `older copy opened, ${[...again.state.runs.values()].map((r: any) => r.state)}`,
    );
    expect(again).toBeInstanceOf(Error);
  });
test("MCP: cancelled calls in decision count", async () => {
  let deciding = 0;
  const sink = { write: async () => {}, close: async () => {} };
  const proxy = createProxy({
    server: "s",
    govern: () => {
      deciding++;
      return new Promise(() => {});
    },
    toClient: sink,
    toServer: sink,
  });
  for (let i = 0; i < 2000; i++) {
    await proxy.client.receive(
      encodeUtf8(
        `{"jsonrpc":"2.0","id":${i},"method":"tools/call","params":{"name":"t","arguments":{}}}\n`,
      ),
    );
    await proxy.client.receive(
      encodeUtf8(
        `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${i}}}\n`,
      ),
    );
  }
  expect(deciding).toBeLessThanOrEqual(256);
});
