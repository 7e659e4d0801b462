/** A gate of SHIP over the world of the authorization tests, with a clock that only tests move. */
import { provePossession } from "../../src/authorization/possession.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { makeRequest } from "../../src/authorization/request.js";
import type { RequestParts } from "../../src/authorization/request.js";
import { encodeHex } from "../../src/bytes/hex.js";
import type { Effect, EffectContext, Ended, Running } from "../../src/gate/confinement.js";
import type { Measured } from "../../src/gate/environment.js";
import type { TrustFollower } from "../../src/gate/follower.js";
import type { Gate } from "../../src/gate/gate.js";
import { openGate } from "../../src/gate/open-gate.js";
import type { GateOptions } from "../../src/gate/options.js";
import { UNWITNESSED } from "../../src/gate/options.js";
import type { RunRequest } from "../../src/gate/run-request.js";
import type { Entry } from "../../src/lineage/entry.js";
import { parseEntry } from "../../src/lineage/entry.js";
import type { EntryIsolation } from "../../src/lineage/entry/run.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { LogStorage } from "../../src/storage/storage.js";
import type { Signer } from "../../src/tlog/signer.js";
import { makeVerifierKey } from "../../src/tlog/vkey.js";
import type { HandLink, Party } from "../authorization/craft.js";
import { fileOf, party } from "../authorization/craft.js";
import {
  CLERK,
  GATE,
  grant,
  MAX_STALENESS,
  NOW,
  OWN_TERMS,
  world,
} from "../authorization/world.js";
import { hexKey, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { TestClock } from "./fake-clock.js";

/** What a test says that the gate knows. */
export class TestFollower implements TrustFollower {
  readonly worstDelay = 0;
  readonly lastFailure = undefined;
  #domains: KnownDomains;
  readonly #calls = new Set<() => void>();
  /** Called at each refresh; gives what is known then. */
  onRefresh: () => KnownDomains | undefined = () => undefined;

  constructor(domains: KnownDomains) {
    this.#domains = domains;
  }

  get domains(): KnownDomains {
    return this.#domains;
  }

  set(domains: KnownDomains): void {
    this.#domains = domains;
    for (const call of this.#calls) call();
  }

  onChange(call: () => void): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  async refresh(): Promise<void> {
    const next = this.onRefresh();
    if (next) this.set(next);
  }

  async close(): Promise<void> {}
}

/** The signer of a gate's log, by the key that the world lists for it. */
export function gateSigner(origin = GATE): Signer {
  const { publicKey, signer } = party(origin);
  return { key: makeVerifierKey(kernel, origin, "ed25519", publicKey), sign: signer.sign };
}

/** The same bytes in every run. */
export function counting(): (length: number) => Uint8Array {
  let n = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, ++n);
    bytes.fill(n & 255, 4);
    return bytes;
  };
}

export interface Bench {
  readonly gate: Gate;
  readonly clock: TestClock;
  readonly follower: TestFollower;
  readonly storage: LogStorage;
  readonly options: GateOptions;
}

export const MEASURED: Measured = {
  source: "self-measured",
  kernel: hexKey("kernel"),
  parts: [],
};

export interface Setting extends Partial<Omit<GateOptions, "clock" | "follower">> {
  readonly clock?: TestClock;
  readonly domains?: KnownDomains;
}

export function optionsOf(setting: Setting = {}) {
  const clock = setting.clock ?? new TestClock(NOW);
  const follower = new TestFollower(setting.domains ?? world.domains);
  const storage = setting.storage ?? new MemoryStorage();
  const options: GateOptions = {
    kernel,
    signer: gateSigner(),
    terms: OWN_TERMS,
    maxStaleness: MAX_STALENESS,
    witness: UNWITNESSED,
    random: counting(),
    measure: async () => MEASURED,
    host: "test",
    ...setting,
    storage,
    clock,
    follower,
  };
  return { options, clock, follower, storage };
}

export async function openBench(setting: Setting = {}): Promise<Bench> {
  const made = optionsOf(setting);
  const gate = must(await openGate(made.options));
  return { gate, ...made };
}

/** An effect that a test ends: it does nothing of itself. */
export class TestEffect implements Effect {
  readonly isolation: EntryIsolation;
  context: EffectContext | undefined;
  interrupts = 0;
  /** What an interruption answers. */
  answer: "stopped" | "not-stopped" | "unknown" = "stopped";
  #end!: (ended: Ended) => void;
  readonly ended: Promise<Ended> = new Promise((resolve) => {
    this.#end = resolve;
  });

  constructor(isolation: EntryIsolation = { level: "cooperative" }) {
    this.isolation = isolation;
  }

  get began(): boolean {
    return this.context !== undefined;
  }

  start(context: EffectContext): Running {
    this.context = context;
    return {
      ended: this.ended,
      interrupt: async () => {
        this.interrupts += 1;
        return { answer: this.answer, steps: ["signalled"], took: 0 };
      },
    };
  }

  end(outcome: "done" | "failed" = "done"): void {
    this.#end({ outcome, exit: null, signal: null });
  }
}

export interface Asking {
  readonly links?: readonly HandLink[];
  readonly request?: Partial<RequestParts>;
  readonly holder?: Party;
  readonly effect?: Effect;
  readonly rest?: Partial<RunRequest>;
}

/** A request to a gate, with a proof by its holder. */
export async function asking(
  gate: Gate,
  { links = [grant()], request = {}, holder = CLERK, effect = new TestEffect(), rest = {} }: Asking,
): Promise<RunRequest> {
  const parts: RequestParts = {
    principal: "agent:clerk",
    command: "/pay/transfer",
    arguments: { amount: 5 },
    ...request,
  };
  const { nonce } = gate.challenge();
  const salt = new Uint8Array(32).fill(7);
  const leaf = links.at(-1) as HandLink;
  const made = must(makeRequest(parts));
  const terms = { gate: gate.origin, nonce, salt };
  const now = gate.core.now;
  const proof = await provePossession(kernel, holder.signer, leaf.id, made, terms, now);
  return {
    chain: fileOf(links),
    request: parts,
    possession: { nonce, proof, salt },
    effect,
    ...rest,
  };
}

/** All entries of a gate's log, in order. */
export async function entriesOf(gate: Gate): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let index = 0; index < gate.state.size; index++) {
    entries.push(must(parseEntry((await gate.core.ledger.log.read(index)) as Uint8Array)));
  }
  return entries;
}

/** The kinds of a run's entries with the state after each, like `intent executing`. */
export async function storyOf(gate: Gate, run: string): Promise<string[]> {
  const entries = await entriesOf(gate);
  return entries.flatMap((entry) =>
    "run" in entry && entry.run === run ? [`${entry.kind} ${entry.state}`] : [],
  );
}

export function leafOf(bytes: Uint8Array): string {
  return encodeHex(kernel.leafHash(bytes));
}
