/** What a gate has around it, each part able to fail: its clock, its kernel, its trust, its effects. */
import type { KnownDomains } from "../../src/authorization/domains.js";
import type { Effect, EffectContext, Ended, Running } from "../../src/gate/confinement.js";
import type { EntryIsolation } from "../../src/lineage/entry/run.js";
import { KernelFault } from "../../src/kernel/border.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import type { TrustView } from "../../src/trust/view.js";
import { sha256 } from "../authorization/craft.js";
import type { Random } from "../authorization/random.js";
import { BANK, otherState, otherViews, SHIP } from "../authorization/world.js";
import type { Loose } from "../trust/forge.js";
import { TestClock } from "./fake-clock.js";

/** A clock that sometimes tells no time. */
export class FaultClock extends TestClock {
  /** What is told instead; undefined where nothing is wrong. */
  wrong: number | undefined;

  override now(): number {
    return this.wrong ?? super.now();
  }

  /** What the clock would tell if it told the time. */
  get right(): number {
    return super.now();
  }
}

/** A kernel that traps once told to, and is dead from then on, as the real one. */
export function faultyKernel(kernel: Kernel): { readonly kernel: Kernel; trap: () => void } {
  let trapped = false;
  const faulty = new Proxy(kernel, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => {
        if (trapped) throw new KernelFault("the kernel trapped");
        return (value as (...all: unknown[]) => unknown).apply(target, given);
      };
    },
  });
  return {
    kernel: faulty,
    trap: () => {
      trapped = true;
    },
  };
}

/** How an effect behaves. */
export type Habit = "plain" | "throws" | "rejects" | "nothing" | "checks at once";
export type Manner = "stops" | "rejects" | "throws" | "hangs" | "says nothing";

export class FaultEffect implements Effect {
  readonly isolation: EntryIsolation = { level: "cooperative" };
  context: EffectContext | undefined;
  interrupted = false;
  over = false;
  #end: (ended: Ended) => void = () => {};
  readonly #onBegin: (effect: FaultEffect) => void;

  constructor(
    readonly habit: Habit,
    readonly manner: Manner,
    /** What it is for: in the gate's words. */
    readonly command: string,
    readonly link: string,
    onBegin: (effect: FaultEffect) => void,
  ) {
    this.#onBegin = onBegin;
  }

  /** It acts now. */
  get acts(): boolean {
    return this.context !== undefined && !this.over && !this.interrupted;
  }

  start(context: EffectContext): Running {
    this.context = context;
    this.#onBegin(this);
    if (this.habit === "throws" || this.habit === "nothing") this.over = true;
    if (this.habit === "throws") throw new Error("the effect throws");
    if (this.habit === "nothing") return undefined as unknown as Running;
    if (this.habit === "checks at once") context.checkpoint().catch(() => {});
    const ended = new Promise<Ended>((resolve, reject) => {
      this.#end = resolve;
      if (this.habit === "rejects") {
        this.over = true;
        reject(new Error("the effect's end rejects"));
      }
    });
    return { ended, interrupt: () => this.#interrupt() as Promise<never> };
  }

  #interrupt(): Promise<unknown> {
    this.interrupted = true;
    switch (this.manner) {
      case "stops":
        return Promise.resolve({ answer: "stopped", steps: ["signalled"], took: 1 });
      case "rejects":
        return Promise.reject(new Error("the interruption rejects"));
      case "throws":
        throw new Error("the interruption throws");
      case "hangs":
        return new Promise(() => {});
      case "says nothing":
        return Promise.resolve({ answer: "gone", steps: "none", took: Number.NaN });
    }
  }

  end(outcome: "done" | "failed", exit: number | null): void {
    if (this.over) return;
    this.over = true;
    this.#end({ outcome, exit, signal: null });
  }
}

let versions = 100;

/** What a reader would have that synced at `now`. */
export function fresh(domains: KnownDomains, now: number): KnownDomains {
  const by = (view: TrustView): TrustView => {
    const state = view.state as Loose;
    const { timestamp, snapshot } = state.metadata;
    const version = ++versions;
    const metadata = {
      ...state.metadata,
      timestamp: {
        ...timestamp,
        expires: now + 60_000,
        signed: { ...timestamp.signed, version },
      },
      snapshot: { ...snapshot, expires: now + 3_600_000 },
    };
    const digest = sha256(`${view.domain} ${version}`);
    return otherState(view, { issued: now, metadata, digest } as Loose);
  };
  return otherViews(domains, { [SHIP]: by, [BANK]: by });
}

type Change = (view: TrustView) => TrustView | undefined;

/** Ways in which trust is gone, each with who it is gone from. */
export const TRUST_FAULTS: readonly (readonly [string, typeof SHIP | typeof BANK, Change])[] = [
  ["own missing", SHIP, (view) => ({ ...view, state: undefined, failure: lacks("NO_TRUST") })],
  ["bank missing", BANK, (view) => ({ ...view, state: undefined })],
  ["bank gone", BANK, () => undefined],
  ["own equivocates", SHIP, (view) => ({ ...view, failure: lacks("EQUIVOCATION") })],
  ["bank equivocates", BANK, (view) => ({ ...view, failure: lacks("EQUIVOCATION") })],
  ["own ageless", SHIP, (view) => otherState(view, { issued: undefined })],
  ["bank stale", BANK, (view) => otherState(view, { issued: 0 })],
  ["peer removed", SHIP, (view) => otherState(view, { peers: { peers: [] } } as Loose)],
  [
    "gate contained",
    SHIP,
    (view) => ({
      ...view,
      withdrawn: {
        ...view.withdrawn,
        contained: new Map([[`${SHIP}/gate-1`, "2099-01-01T00:00:00Z"]]),
      },
    }),
  ],
  [
    "rules that nothing satisfies",
    SHIP,
    (view) => {
      const rules = [{ command: "/", policy: [["==", ".amount", -1]] }];
      return otherState(view, { policy: { rules } } as Loose);
    },
  ],
];

function lacks(code: "NO_TRUST" | "EQUIVOCATION") {
  return { ok: false, code, expected: "trust", found: "none" } as const;
}

export function withTrustFault(
  domains: KnownDomains,
  [, whose, change]: (typeof TRUST_FAULTS)[number],
): KnownDomains {
  return otherViews(domains, { [whose]: change });
}

/** The bank has withdrawn an authorization. */
export function withdrawing(domains: KnownDomains, links: ReadonlySet<string>): KnownDomains {
  return otherViews(domains, {
    [BANK]: (view) => ({ ...view, withdrawn: { ...view.withdrawn, authorizations: links } }),
  });
}

/** Random bytes, of a source that may fail. */
export function faultyBytes(random: Random, fails: () => boolean): (length: number) => Uint8Array {
  return (length) => {
    if (fails()) throw new Error("no random bytes");
    return Uint8Array.from({ length }, () => random.below(256));
  };
}
