import { describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import type { EntryBody } from "../../src/lineage/entry.js";
import type { PacketDemand } from "../../src/lineage/handover.js";
import { checkPacket, makePacket } from "../../src/lineage/handover.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import type { CheckpointDemand } from "../../src/tlog/verify-checkpoint.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { failure, ok } from "../../src/verdict.js";
import { hexKey, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { policy, signer, witnesses } from "../tlog/fixture.js";
import { EXAMPLES } from "./entry-examples.js";
import { append, bodies, GATE, NOW, open } from "./logged.js";

const RECEIVER = hexKey("receiver");
const [w1, w2] = witnesses as [Signer, Signer];
const RUN = EXAMPLES.handover[0]!.run;

const without = <T extends object>(entry: T): EntryBody => {
  const { prev, time, ...body } = entry as T & { prev: unknown; time: unknown };
  expect([prev, time]).toHaveLength(2);
  return body as unknown as EntryBody;
};

const allow = without({ ...EXAMPLES.decision[0]!, run: RUN, outcome: "allow", code: null });
const handover = without({ ...EXAMPLES.handover[0]!, receiver: RECEIVER, state: "executing" });

/** A log that holds these at 300 and what follows, cosigned by these witnesses. */
async function logOf(
  entries: readonly EntryBody[],
  by: readonly Signer[] = [w1, w2],
  signs: Signer = GATE,
) {
  const storage = new MemoryStorage();
  const log = await open(storage, undefined, signs);
  await append(log, bodies(300));
  await append(log, entries);
  await append(log, bodies(7, 300));
  let checkpoint = await log.checkpoint();
  for (const each of by) {
    checkpoint = await cosignCheckpoint(checkpoint, each, BigInt(Math.floor(NOW / 1000)));
  }
  const grow = async (count: number) => {
    await append(log, bodies(count, 400));
    await log.checkpoint();
  };
  return { storage, checkpoint, grow };
}

function demand(
  change: Partial<CheckpointDemand> = {},
  quorum = "group both all w2 w3\nquorum both",
) {
  const text = [
    `log ${formatVkey(GATE.key)}`,
    `witness w2 ${formatVkey(w1.key)}`,
    `witness w3 ${formatVkey(w2.key)}`,
    quorum,
    "",
  ].join("\n");
  const made: CheckpointDemand = {
    policy: policy(text),
    origin: GATE.key.name,
    now: NOW,
    maxStaleness: 60_000,
    skew: 1_000,
    verifiers: NO_VERIFIERS,
    ...change,
  };
  return {
    receiver: RECEIVER,
    demandOf: (origin: string) =>
      origin === GATE.key.name ? ok(made) : failure("UNTRUSTED", "a gate of a peer", origin),
  } satisfies PacketDemand;
}

async function packetOf(...args: Parameters<typeof logOf>): Promise<Uint8Array> {
  const { storage, checkpoint } = await logOf(...args);
  return must(await makePacket(kernel, storage, checkpoint, { decision: 300, handover: 301 }));
}

describe("F23: a hand-over packet", () => {
  test("proves to its receiver what handed on to it, and which decision had allowed that", async () => {
    const packet = await packetOf([allow, handover]);
    const checked = must(checkPacket(kernel, packet, demand()));
    expect(checked.run).toBe(RUN);
    expect(checked.sha256).toBe(encodeHex(kernel.sha256(packet)));
    expect(checked.parent).toMatchObject({ origin: GATE.key.name, index: 301 });
    expect(checked.decision).toMatchObject({ origin: GATE.key.name, index: 300 });
    const { entry } = partsOf(packet).handover;
    const leaf = kernel.leafHash(new Uint8Array(Buffer.from(entry, "base64")));
    expect(checked.parent.leaf).toBe(encodeHex(leaf));
  });

  test("is for nobody else: replayed by a third party it is HOLDER", async () => {
    const packet = await packetOf([allow, handover]);
    for (const receiver of [hexKey("third-party"), RECEIVER.toUpperCase(), ""]) {
      const answer = checkPacket(kernel, packet, { ...demand(), receiver });
      expect(answer).toMatchObject({ ok: false, code: "HOLDER" });
    }
  });

  test("may be of a checkpoint that the log has grown past", async () => {
    for (const count of [1, 100, 300, 700]) {
      const { storage, checkpoint, grow } = await logOf([allow, handover]);
      await grow(count);
      const places = { decision: 300, handover: 301 };
      const packet = must(await makePacket(kernel, storage, checkpoint, places));
      expect(checkPacket(kernel, packet, demand()).ok, `${count}`).toBe(true);
    }
  });

  test("of a run that has ended may be accepted later", async () => {
    const completed = { ...handover, state: "completed" } as EntryBody;
    expect(checkPacket(kernel, await packetOf([allow, completed]), demand()).ok).toBe(true);
  });
});

describe("F23: ORPHAN for a packet", () => {
  const orphan = (packet: Uint8Array, found: string, of: PacketDemand = demand()) => {
    const answer = checkPacket(kernel, packet, of);
    expect(answer).toMatchObject({ ok: false, code: "ORPHAN" });
    expect(!answer.ok && `${answer.expected} ${answer.found}`).toContain(found);
  };

  test("of a decision that denied, of another run, or that is none", async () => {
    const denied = without({
      ...EXAMPLES.decision[0]!,
      run: RUN,
      outcome: "deny",
      code: "REVOKED",
      state: "denied",
      validUntil: null,
      recheck: null,
    });
    orphan(await packetOf([denied, handover]), "REVOKED");
    const other = { ...allow, run: "ee".repeat(16) } as EntryBody;
    orphan(await packetOf([other, handover]), "ee".repeat(16));
  });

  test("of a hand-over by a run that had broken", async () => {
    for (const state of ["drifted", "contained", "recovering", "denied", "revoked", "trusted"]) {
      orphan(await packetOf([allow, { ...handover, state } as EntryBody]), state);
    }
  });

  test("with the decision after the hand-over", async () => {
    const { storage, checkpoint } = await logOf([handover, allow]);
    const places = { decision: 301, handover: 300 };
    const packet = must(await makePacket(kernel, storage, checkpoint, places));
    orphan(packet, "before the hand-over");
  });

  test("without its quorum, with an old one, or where none is demanded", async () => {
    orphan(await packetOf([allow, handover], []), "QUORUM");
    orphan(await packetOf([allow, handover], [w1]), "QUORUM");
    orphan(await packetOf([allow, handover], [w1, w1]), "QUORUM");
    orphan(await packetOf([allow, handover], [w1, signer("x.example", 99, "witness")]), "QUORUM");
    const packet = await packetOf([allow, handover]);
    orphan(packet, "STALE", demand({ now: NOW + 120_000 }));
    orphan(packet, "QUORUM", demand({ now: NOW - 120_000 }));
    orphan(packet, "quorum", demand({}, "quorum none"));
  });

  test("of a gate that is not accepted, or by another key", async () => {
    const strange = signer("gate.example/two", 8, "log");
    orphan(await packetOf([allow, handover], [w1, w2], strange), "UNTRUSTED");
    const forged = signer(GATE.key.name, 8, "log");
    orphan(await packetOf([allow, handover], [w1, w2], forged), "UNSIGNED");
  });

  test("whose entries are others than those that the checkpoint holds", async () => {
    const packet = await packetOf([allow, handover]);
    const own = (change: (json: Parts) => void): Uint8Array => {
      const json = partsOf(packet);
      change(json);
      return new TextEncoder().encode(JSON.stringify(json));
    };
    const mine = Buffer.from(
      Buffer.from(partsOf(packet).handover.entry, "base64")
        .toString()
        .replace(RECEIVER, hexKey("thief")),
    );
    const stolen = own(({ handover: part }) => {
      part.entry = mine.toString("base64");
    });
    const answer = checkPacket(kernel, stolen, { ...demand(), receiver: hexKey("thief") });
    expect(answer).toMatchObject({ ok: false, code: "ORPHAN" });
    orphan(
      own((json) => (json.handover.index += 1)),
      "INCLUSION",
    );
    orphan(
      own((json) => json.handover.proof.pop()),
      "INCLUSION",
    );
    orphan(
      own((json) => json.handover.proof.push(json.handover.proof[0] as string)),
      "INCLUSION",
    );
    orphan(
      own((json) => (json.handover.proof[0] = "AAAA")),
      "MALFORMED",
    );
    orphan(
      own((json) => (json.handover = json.decision)),
      "a hand-over",
    );
    orphan(
      own((json) => (json.decision = json.handover)),
      "a decision",
    );
    orphan(
      own((json) => (json.checkpoint = "AAAA")),
      "MALFORMED",
    );
    orphan(
      own((json) => (json.more = 1)),
      "MALFORMED",
    );
  });

  test("of which any byte was changed, or that was cut or written in another way", async () => {
    const packet = await packetOf([allow, handover]);
    for (let at = 0; at < packet.length; at += 3) {
      const bytes = packet.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(checkPacket(kernel, bytes, demand()), `byte ${at}`).toMatchObject({ code: "ORPHAN" });
      orphan(packet.subarray(0, at), "MALFORMED");
    }
    const json: unknown = JSON.parse(new TextDecoder().decode(packet));
    orphan(new TextEncoder().encode(JSON.stringify(json, undefined, 1)), "MALFORMED");
    orphan(new Uint8Array((2 << 20) + 1), "TOO_LARGE");
  });
});

interface Parts {
  checkpoint: string;
  decision: { entry: string; index: number; proof: string[] };
  handover: { entry: string; index: number; proof: string[] };
  more?: number;
}

function partsOf(packet: Uint8Array): Parts {
  return JSON.parse(new TextDecoder().decode(packet)) as Parts;
}

test("no packet is made of entries that are others, or that the checkpoint does not cover", async () => {
  const { storage, checkpoint } = await logOf([allow, handover]);
  for (const [decision, at] of [
    [299, 301],
    [300, 300],
    [300, 5000],
    [300, 309],
  ] as const) {
    const places = { decision, handover: at };
    const answer = await makePacket(kernel, storage, checkpoint, places);
    expect(answer, `${decision} ${at}`).toMatchObject({ ok: false, code: "MISSING" });
  }
});
