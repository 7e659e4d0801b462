/**
 * One gate's life among faults, from a seed: requests, changes of trust, clocks that jump, crashes. What
 * may never happen is looked for at every beginning of an effect, and in the log at the end.
 */
import { provePossession } from "../../src/authorization/possession.js";
import type { RequestParts } from "../../src/authorization/request.js";
import { makeRequest } from "../../src/authorization/request.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { addResumer } from "../../src/domain/edit.js";
import { openGate } from "../../src/gate/open-gate.js";
import type { Gate } from "../../src/gate/gate.js";
import type { GovernedRun } from "../../src/gate/governed-run.js";
import { UNWITNESSED } from "../../src/gate/options.js";
import { signResume } from "../../src/gate/resume-statement.js";
import type { RunRequest } from "../../src/gate/run-request.js";
import { checkChain } from "../../src/lineage/chain.js";
import type { Opening } from "../../src/lineage/openings.js";
import type { HandLink } from "../authorization/craft.js";
import { fileOf, party } from "../authorization/craft.js";
import { Random } from "../authorization/random.js";
import {
  CLERK,
  GATE,
  grant,
  makeWorld,
  MAX_STALENESS,
  NOW,
  OWN_TERMS,
} from "../authorization/world.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { Disk, FaultStorage } from "./fault-disk.js";
import type { Habit, Manner } from "./fault-parts.js";
import {
  FaultClock,
  FaultEffect,
  faultyBytes,
  faultyKernel,
  fresh,
  TRUST_FAULTS,
  withdrawing,
  withTrustFault,
} from "./fault-parts.js";
import { gateSigner, MEASURED, TestFollower } from "./harness.js";

const RESUMER = party("resumer");
const base = (
  await makeWorld(async ({ ship }) => {
    await ship.publish((draft) => addResumer(draft, { name: "duty officer", key: RESUMER.hex }));
  })
).domains;

const USES = 2;
const TOTAL = 12;
const CLEANUP = "/pay/undo";

interface Kind {
  readonly links: readonly HandLink[];
  readonly file: Uint8Array;
  readonly id: string;
  readonly command: string;
}

const kindOf = (change: Parameters<typeof grant>[0], command = "/pay/transfer"): Kind => {
  const link = grant({ audience: [GATE], ...change });
  return { links: [link], file: fileOf([link]), id: link.id, command };
};

/** Authorizations, used in every world: counters are of a log. */
const KINDS = {
  plain: kindOf({}),
  uses: kindOf({ limits: { uses: USES } }),
  total: kindOf({ limits: { totals: [{ argument: ".amount", most: TOTAL }] } }),
  short: kindOf({ limits: { duration: 3_000 } }),
  cleanup: kindOf({ cleanup: [CLEANUP] }, CLEANUP),
};

/** Everything that one request was, so that its run can be taken up again. */
interface Asked {
  readonly kind: Kind;
  readonly parts: RequestParts;
  readonly effect: FaultEffect;
  readonly parent: string | undefined;
  readonly resumed: boolean;
  run: GovernedRun | undefined;
}

interface Process {
  readonly clock: FaultClock;
  readonly storage: FaultStorage;
  readonly follower: TestFollower;
  readonly trap: () => void;
  readonly asked: Map<FaultEffect, Asked>;
  gate: Gate | undefined;
  alive: boolean;
  trapped: boolean;
}

/** All that goes on without time. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

export class FaultWorld {
  readonly random: Random;
  readonly disk: Disk;
  /** Faults of other parts than the disk. */
  #faults = 0;
  readonly story: string[] = [];
  readonly began: Asked[] = [];
  readonly denials: string[] = [];
  /** Runs of which somebody was told that they are completed. */
  readonly completed = new Set<string>();
  readonly #openings = new Map<string, readonly Opening[]>();
  readonly #requests = new Map<string, Asked>();
  readonly #withdrawn = new Set<string>();
  readonly #statements: Uint8Array[] = [];
  readonly #served = new Set<Uint8Array>();
  /** What would be known if no trust were missing, and what is. */
  #whole: KnownDomains = fresh(base, NOW);
  #domains = this.#whole;
  #trustFault: string | undefined;
  #mode: "open" | "contained" | "revoked" | "unknown" = "open";
  #measure: "well" | "throws" | "hangs" | "another kernel" = "well";
  #bytesFail = 0;
  #process: Process;
  #time = NOW;
  /** The latest time in the log: a clock that ran ahead has written it. */
  #logged = NOW;
  /** What must not be, if anything was. */
  violation: string | undefined;

  constructor(readonly seed: number) {
    this.random = new Random(seed);
    const weather = {
      fail: this.random.pick([0, 0, 0.002, 0.005, 0.02]),
      hang: this.random.pick([0, 0, 0.002, 0.005]),
    };
    this.disk = new Disk(this.random, weather);
    this.#process = this.#newProcess();
  }

  get faults(): number {
    return this.#faults + this.disk.faults;
  }

  #fault(what: string): void {
    this.#faults += 1;
    this.story.push(`! ${what}`);
  }

  #violate(what: string): void {
    this.violation ??= what;
    this.story.push(`VIOLATION ${what}`);
  }

  #newProcess(): Process {
    const clock = new FaultClock(this.#time);
    const { trap } = faultyKernel(kernel);
    return {
      clock,
      storage: new FaultStorage(this.disk),
      follower: new TestFollower(this.#domains),
      trap,
      asked: new Map(),
      gate: undefined,
      alive: true,
      trapped: false,
    };
  }

  async live(steps: number): Promise<void> {
    await this.#boot();
    for (let i = 0; i < steps && !this.violation; i++) {
      // What is revoked allows nothing any more: a few looks are enough.
      if (this.#process.gate?.state.mode === "revoked" && this.random.chance(0.1)) break;
      const { gate } = this.#process;
      const broken = gate?.core.ledger.failure ?? gate?.core.ended;
      if (!gate || (broken && this.random.chance(0.4))) await this.#boot();
      else this.#step(this.#process, gate);
      if (gate && this.random.chance(0.5)) {
        for (let n = this.random.below(30); n > 0; n--) await undefined;
        this.#disturb(this.#process);
      }
      if (this.random.chance(0.6)) await turn();
      else for (let n = this.random.below(40); n > 0; n--) await undefined;
      if (this.random.chance(0.3)) await this.#pass();
    }
    if (!this.violation) await this.#audit();
  }

  /** Time passes; what must have been stopped meanwhile was. */
  async #pass(): Promise<void> {
    const { clock, gate } = this.#process;
    const ms = this.random.weigh<number>([6, 100], [4, 1_100], [1, 4_000], [0.4, 15_000]);
    await clock.advance(ms);
    this.#time = Math.max(this.#time, clock.right);
    if (!gate || ms < 1_100) return;
    for (const asked of this.#process.asked.values()) {
      if (!asked.effect.acts) continue;
      // That the kernel has trapped shows at the next decision.
      const why = this.#process.trapped ? "the kernel has trapped" : this.#reason(asked, gate);
      if (why) this.#violate(`acts on after ${ms} ms: ${why}`);
    }
  }

  /** Why an effect may not act now, as the world itself knows it. */
  #reason({ effect, kind, parent }: Asked, gate: Gate): string | undefined {
    const { clock } = this.#process;
    const { state } = gate;
    if (!Number.isFinite(clock.now())) return "the clock tells no time";
    if (gate.core.ledger.failure) return "the log is out of order";
    if (state.mode === "revoked") return "the gate is revoked";
    // A gate that its domain contains may still clean up.
    const cleans = this.#trustFault === "gate contained" && effect.command === CLEANUP;
    if (this.#trustFault && !cleans) return this.#trustFault;
    const { own, peers } = this.#domains;
    const issued = [own.state?.issued, peers.get("bank.example")?.state?.issued];
    const bound = Math.min((issued[0] ?? 0) + MAX_STALENESS, (issued[1] ?? 0) + 20_000);
    if (clock.now() > bound) return `${clock.now() - bound} ms past the bound`;
    if (clock.now() < state.time - OWN_TERMS.skew) return "the clock was set back";
    if (this.#withdrawn.has(kind.id)) return "the authorization was withdrawn";
    if (effect.command === CLEANUP) return undefined;
    if (state.mode === "contained") return "the gate is contained";
    const above = parent === undefined ? undefined : state.runs.get(parent)?.state;
    if (parent !== undefined && state.revoked.has(parent)) return "its parent is revoked";
    if (above === "drifted" || above === "contained") return "its parent is contained";
    return undefined;
  }

  #begins(process: Process, effect: FaultEffect): void {
    const { gate } = process;
    if (!process.alive || !gate) return;
    const asked = process.asked.get(effect) as Asked;
    this.began.push(asked);
    const run = [...gate.supervisor.runs.values()].find((each) => each.allowed.effect === effect);
    if (!run) return this.#violate("an effect of no run begins");
    asked.run = run;
    this.story.push(`begins ${run.id.slice(0, 6)} ${effect.command}`);
    const why = this.#reason(asked, gate);
    if (why) this.#violate(`begins although: ${why}`);
    const kept = this.disk.text();
    const entry = asked.resumed ? "resume" : "intent";
    const written = new RegExp(`"kind":"${entry}","prev":"[0-9a-f]{64}","run":"${run.id}"`);
    if (!written.test(kept)) this.#violate(`begins without a durable ${entry}`);
    const decision = new RegExp(`"outcome":"allow","possession":.{1,1500}"run":"${run.id}"`, "s");
    if (!decision.test(kept)) this.#violate("begins without a durable decision");
    const decided = effect.context?.request.arguments["amount"];
    if (decided !== asked.parts.arguments["amount"]) this.#violate("begins with other arguments");
    if (!asked.resumed) this.#checkLimits();
  }

  #checkLimits(): void {
    const first = this.began.filter(({ resumed }) => !resumed);
    const uses = first.filter(({ kind }) => kind === KINDS.uses).length;
    if (uses > USES) this.#violate(`${uses} uses of ${USES}`);
    const amounts = first.filter(({ kind }) => kind === KINDS.total);
    const total = amounts.reduce(
      (sum, { parts }) => sum + (parts.arguments["amount"] as number),
      0,
    );
    if (total > TOTAL) this.#violate(`a total of ${total}, of ${TOTAL}`);
  }

  #kill(): void {
    const process = this.#process;
    this.#logged = Math.max(this.#logged, process.gate?.state.time ?? 0);
    process.alive = false;
    process.gate = undefined;
    process.storage.kill();
    this.#time = Math.max(this.#time, process.clock.right);
  }

  async #boot(): Promise<void> {
    this.#kill();
    if (this.random.chance(0.8)) {
      this.#measure = "well";
      this.#bytesFail = 0;
      this.#trustFault = undefined;
      this.#time = Math.max(this.#time, this.#logged);
      this.#whole = withdrawing(fresh(base, this.#time), new Set(this.#withdrawn));
      this.#domains = this.#whole;
    }
    const process = this.#newProcess();
    this.#process = process;
    const faulty = faultyKernel(kernel);
    Object.assign(process, { trap: faulty.trap });
    const before = this.faults;
    let answer: string | undefined;
    openGate({
      kernel: faulty.kernel,
      storage: process.storage,
      signer: gateSigner(),
      follower: process.follower,
      terms: OWN_TERMS,
      maxStaleness: MAX_STALENESS,
      witness: UNWITNESSED,
      clock: process.clock,
      random: faultyBytes(this.random, () => this.#bytesBreak()),
      measure: () => this.#measured(),
      host: "test",
      onOpenings: (run, openings) => void this.#openings.set(run, openings),
      cadence: { beat: 2_000, state: this.random.pick([20, 4_096]), checkpointEntries: 40 },
    }).then(
      (opened) => {
        answer = opened.ok ? "open" : opened.code;
        if (!opened.ok) this.story.push(`${opened.expected}; ${opened.found}`);
        if (opened.ok) process.gate = opened.value;
      },
      (error: unknown) => {
        answer = `threw ${String(error)}`;
      },
    );
    await turn();
    this.story.push(`boot: ${answer ?? "hangs"}`);
    if (answer === "LOG" && this.faults === before) this.#violate("the log cannot be opened again");
    if (answer !== undefined && answer !== "open" && this.disk.holder) {
      this.#violate(`the log is held by a gate that did not open: ${answer}`);
    }
    if (process.gate) this.#checkMode(process.gate);
  }

  #checkMode(gate: Gate): void {
    const expected = this.#mode;
    const { mode } = gate.state;
    if (expected === "revoked" && mode !== "revoked") this.#violate(`${mode} after it was revoked`);
    if (expected === "contained" && mode === "open") this.#violate("open after it was contained");
  }

  #bytesBreak(): boolean {
    if (!this.random.chance(this.#bytesFail)) return false;
    this.#fault("no random bytes");
    return true;
  }

  async #measured(): Promise<typeof MEASURED> {
    if (this.#measure !== "well") this.#fault(`measure: ${this.#measure}`);
    if (this.#measure === "throws") throw new Error("cannot be measured");
    if (this.#measure === "hangs") return await new Promise(() => {});
    return this.#measure === "well" ? MEASURED : { ...MEASURED, kernel: "00".repeat(32) };
  }

  #step(process: Process, gate: Gate): void {
    const { random } = this;
    const action = random.weigh<(process: Process, gate: Gate) => void | Promise<void>>(
      [30, this.#start],
      [10, this.#end],
      [6, this.#checkpoint],
      [25, this.#heal],
      [3, this.#contain],
      [6, this.#resume],
      [6, this.#resumeRun],
      [2, this.#revokeRun],
      [0.3, this.#revokeGate],
      [3, this.#handOver],
      [3, this.#beat],
      [3, this.#close],
      [4, this.#crash],
    );
    this.story.push(action.name);
    void Promise.resolve(action.call(this, process, gate)).catch((error: unknown) => {
      if (process.alive) this.#violate(`${action.name} rejected: ${String(error)}`);
    });
  }

  /** Something goes wrong, in the middle of whatever is going on. */
  #disturb(process: Process): void {
    const how = this.random.weigh<(process: Process) => void>(
      [8, this.#breakTrust],
      [2, this.#withdraw],
      [6, this.#disturbClock],
      [3, this.#breakMeasure],
      [2, this.#breakBytes],
      [0.4, this.#trap],
      [1, this.#crash],
    );
    how.call(this, process);
  }

  #effect(process: Process, kind: Kind): FaultEffect {
    const { random } = this;
    const habit = random.weigh<Habit>(
      [12, "plain"],
      [1, "throws"],
      [1, "rejects"],
      [1, "nothing"],
      [2, "checks at once"],
    );
    const manner = random.weigh<Manner>(
      [8, "stops"],
      [1, "rejects"],
      [1, "throws"],
      [1, "hangs"],
      [1, "says nothing"],
    );
    if (habit !== "plain" && habit !== "checks at once") this.#fault(`effect ${habit}`);
    if (manner !== "stops") this.#fault(`interruption ${manner}`);
    return new FaultEffect(habit, manner, kind.command, kind.id, (each) =>
      this.#begins(process, each),
    );
  }

  /** A request with a proof; undefined where no challenge could be had. */
  async #ask(process: Process, gate: Gate, asked: Asked): Promise<RunRequest | undefined> {
    let nonce: string;
    try {
      ({ nonce } = gate.challenge());
    } catch {
      return undefined;
    }
    const salt = new Uint8Array(32).fill(7);
    const made = must(makeRequest(asked.parts));
    const terms = { gate: gate.origin, nonce, salt };
    const now = process.clock.right;
    const proof = await provePossession(kernel, CLERK.signer, asked.kind.id, made, terms, now);
    const request = { ...asked.parts, arguments: { ...asked.parts.arguments } };
    return {
      chain: asked.kind.file,
      request,
      possession: { nonce, proof, salt },
      effect: asked.effect,
    };
  }

  async #start(process: Process, gate: Gate): Promise<void> {
    const { random } = this;
    const { plain, short, cleanup, uses, total } = KINDS;
    const kind = random.weigh([6, plain], [2, short], [3, cleanup], [2, uses], [2, total]);
    const amount = 1 + random.below(9);
    const parts = { principal: "agent:clerk", command: kind.command, arguments: { amount } };
    const above = random.chance(0.2) ? random.pick([...gate.supervisor.runs.values()]) : undefined;
    const effect = this.#effect(process, kind);
    const asked = { kind, parts, effect, parent: above?.id, resumed: false, run: undefined };
    process.asked.set(effect, asked);
    const ask = await this.#ask(process, gate, asked);
    if (!ask) return;
    const parents = above ? [gate.nameOf(above)] : [];
    const starting = gate.start({ ...ask, parents });
    if (random.chance(0.1)) {
      this.#fault("arguments changed");
      (ask.request.arguments as { amount: number }).amount += 1;
    }
    if (random.chance(0.1)) {
      this.#fault("a proof replayed");
      const other = this.#effect(process, kind);
      process.asked.set(other, { ...asked, effect: other });
      const again = await gate.start({ ...ask, effect: other });
      const both = again.outcome === "allow" && (await starting).outcome === "allow";
      if (both) this.#violate("a proof served twice");
    }
    const started = await starting;
    this.story.push(
      started.outcome === "allow"
        ? "allowed"
        : `denied: ${started.code} ${started.expected} / ${started.found}`,
    );
    if (started.outcome !== "allow") {
      this.denials.push(started.code);
      if (effect.context) this.#violate("denied, and its effect began");
      return;
    }
    this.#requests.set(started.run.id, asked);
    await this.#follow(process, started.run);
  }

  async #follow(process: Process, run: GovernedRun): Promise<void> {
    const result = await run.finished;
    if (!process.alive) return;
    this.story.push(`${run.id.slice(0, 6)} ${result.outcome}`);
    if (result.outcome === "completed") this.completed.add(run.id);
  }

  #acting(process: Process): FaultEffect[] {
    return [...process.asked.keys()].filter((effect) => effect.acts);
  }

  #end(process: Process): void {
    const acting = this.#acting(process);
    if (acting.length === 0) return;
    const exit = this.random.pick([0, null, 1, -1, Number.NaN]);
    if (exit !== null && !(exit >= 0)) this.#fault(`an exit of ${exit}`);
    this.random.pick(acting).end(this.random.pick(["done", "failed"] as const), exit);
  }

  async #checkpoint(process: Process): Promise<void> {
    const acting = this.#acting(process);
    if (acting.length === 0) return;
    await this.random
      .pick(acting)
      .context?.checkpoint()
      .catch(() => {});
  }

  #set(process: Process, domains: KnownDomains): void {
    this.#domains = domains;
    process.follower.set(domains);
  }

  async #heal(process: Process): Promise<void> {
    this.#trustFault = undefined;
    process.clock.wrong = undefined;
    this.#measure = "well";
    this.#bytesFail = 0;
    const latest = Math.max(this.#time, process.gate?.state.time ?? 0);
    if (process.clock.right < latest) process.clock.set(latest);
    this.#whole = withdrawing(fresh(base, process.clock.right), new Set(this.#withdrawn));
    this.#set(process, this.#whole);
    if (process.gate?.state.mode === "contained" && this.random.chance(0.7)) {
      return this.#resume(process, process.gate);
    }
  }

  #breakTrust(process: Process): void {
    const fault = this.random.pick(TRUST_FAULTS);
    this.#fault(`trust: ${fault[0]}`);
    this.#trustFault = fault[0];
    this.#set(process, withTrustFault(this.#whole, fault));
  }

  #withdraw(process: Process): void {
    const { id } = this.random.pick([KINDS.total, KINDS.short]);
    this.#fault("withdrawn");
    this.#withdrawn.add(id);
    this.#whole = withdrawing(this.#whole, new Set(this.#withdrawn));
    this.#trustFault = undefined;
    this.#set(process, this.#whole);
  }

  #disturbClock({ clock }: Process): void {
    const { random } = this;
    this.#fault("clock");
    const how = random.below(4);
    if (how === 0) clock.wrong = random.pick([Number.NaN, Number.POSITIVE_INFINITY, -1]);
    else if (how === 1) clock.set(clock.right - random.pick([500, 2_000, 3_600_000]));
    else clock.set(clock.right + random.pick([300, 5_000, 25_000]));
  }

  async #contain(process: Process, gate: Gate): Promise<void> {
    // It rejects where the log cannot be written.
    if (this.#mode !== "revoked") this.#mode = "unknown";
    await gate.contain().then(
      () => {
        if (this.#mode === "unknown" && process.alive && gate.state.mode === "contained") {
          this.#mode = "contained";
        }
      },
      () => {},
    );
  }

  async #statement(gate: Gate, run: string | null, drift: string): Promise<Uint8Array> {
    const expires = new Date(this.#time + 3_600_000).toISOString();
    const nonce = Buffer.from(Uint8Array.from({ length: 32 }, () => this.random.below(256)));
    const content = { gate: gate.origin, run, drift, trust: [], expires };
    return await signResume(RESUMER.signer, { ...content, nonce: nonce.toString("hex") });
  }

  async #resume(_: Process, gate: Gate): Promise<void> {
    const { drift } = gate.state;
    const replay = this.random.chance(0.3) ? this.#statements.at(-1) : undefined;
    if (replay) this.#fault("a resume replayed");
    if (!replay && drift === undefined) return;
    const statement = replay ?? (await this.#statement(gate, null, drift as string));
    this.#statements.push(statement);
    if (this.#mode === "contained") this.#mode = "unknown";
    const resumed = await gate.resume(statement);
    this.story.push(`the gate resumed: ${resumed.ok || `${resumed.code} ${resumed.found}`}`);
    if (!resumed.ok) return;
    if ((this.#mode as string) === "contained") this.#mode = "unknown";
    if (this.#served.has(statement)) this.#violate("a resume served twice");
    this.#served.add(statement);
  }

  async #resumeRun(process: Process, gate: Gate): Promise<void> {
    const contained = [...gate.state.runs].filter(([, { state }]) => state === "contained");
    if (contained.length === 0) return;
    const [run, record] = this.random.pick(contained);
    const before = this.#requests.get(run);
    const openings = this.#openings.get(run);
    if (!before || !openings) return;
    if (this.random.chance(0.2)) await gate.recover(run);
    const effect = this.#effect(process, before.kind);
    const asked = { ...before, effect, resumed: true, run: undefined };
    process.asked.set(effect, asked);
    const [ask, statement] = await Promise.all([
      this.#ask(process, gate, asked),
      this.#statement(gate, run, record.drift as string),
    ]);
    if (!ask) return;
    const resumed = await gate.resumeRun(run, statement, { ...ask, openings });
    this.story.push(`resumed: ${resumed.outcome === "allow" ? "allow" : resumed.code}`);
    if (resumed.outcome === "allow") await this.#follow(process, resumed.run);
    else if (effect.context) this.#violate("not resumed, and its effect began");
  }

  async #revokeRun(_: Process, gate: Gate): Promise<void> {
    const ids = [...gate.state.runs.keys(), ...gate.supervisor.runs.keys()];
    if (ids.length === 0) return;
    const run = this.random.pick(ids);
    const revoked = await gate.revoke(run);
    if (revoked.ok && !gate.state.revoked.has(run)) this.#violate("revoked, and not so");
  }

  async #revokeGate(process: Process, gate: Gate): Promise<void> {
    this.#mode = "unknown";
    const revoked = await gate.revoke(null);
    if (revoked.ok && process.alive) this.#mode = "revoked";
  }

  async #handOver(_: Process, gate: Gate): Promise<void> {
    if (gate.supervisor.runs.size === 0) return;
    const run = this.random.pick([...gate.supervisor.runs.values()]);
    await gate.handOver(run, CLERK.hex);
  }

  async #beat(_: Process, gate: Gate): Promise<void> {
    await gate.beat();
  }

  async #close(process: Process, gate: Gate): Promise<void> {
    // It rejects where the last checkpoint cannot be written.
    await gate.close().catch(() => {});
    this.#logged = Math.max(this.#logged, gate.state.time);
    process.gate = undefined;
    for (const effect of process.asked.keys()) {
      if (effect.acts) this.#violate("acts on after its gate was closed");
    }
  }

  #crash(): void {
    this.#fault("crash");
    this.#kill();
  }

  #breakMeasure(): void {
    this.#measure = this.random.pick(["throws", "hangs", "another kernel"] as const);
  }

  #breakBytes(): void {
    this.#bytesFail = 0.5;
  }

  #trap(process: Process): void {
    this.#fault("kernel trap");
    process.trapped = true;
    process.trap();
  }

  /** The log opens again without a person, holds together, and holds all that somebody was told. */
  async #audit(): Promise<void> {
    Object.assign(this.disk.weather, { fail: 0, hang: 0 });
    this.#measure = "well";
    this.#bytesFail = 0;
    this.#kill();
    this.#time = Math.max(this.#time, this.#logged);
    await this.#boot();
    const { gate } = this.#process;
    if (!gate) return this.#violate("the gate does not open again");
    const entries: Uint8Array[] = [];
    for (let i = 0; i < gate.state.size; i++) {
      entries.push((await gate.core.ledger.log.read(i)) as Uint8Array);
    }
    const chain = checkChain(kernel, entries, null);
    if (!chain.ok) return this.#violate(`the chain: ${chain.expected}`);
    const intents = new Map<string, string>();
    const outcomes = new Set<string>();
    const totals = new Map<string, number>();
    for (const entry of chain.value.entries) {
      if (entry.kind === "outcome") outcomes.add(entry.run);
      if (entry.kind !== "intent") continue;
      if (intents.has(entry.run)) this.#violate("two intents of one run");
      intents.set(entry.run, entry.decision);
      for (const { link, amount } of entry.charges) {
        totals.set(link, (totals.get(link) ?? 0) + amount);
      }
    }
    for (const { run } of this.began) {
      if (run && !intents.has(run.id))
        this.#violate("an effect began, and the log does not say so");
    }
    for (const run of this.completed) {
      if (!outcomes.has(run)) this.#violate("a run is completed, and the log does not say so");
    }
    if ((totals.get(KINDS.uses.id) ?? 0) > USES) this.#violate("more uses than allowed in the log");
    if ((totals.get(KINDS.total.id) ?? 0) > TOTAL) this.#violate("a larger total in the log");
    await gate.close();
    if (this.disk.holder) this.#violate("a closed gate holds its log");
  }
}
