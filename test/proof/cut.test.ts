/** F18, F9: logs that end before a checkpoint which the bundle itself holds, and states that are left out. */
import { describe, expect, test } from "vitest";
import { withdraw } from "../../src/domain/publish.js";
import { keepCosigned } from "../../src/lineage/cosigned.js";
import { inFolder, readFolder } from "../../src/storage/folder.js";
import { CHECKPOINT } from "../../src/tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../../src/tlog/note.js";
import type { Reader } from "../../src/storage/storage.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { grant, NOW } from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { forkOf } from "../sync/history.js";
import type { Parts } from "./attacker.js";
import { assemble, copyOf, refit, sha256, takeApart } from "./attacker.js";
import { openSeen, prove, runOnce, see, seen, verify, witness } from "./fixture.js";

/** Its first entries, with the proof that the newest checkpoint goes on from them. */
async function cutAt(parts: Parts, log: Reader, which: number, size: number): Promise<Parts> {
  const copy = copyOf(parts);
  const whole = copy.logs[which]?.length as number;
  copy.logs[which] = copy.logs[which]?.slice(0, size) ?? [];
  const tree = new TreeReader(kernel, log, BigInt(whole), "c2sp");
  const proof = must(await tree.proveConsistency(BigInt(size)));
  const named = copy.manifest.logs[which].checkpoints.at(-1);
  named.proof = proof.map((hash) => Buffer.from(hash).toString("base64"));
  return refit(copy);
}

describe("F18: a gate's log", () => {
  test("cut anywhere below a checkpoint in the same bundle: TRUNCATED", async () => {
    const bench = await openSeen();
    await see(bench);
    const links = [grant()];
    for (let i = 0; i < 3; i++) await runOnce(bench, { links }, 0);
    await see(bench);
    const good = takeApart((await prove(bench)).bytes);
    const size = good.logs[0]?.length as number;
    for (let end = 5; end < size; end++) {
      const report = await verify(assemble(await cutAt(good, bench.storage, 0, end)));
      expect(report.outcome, `${end} entries`).toBe("INCOMPLETE");
      expect(report.checks.find(({ name }) => name === "tail")?.code).toBe("TRUNCATED");
    }
  });

  test("of some runs ends with them, and no earlier", async () => {
    const bench = await openSeen();
    await see(bench);
    const links = [grant()];
    const first = await runOnce(bench, { links }, 1);
    await runOnce(bench, { links }, 0);
    await see(bench);
    const { bytes } = await prove(bench, { selection: { what: "run", run: first } });
    expect((await verify(bytes)).outcome).toBe("PROVEN");
    const parts = takeApart(bytes);
    const size = parts.logs[0]?.length as number;
    const copy = copyOf(parts);
    copy.logs[0]?.pop();
    const last = copy.manifest.logs[0].checkpoints.at(-1);
    const tree = new TreeReader(kernel, bench.storage, BigInt(last.size), "c2sp");
    const proof = must(await tree.proveConsistency(BigInt(size - 1)));
    last.proof = proof.map((hash) => Buffer.from(hash).toString("base64"));
    const report = await verify(assemble(refit(copy)));
    expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "TRUNCATED" });
    expect(report.gates[0]?.reported[0]?.end).toBeNull();
  });
});

/** A bundle with the log of a domain that has withdrawn what the gate goes on to use. */
async function withdrawn() {
  const link = grant();
  const bank = await forkOf(seen.bank);
  await bank.change((open) =>
    withdraw(open, { authorizations: [{ sha256: link.id, expires: "2099-01-01T00:00:00Z" }] }),
  );
  const log = inFolder(bank.storage, "public/log");
  const checkpoint = (await log.read(CHECKPOINT, MAX_NOTE_BYTES)) as Uint8Array;
  const time = BigInt(NOW / 1000 - 60);
  const cosigned = await cosignCheckpoint(checkpoint, witness, time);
  const keys = { witnesses: [witness.key], verifiers: NO_VERIFIERS };
  must(await keepCosigned(kernel, log, cosigned, keys));
  const bench = await openSeen();
  await see(bench);
  await runOnce(bench, { links: [link] }, 0);
  await see(bench);
  const { bytes } = await prove(bench, { domains: [readFolder(bank.storage, "public")] });
  return { parts: takeApart(bytes), log };
}

describe("F9: a domain's log that holds a withdrawal", () => {
  test("with the state that says it: REVOKED", async () => {
    const { parts } = await withdrawn();
    expect(await verify(assemble(parts))).toMatchObject({ outcome: "REFUTED", code: "REVOKED" });
  });

  test("cut before it: TRUNCATED, and never PROVEN", async () => {
    const { parts, log } = await withdrawn();
    const which = parts.manifest.logs.findIndex(({ kind }: { kind: string }) => kind === "domain");
    const cut = await cutAt(parts, log, which, (parts.logs[which]?.length as number) - 1);
    const report = await verify(assemble(cut));
    expect(report.outcome).not.toBe("PROVEN");
    expect(report.checks.find(({ name }) => name === "tail")?.code).toBe("TRUNCATED");
  });

  test("without the state that says it: MISSING", async () => {
    const { parts } = await withdrawn();
    const isWithdrawing = (file: string) =>
      file.startsWith('{"authorizations":[{') || file.includes('"authorizations":[{"');
    const says = parts.files.filter(isWithdrawing).map(sha256);
    expect(says).toHaveLength(1);
    for (const state of parts.manifest.trust) {
      const copy = copyOf(parts);
      copy.manifest.trust = copy.manifest.trust.filter(
        ({ digest }: { digest: string }) => digest !== state.digest,
      );
      // A forger leaves the files out that are then of no use: which, the verifier tells.
      let made = refit(copy);
      for (;;) {
        const report = await verify(assemble(made));
        expect(report.outcome).not.toBe("PROVEN");
        const unused = report.checks.find(({ name }) => name === "parts")?.found?.split(" ")[0];
        if (!unused || !/^[0-9a-f]{64}$/.test(unused)) break;
        made = refit({ ...made, files: made.files.filter((file) => sha256(file) !== unused) });
      }
    }
  });
});
