/** Gates that tests of attacks and phases share: one whose domain lists a resumer, and its word. */
import { addResumer } from "../../src/domain/edit.js";
import type { Gate } from "../../src/gate/gate.js";
import type { GovernedRun } from "../../src/gate/governed-run.js";
import { signResume } from "../../src/gate/resume-statement.js";
import type { Opening } from "../../src/lineage/openings.js";
import type { Party } from "../authorization/craft.js";
import { party, sha256 } from "../authorization/craft.js";
import { GATE, grant, makeWorld, NOW } from "../authorization/world.js";
import type { Asking, Bench, Setting } from "./harness.js";
import { asking, counting, openBench, TestEffect } from "./harness.js";

export const RESUMER = party("resumer");

export const resumable = (
  await makeWorld(async ({ ship }) => {
    await ship.publish((draft) => addResumer(draft, { name: "duty officer", key: RESUMER.hex }));
  })
).domains;

export const openings = new Map<string, readonly Opening[]>();

/** A gate of the domain with the resumer; `openings` holds what opens its arguments. */
export function openResumable(setting: Setting = {}): Promise<Bench> {
  const onOpenings = (run: string, found: readonly Opening[]): void =>
    void openings.set(run, found);
  return openBench({ domains: resumable, onOpenings, random, ...setting });
}

/** One for all gates: a log is never told of two runs of one name. */
const random = counting();

let nonces = 0;

/** The resumer's word for the latest drift of a run, or with null of the gate. */
export function wordFor(
  gate: Gate,
  run: string | null,
  change: { readonly drift?: string; readonly by?: Party } = {},
): Promise<Uint8Array> {
  const latest = run === null ? gate.state.drift : gate.state.runs.get(run)?.drift;
  return signResume((change.by ?? RESUMER).signer, {
    gate: gate.origin,
    run,
    drift: change.drift ?? (latest as string),
    trust: [],
    expires: new Date(NOW + 3_600_000).toISOString(),
    nonce: sha256(`resume ${++nonces}`),
  });
}

export interface Running {
  readonly run: GovernedRun;
  readonly effect: TestEffect;
}

/** A run whose effect has begun; throws where it is denied. */
export async function running(gate: Gate, given: Asking = {}): Promise<Running> {
  const effect = (given.effect as TestEffect | undefined) ?? new TestEffect();
  const started = await gate.start(await asking(gate, { ...given, effect }));
  if (started.outcome !== "allow") throw new Error(`${started.code}: ${started.found}`);
  return { run: started.run, effect };
}

/** `allow`, or the code that denies. */
export async function answer(gate: Gate, given: Asking = {}): Promise<string> {
  const started = await gate.start(await asking(gate, given));
  return started.outcome === "allow" ? "allow" : started.code;
}

/** By whose links clean-up may go on, of commands below /pay. */
export const cleaning = (command = "/pay/undo") => grant({ audience: [GATE], cleanup: [command] });
