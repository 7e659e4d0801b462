/** A run of one domain's gate causes one at another's. */
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { addGate, setWitnesses } from "../../src/domain/edit.js";
import type { HandedOver } from "../../src/gate/hand-over.js";
import { makePacket } from "../../src/lineage/handover.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { party, rootBy } from "../authorization/craft.js";
import {
  BANK,
  BANK_TERMS,
  GATE,
  GRANT,
  grant,
  ISSUERS,
  makeWorld,
  MAX_STALENESS,
  MILL,
  MILL_TERMS,
  NOW,
  otherState,
  otherViews,
  SHIP,
} from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { witnesses } from "../tlog/fixture.js";
import { TestClock } from "./fake-clock.js";
import type { Bench } from "./harness.js";
import { asking, entriesOf, gateSigner, openBench, TestEffect } from "./harness.js";

const BANK_GATE = `${BANK}/gate-1`;
const [witness] = witnesses as [(typeof witnesses)[0]];

const crossing = await makeWorld(async ({ bank, mill }) => {
  await bank.publish((draft) => addGate(draft, { origin: BANK_GATE, key: party(BANK_GATE).hex }));
  const policy = `witness w1 ${formatVkey(witness.key)}\nquorum w1\n`;
  await mill.publish((draft) => setWitnesses(draft, encodeUtf8(policy)));
});
const { own: ship, peers } = crossing.domains;
const bank = peers.get(BANK) as typeof ship;
const mill = peers.get(MILL) as typeof ship;

async function handOver(receiver: string, cosigned = true) {
  const domains = { own: bank, peers: new Map([[MILL, mill]]) };
  const first = await openBench({ domains, signer: gateSigner(BANK_GATE) });
  const links = [grant({ audience: [BANK] })];
  const started = await first.gate.start(
    await asking(first.gate, { links, effect: new TestEffect() }),
  );
  if (started.outcome !== "allow") throw new Error(`${started.code} ${started.found}`);
  const handed = must(await first.gate.handOver(started.run, receiver));
  return { first, run: started.run, packet: await packetOf(first, handed, cosigned), handed };
}

async function packetOf({ gate, storage }: Bench, handed: HandedOver, cosigned: boolean) {
  let checkpoint = await gate.checkpoint();
  if (cosigned)
    checkpoint = await cosignCheckpoint(checkpoint, witness, BigInt(Math.floor(NOW / 1000)));
  const { decision, handover } = handed;
  const indices = { decision: decision.index, handover: handover.index };
  return must(await makePacket(kernel, storage, checkpoint, indices));
}

/** By a chain of the receiver's own issuer, which depends on no other domain. */
async function accept(packet: Uint8Array, domains = crossing.domains, clock = new TestClock(NOW)) {
  const second = await openBench({ domains, clock });
  const effect = new TestEffect();
  const links = [rootBy(SHIP, ISSUERS.ship, GRANT)];
  const asked = await asking(second.gate, { links, effect, rest: { packet } });
  return { second, started: await second.gate.start(asked), effect };
}

/** What a state of this domain would be whose timestamp was issued as many milliseconds before `NOW`. */
const aged = (domain: string, milliseconds: number) =>
  otherViews(crossing.domains, {
    [domain]: (view) => otherState(view, { issued: NOW - milliseconds }),
  });

describe("a hand-over", () => {
  test("F23 F40: to this gate begins a run whose parent stands in the other log", async () => {
    const { packet, handed, first } = await handOver(party(GATE).hex);
    const { second, started, effect } = await accept(packet);
    expect(started).toMatchObject({ outcome: "allow" });
    expect(effect.began).toBe(true);
    const entries = await entriesOf(second.gate);
    expect(entries.find(({ kind }) => kind === "accept")).toMatchObject({
      parent: handed.handover,
      state: "baseline",
    });
    expect(entries.find(({ kind }) => kind === "admission")).toMatchObject({
      parents: [handed.handover],
    });
    await first.gate.close();
    await second.gate.close();
  });

  test("F23: to another key is no use here: HOLDER", async () => {
    const { packet } = await handOver(party("another gate").hex);
    expect((await accept(packet)).started).toMatchObject({ outcome: "deny", code: "HOLDER" });
  });

  test("F23: is accepted once, also after a restart", async () => {
    const { packet } = await handOver(party(GATE).hex);
    const { second, started } = await accept(packet);
    expect(started.outcome).toBe("allow");
    const again = await second.gate.start(await asking(second.gate, { rest: { packet } }));
    expect(again).toMatchObject({ outcome: "deny", code: "HOLDER" });
    await second.gate.close();
    const reopened = await openBench({ domains: crossing.domains, storage: second.storage });
    const late = await reopened.gate.start(await asking(reopened.gate, { rest: { packet } }));
    expect(late).toMatchObject({ outcome: "deny", code: "HOLDER" });
    await reopened.gate.close();
  });

  test("that no witness of another domain has seen: ORPHAN", async () => {
    const { packet } = await handOver(party(GATE).hex, false);
    expect((await accept(packet)).started).toMatchObject({ outcome: "deny", code: "ORPHAN" });
  });

  test.each([
    ["the sender", BANK, BANK_TERMS.maxStaleness],
    ["the witness's domain", MILL, MILL_TERMS.maxStaleness],
    ["the receiver", SHIP, MAX_STALENESS],
  ])("counts while the trust state of %s is as young as is pinned", async (_, domain, bound) => {
    const { packet } = await handOver(party(GATE).hex);
    const young = await accept(packet, aged(domain, bound));
    expect(young.started).toMatchObject({ outcome: "allow" });
    await young.second.gate.close();
    const old = await accept(packet, aged(domain, bound + 1));
    const code = domain === SHIP ? "STALE" : "ORPHAN";
    expect(old.started).toMatchObject({ outcome: "deny", code });
    await old.second.gate.close();
  });

  test("that only a witness of no peer has seen: ORPHAN", async () => {
    const { packet } = await handOver(party(GATE).hex);
    const alone = otherViews(crossing.domains, {
      [SHIP]: (view) => {
        const peers = view.state?.peers.peers.filter(({ name }) => name !== MILL) ?? [];
        return otherState(view, { peers: { ...view.state?.peers, peers } as never });
      },
    });
    const { started } = await accept(packet, alone);
    expect(started).toMatchObject({ outcome: "deny", code: "ORPHAN" });
  });

  test("serves for a run that is over no more", async () => {
    const { first, run } = await handOver(party(GATE).hex);
    await first.gate.revoke(run.id);
    const again = await first.gate.handOver(run, party(GATE).hex);
    expect(again).toMatchObject({ ok: false, code: "CONTAINED" });
  });
});
