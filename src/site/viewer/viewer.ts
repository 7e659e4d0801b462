/** What the page knows, as signals, and what its parts may do. */
import type { ReadonlySignal } from "@preact/signals";
import { computed, signal } from "@preact/signals";
import { equalBytes } from "../../bytes/concat.js";
import { MAX_BUNDLE_BYTES } from "../../proof/read-bundle.js";
import type { NamedFile } from "./blob.js";
import { bytesOf, piecesOf } from "./blob.js";
import { formatField, parseField, parseSeconds } from "./clock.js";
import type { Desk } from "./desk.js";
import { HEAD_BYTES, kindOfFile } from "./file-kind.js";
import type { Place } from "./locate.js";
import { locate } from "./locate.js";
import type { Answers, EntryPlace, Examined, Questions } from "./questions.js";

/** One bit of the bundle that was turned around. */
export interface Flip extends Place {
  readonly position: number;
  readonly before: number;
  readonly after: number;
}

export type Phase =
  | { readonly kind: "waiting" }
  | { readonly kind: "verifying"; readonly read: number; readonly total: number }
  | { readonly kind: "failed"; readonly message: string }
  | {
      readonly kind: "done";
      readonly examined: Examined;
      readonly flip: Flip | undefined;
      /** The time that it was verified for, as its input has it. */
      readonly at: string;
    };

/** Runs that are listed at once. */
export const PAGE = 20;

export interface Host {
  openDesk(): Promise<Desk>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** A whole number from 0 up to and without `below`. */
  random(below: number): number;
}

export class Viewer {
  readonly bundle = signal<NamedFile | undefined>(undefined);
  readonly roots = signal<readonly RootFile[]>([]);
  /** Why files were not taken. */
  readonly refusals = signal<readonly string[]>([]);
  readonly now = signal("");
  readonly skew = signal("60");
  readonly witnessInterval = signal("60");
  readonly phase = signal<Phase>({ kind: "waiting" });
  readonly place = signal<Desk["place"] | undefined>(undefined);
  readonly filter = signal("");
  readonly runs = signal<Answers["runs"] | undefined>(undefined);
  readonly run = signal<string | undefined>(undefined);
  readonly lineage = signal<Answers["lineage"]>(undefined);
  readonly expanded = signal<readonly string[]>([]);
  readonly authorization = signal<Answers["authorization"]>(undefined);
  readonly entryAt = signal<EntryPlace | undefined>(undefined);
  readonly entry = signal<Answers["entry"]>(undefined);
  /** The original's, while a changed one is looked at. */
  readonly original = signal<Examined | undefined>(undefined);
  readonly demand: ReadonlySignal<Demanded | undefined> = computed(() => {
    const now = parseField(this.now.value);
    const skew = parseSeconds(this.skew.value);
    const witnessInterval = parseSeconds(this.witnessInterval.value);
    if (now === undefined || skew === undefined || witnessInterval === undefined) return undefined;
    return { now, skew, witnessInterval };
  });
  readonly #host: Host;
  #desk: Promise<Desk> | undefined;
  #followsClock = true;
  /** Which verification the page waits for. */
  #turn = 0;

  constructor(host: Host) {
    this.#host = host;
    this.useClock();
  }

  useClock(): void {
    this.#followsClock = true;
    this.now.value = formatField(this.#host.now());
  }

  setNow(text: string): void {
    this.#followsClock = false;
    this.now.value = text;
  }

  /** Takes files in any order, and verifies once there is enough. */
  async take(files: readonly NamedFile[]): Promise<void> {
    const refusals: string[] = [];
    let taken = 0;
    for (const file of files) {
      const head = await bytesOf(file.blob.slice(0, HEAD_BYTES)).catch(() => undefined);
      const kind = head && kindOfFile(head);
      if (kind === "bundle") this.bundle.value = file;
      else if (head && kind === "root") this.#takeRoot({ ...file, bytes: head });
      else {
        const why =
          kind === undefined
            ? "it cannot be read"
            : "it is neither a proof bundle nor a trust root";
        refusals.push(`${file.name}: ${why}`);
        continue;
      }
      taken += 1;
    }
    this.refusals.value = refusals;
    if (taken > 0) await this.verify();
  }

  async remove(file: NamedFile): Promise<void> {
    if (this.bundle.value === file) this.bundle.value = undefined;
    this.roots.value = this.roots.value.filter((each) => each !== file);
    await this.verify();
  }

  /** The bundle as it was given. */
  async verify(): Promise<void> {
    this.original.value = undefined;
    if (this.#followsClock) this.useClock();
    const bundle = this.bundle.value;
    if (!bundle || this.roots.value.length === 0) return this.#forget({ kind: "waiting" });
    await this.#examine(bundle.blob, undefined);
  }

  /** Turns one bit around, and verifies what comes of it. Undefined: wherever chance has it. */
  async flip(chosen: number | undefined): Promise<void> {
    const { value: bundle } = this.bundle;
    const phase = this.phase.value;
    if (!bundle || bundle.blob.size === 0) return;
    const position = chosen ?? this.#host.random(bundle.blob.size);
    // Not the highest: what was ASCII still is, and can be shown.
    const bit = this.#host.random(7);
    const original = phase.kind === "done" && !phase.flip ? phase.examined : this.original.value;
    const [place, [before]] = await Promise.all([
      locate(piecesOf(bundle.blob), position),
      bytesOf(bundle.blob.slice(position, position + 1)),
    ]);
    if (!place || before === undefined) return;
    this.original.value = original;
    await this.#examine(bundle.blob, { ...place, position, before, after: before ^ (1 << bit) });
  }

  async choose(run: string): Promise<void> {
    this.run.value = run;
    this.expanded.value = [];
    const isChosen = (): boolean => this.run.value === run;
    await Promise.all([
      this.#ask("lineage", { centre: run, expanded: [] }, (answer) => {
        if (isChosen()) this.lineage.value = answer;
      }),
      this.#ask("authorization", { run }, (answer) => {
        if (isChosen()) this.authorization.value = answer;
      }),
    ]);
  }

  async expand(key: string): Promise<void> {
    const centre = this.run.value;
    if (centre === undefined) return;
    const expanded = [...new Set([...this.expanded.value, key])];
    this.expanded.value = expanded;
    await this.#ask("lineage", { centre, expanded }, (answer) => {
      if (this.run.value === centre) this.lineage.value = answer;
    });
  }

  async chooseEntry(place: EntryPlace): Promise<void> {
    this.entryAt.value = place;
    await this.#ask("entry", place, (answer) => {
      if (this.entryAt.value === place) this.entry.value = answer;
    });
  }

  async list(first: number, filter = this.filter.value): Promise<void> {
    this.filter.value = filter;
    const question = { filter, first: Math.max(0, first), count: PAGE };
    await this.#ask("runs", question, (answer) => {
      if (this.filter.value === filter) this.runs.value = answer;
    });
  }

  #takeRoot(root: RootFile): void {
    const others = this.roots.value.filter(({ bytes }) => !equalBytes(bytes, root.bytes));
    this.roots.value = [...others, root];
  }

  async #examine(blob: Blob, flip: Flip | undefined): Promise<void> {
    const demand = this.demand.value;
    if (!demand) {
      return this.#forget({ kind: "failed", message: "The time or a number is not in its form." });
    }
    const isBusy = this.phase.value.kind === "verifying";
    this.#turn += 1;
    const turn = this.#turn;
    this.#forget({ kind: "verifying", read: 0, total: blob.size });
    const at = this.now.value;
    try {
      if (isBusy) await this.#abandon();
      const desk = await this.#open();
      // One byte over the limit is enough to be refused.
      const bundle = await bytesOf(blob.slice(0, MAX_BUNDLE_BYTES + 1));
      if (flip) bundle[flip.position] = flip.after;
      if (turn !== this.#turn) return;
      const roots = this.roots.value.map(({ name, bytes }) => ({ name, bytes }));
      const question = { bundle, roots, ...demand };
      const onProgress = (read: number): void => {
        if (turn === this.#turn) this.phase.value = { kind: "verifying", read, total: blob.size };
      };
      const answer = await desk.ask("examine", question, onProgress, [bundle.buffer]);
      if (turn !== this.#turn) return;
      if (!answer.ok) {
        const { code, expected, found } = answer;
        const message = `${code}: expected ${expected}; found ${found}`;
        this.phase.value = { kind: "failed", message };
        return;
      }
      this.phase.value = { kind: "done", examined: answer.value, flip, at };
      await this.#look(answer.value);
    } catch (error) {
      if (turn !== this.#turn) return;
      await this.#abandon();
      const message = error instanceof Error ? error.message : String(error);
      this.phase.value = { kind: "failed", message };
    }
  }

  /** The first of everything that can be looked at. */
  async #look({ firstEntry, firstRun, runs }: Examined): Promise<void> {
    await Promise.all([
      runs > 0 ? this.list(0, "") : undefined,
      firstRun === undefined ? undefined : this.choose(firstRun),
      firstEntry && this.chooseEntry(firstEntry),
    ]);
  }

  #forget(phase: Phase): void {
    this.phase.value = phase;
    this.runs.value = undefined;
    this.run.value = undefined;
    this.lineage.value = undefined;
    this.authorization.value = undefined;
    this.entryAt.value = undefined;
    this.entry.value = undefined;
  }

  async #open(): Promise<Desk> {
    this.#desk ??= this.#host.openDesk();
    const desk = await this.#desk;
    this.place.value = desk.place;
    return desk;
  }

  /** What is under way ends; the next question opens another desk. */
  async #abandon(): Promise<void> {
    const opened = this.#desk;
    this.#desk = undefined;
    const desk = await opened?.catch(() => undefined);
    desk?.close();
  }

  async #ask<What extends keyof Questions>(
    what: What,
    question: Questions[What],
    take: (answer: Answers[What]) => void,
  ): Promise<void> {
    const turn = this.#turn;
    const desk = await this.#open();
    const answer = await desk.ask(what, question);
    if (turn === this.#turn) take(answer);
  }
}

type Demanded = Pick<Questions["examine"], "now" | "skew" | "witnessInterval">;

/** A root is known by what it says: files of several domains may have one name. */
interface RootFile extends NamedFile {
  readonly bytes: Uint8Array;
}
