/**
 * The last part of the demonstration: three organisations, each in a process of its own. A run begins at
 * one gate under another's authorization and is handed on to the third's; a network is cut, and what was
 * allowed stops at its bound; it goes on, on a person's word; then the authorization is withdrawn, and
 * both gates stop.
 */
import { mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { decodeHex } from "../../../bytes/hex.js";
import { encodeUtf8 } from "../../../bytes/utf8.js";
import type { Kernel } from "../../../kernel/kernel.js";
import { parseCheckpoint } from "../../../tlog/checkpoint.js";
import { parsePolicy } from "../../../tlog/policy.js";
import { NO_VERIFIERS } from "../../../tlog/verifiers.js";
import { verifyProof } from "../../../tlog/verify-proof.js";
import { formatVkey, makeVerifierKey, parseVkey } from "../../../tlog/vkey.js";
import type { Verdict } from "../../../verdict.js";
import { bold, dim } from "../../print.js";
import { Live } from "../../trust/live.js";
import { required } from "../demo-domain.js";
import { Part } from "./courier.js";
import type { DemoBundle } from "./demo-bundle.js";
import { bundleOf, describeBundle } from "./demo-bundle.js";
import type { Shown } from "./demo-gate.js";
import type { DomainPart, Introduction } from "./domain-part.js";
import { TERMS } from "./domain-part.js";

/** A phase as the story shows it, with the entry that begins it. */
export interface ShownPhase {
  readonly phase: number;
  readonly name: string;
  readonly gate: string;
  readonly index: number;
  readonly entry: string;
}

export interface Governed {
  readonly phases: readonly ShownPhase[];
  /** Milliseconds from the publication of the withdrawal to the stop, at each gate. */
  readonly delays: readonly number[];
  /** Milliseconds that were promised for that. */
  readonly bound: number;
  /** Milliseconds from the last timestamp that could be had to the stop, with the network cut. */
  readonly cut: number;
  /** Milliseconds that were promised for that. */
  readonly cutBound: number;
  readonly verdict: Verdict;
  /** All of it in one file, verified from the first roots alone. */
  readonly bundle: DemoBundle;
  /** The root that others pin, by domain. */
  readonly roots: ReadonlyMap<string, Uint8Array>;
  /** Whether everything came out as the story says. */
  readonly held: boolean;
  readonly text: string;
}

type Actor = Part<PartMethods>;
type ErrandMethods = Record<string, (...args: unknown[]) => Promise<unknown>>;
type PartMethods = { readonly [Name in keyof DomainPart]: DomainPart[Name] };

const NAMES = ["pay.example", "ship.example", "mill.example"] as const;

/** `out`: keeps the domains' folders and the gates' logs there. */
export async function demonstrateGates(kernel: Kernel, out: string | undefined): Promise<Governed> {
  const folder = out ?? (await mkdtemp(join(tmpdir(), "writ-demo-")));
  const parts = NAMES.map((name): Actor => new Part(name));
  const story = new GovernedStory(kernel, folder, parts);
  const live = new Live(() => story.lines.map(stripVTControlCharacters));
  try {
    return await story.tell();
  } finally {
    live.end();
    await Promise.all(parts.map((part) => part.end()));
    if (out === undefined) await rm(folder, { recursive: true, force: true });
  }
}

class GovernedStory {
  readonly #lines: string[] = [];
  readonly #phases: ShownPhase[] = [];
  readonly #pay: Actor;
  readonly #ship: Actor;
  readonly #mill: Actor;
  #wrong = false;

  constructor(
    readonly kernel: Kernel,
    readonly folder: string,
    parts: readonly Actor[],
  ) {
    [this.#pay, this.#ship, this.#mill] = parts as [Actor, Actor, Actor];
    for (const part of parts) {
      part.onErrand = async (to, method, args) => {
        const other = parts.find(({ name }) => name === to) as Part<ErrandMethods> | undefined;
        return await other?.ask(method, ...args);
      };
    }
  }

  /** What was told so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  async tell(): Promise<Governed> {
    const [pay, ship, mill] = await this.#meet();
    const chain = await this.#pay.ask("issue", await this.#agent(this.#ship), ship.gate.origin);
    const other = await this.#pay.ask("issue", await this.#agent(this.#mill), mill.gate.origin);
    this.#note(`${pay.name} authorizes agent:buyer at both gates: /pay/invoice, amount <= 1000`);

    const run = await this.#begin(chain);
    const there = await this.#handOn(run, ship, mill, other);
    const cut = await this.#cutOff(run, chain);
    await this.#goOn(run, chain);
    const delays = await this.#withdraw(run, there, [chain, other], chain);
    const bound = Number(await this.#ship.ask("gate", "worstDelay"));
    this.#note(
      `stopped ${delays.join(" and ")} ms after the publication, promised ${bound} ms and the grace time`,
    );
    const verdict = await this.#persist(run, ship, mill);
    await Promise.all([this.#pay, this.#ship, this.#mill].map((part) => part.ask("end")));
    const ask = (part: Actor) => async (request: Uint8Array) => await part.ask("cosign", request);
    const by = { ship: ask(this.#ship), mill: ask(this.#mill) };
    const bundle = await bundleOf(this.kernel, this.folder, { pay, ship, mill }, by);
    this.#note(describeBundle(bundle));
    const cutBound = TERMS.maxStaleness;
    // How long it took is shown, not judged: a busy machine breaks no promise of the log.
    const proven = verdict.outcome === "PROVEN" && bundle.report.outcome === "PROVEN";
    const held = !this.#wrong && proven && this.#phases.length === 10;
    return {
      phases: this.#phases,
      delays,
      bound,
      cut,
      cutBound,
      verdict,
      bundle,
      roots: new Map([pay, ship, mill].map(({ name, root }) => [name, root])),
      held,
      text: this.#lines.join("\n"),
    };
  }

  /** Makes the domains; each publishes, accepts the others and opens its gate. */
  async #meet(): Promise<[Introduction, Introduction, Introduction]> {
    const [pay, ship, mill] = (await Promise.all(
      [this.#pay, this.#ship, this.#mill].map((part) =>
        part.ask("make", part.name, join(this.folder, part.name)),
      ),
    )) as [Introduction, Introduction, Introduction];
    await this.#ship.ask("accept", pay, "/pay");
    await this.#ship.ask("accept", mill, "/mill");
    await this.#mill.ask("accept", pay, "/pay");
    await this.#mill.ask("accept", ship, "/ship");
    await Promise.all([this.#pay, this.#ship, this.#mill].map((part) => part.ask("begin")));
    await symlink(join(this.folder, pay.name, "public"), this.#link);
    const seen = (domain: Introduction) => ({
      domain,
      folder: join(this.folder, domain.name, "public"),
    });
    await this.#ship.ask("open", ship, [{ domain: pay, folder: this.#link }, seen(mill)]);
    await this.#mill.ask("open", mill, [seen(pay), seen(ship)]);
    this.#note(
      "three processes, three domains, two gates; each gate follows the folders of the others",
    );
    const entries = (await this.#ship.ask("gate", "entries")) as readonly Shown[];
    const baseline = entries.find(({ kind }) => kind === "policy");
    this.#phase(1, "baseline established", baseline);
    return [pay, ship, mill];
  }

  /** The way from the gate of the second domain to the first domain. */
  get #link(): string {
    return join(this.folder, "ship-sees-pay");
  }

  async #agent(part: Actor): Promise<string> {
    return (await part.ask("gate", "agent")) as string;
  }

  async #next(part: Actor, run: string, kind: string, from = 0): Promise<Shown> {
    return (await part.ask("gate", "next", run, kind, from)) as Shown;
  }

  /** A checkpoint of the second domain's gate that the third domain's witness has cosigned. */
  async #covering(index: number, { witness }: Introduction): Promise<Uint8Array> {
    const { name } = required(parseVkey(this.kernel, witness));
    return (await this.#ship.ask("gate", "covering", index, name)) as Uint8Array;
  }

  async #begin(chain: Uint8Array): Promise<string> {
    const { run, code } = (await this.#ship.ask("gate", "ask", chain)) as {
      run?: string;
      code?: string;
    };
    if (run === undefined) throw new Error(`the run was denied: ${code}`);
    this.#phase(2, "authorization continuity", await this.#next(this.#ship, run, "admission"));
    this.#phase(3, "runtime trust activated", await this.#next(this.#ship, run, "measurement"));
    this.#phase(4, "governed execution", await this.#next(this.#ship, run, "intent"));
    return run;
  }

  /** The third domain's gate begins a run that the second's has caused. */
  async #handOn(
    run: string,
    ship: Introduction,
    mill: Introduction,
    chain: Uint8Array,
  ): Promise<string> {
    const handed = (await this.#ship.ask("gate", "handOver", run, mill.gate.key)) as {
      decision: number;
      handover: number;
    };
    const cosigned = await this.#covering(handed.handover, mill);
    const packet = (await this.#ship.ask("gate", "packet", cosigned, handed)) as Uint8Array;
    const { run: there, code } = (await this.#mill.ask("gate", "ask", chain, packet)) as {
      run?: string;
      code?: string;
    };
    if (there === undefined) throw new Error(`the hand-over was denied: ${code}`);
    const accept = await this.#next(this.#mill, there, "accept");
    this.#note(`${ship.gate.origin} hands on to ${mill.gate.origin}: ${lineOf(accept)}`);
    return there;
  }

  /** The network is cut: milliseconds from the last that the gate heard to the stop. */
  async #cutOff(run: string, chain: Uint8Array): Promise<number> {
    await rename(this.#link, `${this.#link}-cut`);
    const at = Date.now();
    this.#note("the way from ship.example to pay.example is cut");
    const drift = await this.#next(this.#ship, run, "drift");
    this.#phase(5, "drift detected", drift);
    const stopped = await this.#next(this.#ship, run, "interruption");
    this.#phase(6, "interrupted and contained", stopped);
    const cut = stopped.at - at;
    this.#note(
      `${cut} ms after the cut, promised at the latest ${TERMS.maxStaleness} ms after the last timestamp`,
    );
    const { code } = (await this.#ship.ask("gate", "ask", chain)) as { code?: string };
    this.#say("another request meanwhile", code, "STALE");
    return cut;
  }

  async #goOn(run: string, chain: Uint8Array): Promise<void> {
    const denied = await this.#ship.ask("gate", "resume", run, chain);
    this.#say("the resumer's word, as long as the way is cut", denied, "STALE");
    await rename(`${this.#link}-cut`, this.#link);
    this.#note("the way is there again");
    const from = await this.#size();
    const resumed = await this.#ship.ask("gate", "resume", run, chain);
    this.#say("the resumer's word", resumed, "executing");
    this.#phase(7, "recovery", await this.#next(this.#ship, run, "transition", from));
    this.#phase(8, "revalidated", await this.#next(this.#ship, run, "resume", from));
  }

  async #size(): Promise<number> {
    const entries = (await this.#ship.ask("gate", "entries")) as readonly Shown[];
    return (entries.at(-1)?.index ?? -1) + 1;
  }

  /** Milliseconds from the publication of the withdrawal to the stop, at both gates. */
  async #withdraw(
    run: string,
    there: string,
    chains: readonly Uint8Array[],
    chain: Uint8Array,
  ): Promise<readonly number[]> {
    const from = await this.#size();
    const published = await this.#pay.ask("revoke", chains);
    this.#note("pay.example withdraws both authorizations");
    const [here, other] = await Promise.all([
      this.#next(this.#ship, run, "interruption", from),
      this.#next(this.#mill, there, "interruption"),
    ]);
    const drift = await this.#next(this.#ship, run, "drift", from);
    this.#note(`${lineOf(drift)}, then ${lineOf(here)}`);
    this.#note(lineOf(other));
    const delays = [here, other].map(({ at }) => Math.max(0, at - published));
    const resumed = await this.#ship.ask("gate", "resume", run, chain);
    this.#say("the resumer's word, for what was withdrawn", resumed, "REVOKED");
    const entries = (await this.#ship.ask("gate", "entries", from)) as readonly Shown[];
    const revoked = entries.find((each) => each.run === run && each.state === "revoked");
    this.#phase(8, "or revoked, for ever", revoked);
    return delays;
  }

  /** The run's last entry, under a checkpoint that another domain's witness has cosigned. */
  async #persist(run: string, ship: Introduction, mill: Introduction): Promise<Verdict> {
    const entries = (await this.#ship.ask("gate", "entries")) as readonly Shown[];
    const last = [...entries].reverse().find((each) => each.run === run) as Shown;
    const cosigned = await this.#covering(last.index, mill);
    const { size } = required(parseCheckpoint(cosigned)).checkpoint;
    const { entry, proof } = (await this.#ship.ask(
      "gate",
      "prove",
      cosigned,
      Number(size),
      last.index,
    )) as { entry: Uint8Array; proof: Uint8Array };
    const log = makeVerifierKey(
      this.kernel,
      ship.gate.origin,
      "ed25519",
      decodeHex(ship.gate.key) as Uint8Array,
    );
    const text = `log ${formatVkey(log)}\nwitness mill ${mill.witness}\nquorum mill\n`;
    const verdict = verifyProof(this.kernel, proof, entry, {
      policy: required(parsePolicy(this.kernel, encodeUtf8(text))),
      verifiers: NO_VERIFIERS,
      origin: undefined,
      now: Date.now(),
      maxStaleness: 60_000,
      skew: 1_000,
    });
    this.#phase(9, "proof persisted", last);
    this.#note(`${verdict.outcome}: in a checkpoint of ${size} entries that mill.example cosigned`);
    return verdict;
  }

  #phase(phase: number, name: string, entry: Shown | undefined): void {
    if (!entry) {
      this.#wrong = true;
      return;
    }
    this.#phases.push({ phase, name, gate: entry.gate, index: entry.index, entry: entry.kind });
    this.#lines.push(`${bold(`${phase} ${name}`.padEnd(28))} ${lineOf(entry)}`);
  }

  #say(step: string, found: unknown, expected: string): void {
    if (found !== expected) this.#wrong = true;
    this.#lines.push(`  ${bold(String(found).padEnd(9))} ${step}`);
  }

  #note(text: string): void {
    this.#lines.push(dim(`  ${text}`));
  }
}

function lineOf({ gate, index, kind, state, code, answer }: Shown): string {
  const words = [state, code, answer].filter((word) => word !== null);
  return `${gate} #${index} ${kind}${words.length > 0 ? ` (${words.join(", ")})` : ""}`;
}
