/** F9: a withdrawal that others had seen published, and a gate that went on all the same. */
import { expect, test } from "vitest";
import { withdraw } from "../../src/domain/publish.js";
import { keepCosigned } from "../../src/lineage/cosigned.js";
import { inFolder, readFolder } from "../../src/storage/folder.js";
import { CHECKPOINT } from "../../src/tlog/log-writer.js";
import { MAX_NOTE_BYTES } from "../../src/tlog/note.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { grant, NOW } from "../authorization/world.js";
import type { TestDomain } from "../domain/fixture.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { forkOf } from "../sync/history.js";
import { openSeen, prove, runOnce, see, seen, verify, witness } from "./fixture.js";

/** The peer's witness sees a domain's log of trust changes at this time. */
async function seeDomain({ storage }: TestDomain, time: number): Promise<void> {
  const log = inFolder(storage, "public/log");
  const checkpoint = (await log.read(CHECKPOINT, MAX_NOTE_BYTES)) as Uint8Array;
  const cosigned = await cosignCheckpoint(checkpoint, witness, BigInt(Math.floor(time / 1000)));
  const keys = { witnesses: [witness.key], verifiers: NO_VERIFIERS };
  must(await keepCosigned(kernel, log, cosigned, keys));
}

/** The bundle of a run at `NOW`, with the log of a domain that withdrew its authorization at `time`. */
async function withdrawnAt(time: number) {
  const link = grant();
  const bank = await forkOf(seen.bank);
  const authorizations = [{ sha256: link.id, expires: "2099-01-01T00:00:00Z" }];
  await bank.change((open) => withdraw(open, { authorizations }));
  await seeDomain(bank, time);
  const bench = await openSeen();
  await see(bench);
  await runOnce(bench, { links: [link] }, 0);
  await see(bench);
  return await prove(bench, { domains: [readFolder(bank.storage, "public")] });
}

const checkOf = (report: Awaited<ReturnType<typeof verify>>, end: string) =>
  report.checks.find(({ name }) => name.endsWith(end));

test("seen longer ago than the trust that was used may be old: REVOKED", async () => {
  const report = await verify((await withdrawnAt(NOW - 60_000)).bytes);
  expect(report).toMatchObject({ outcome: "REFUTED", code: "REVOKED" });
  expect(checkOf(report, "withdrawals")?.expected).toMatch(/withdrawn more than \d+ ms ago/);
});

test("seen a moment before: within the bound, and PROVEN", async () => {
  const report = await verify((await withdrawnAt(NOW - 5_000)).bytes);
  expect(checkOf(report, "withdrawals")?.outcome).toBe("passed");
  expect(report.outcome).toBe("PROVEN");
  expect(report.notChecked.join()).toContain("ship.example");
});

test("a domain's log that nobody has seen proves no time: QUORUM", async () => {
  const bench = await openSeen();
  await see(bench);
  await runOnce(bench, {}, 0);
  await see(bench);
  const bank = await forkOf(seen.bank);
  const { bytes } = await prove(bench, { domains: [readFolder(bank.storage, "public")] });
  expect(await verify(bytes)).toMatchObject({ outcome: "INCOMPLETE", code: "QUORUM" });
});
