import type { Kernel } from "writ";
import { kernelDigest, makeVerifierKey, MemoryStorage } from "writ";
import { inspectChain, makeRequest, provePossession, webCryptoSigner } from "writ/authorization";
import type {
  Effect,
  EffectContext,
  Gate,
  LogStorage,
  Opening,
  PlacedEntry,
  RunRequest,
} from "writ/gate";
import {
  cooperative,
  followTrust,
  Lineage,
  MemoryTrustStore,
  openGate,
  parseEntry,
  readLog,
  signResume,
  systemHost,
  trace,
  TrustStoreStorage,
  UNWITNESSED,
} from "writ/gate";
import { folderSource } from "writ/trust";
import type { Data, MadeDomains, MadeGate } from "./data.js";
import { unbase64 } from "./data.js";
import { ManualClock } from "./manual-clock.js";
import type { Check, Output } from "./report.js";
import { assert, hex, pattern, unhex } from "./report.js";
import { must } from "./trust.js";

const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };
/** Milliseconds: nothing happens by itself, but what trust demands. */
const NEVER = 86_400_000;

/** A gate with the same clock, randomness and trust everywhere: every entry of its log goes into the digest. */
export function gate(kernel: Kernel, { gate: made }: Data): Check[] {
  return [
    [
      "F2: a gate's log: allowed, denied, stopped when trust is stale, resumed; in two storages",
      async (output) => {
        const logs: string[] = [];
        for (const storage of [
          new MemoryStorage(),
          new TrustStoreStorage(new MemoryTrustStore()),
        ]) {
          const lines: string[] = [];
          await story(await Bench.open(kernel, made, storage), lines);
          logs.push(lines.join("\n"));
        }
        assert(logs[0] === logs[1], "one log, whatever it is stored in");
        output(logs[0] as string);
      },
    ],
    [
      "F2: another kernel than the baseline's: KERNEL, and nothing begins",
      async (output) => {
        const bench = await Bench.open(kernel, made, new MemoryStorage(), {
          measured: "00".repeat(32),
        });
        let began = false;
        const denied = await bench.gate.start(
          await bench.ask(
            150,
            effect(() => (began = true), bench),
          ),
        );
        assert(denied.outcome === "deny" && denied.code === "KERNEL", JSON.stringify(denied));
        assert(!began, "nothing began");
        await bench.close(output);
      },
    ],
    [
      "the host that this runtime gives: it measures this kernel, and a gate opens with it",
      async (output) => {
        const { clock, random, measure, host } = systemHost();
        output(JSON.stringify(await measure()));
        const [one, two] = [random(32), random(32)];
        assert(one.length === 32 && hex(one) !== hex(two), "random bytes");
        assert(Math.abs(clock.now() - Date.now()) < 1_000, "the time");
        const started = clock.elapsed();
        await new Promise<void>((resolve) => void clock.after(5, resolve));
        assert(clock.elapsed() - started >= 5, "a timer, not early");
        const bench = await Bench.open(kernel, made, new MemoryStorage(), { host });
        await bench.gate.close();
        const log = must(await readLog(kernel, bench.storage));
        const first = must(parseEntry((await log.read(0)) as Uint8Array));
        assert(first.kind === "start" && first.host === host && host !== "unknown", host);
      },
    ],
  ];
}

async function story(bench: Bench, lines: string[]): Promise<void> {
  const { gate: opened, clock } = bench;
  const told: Output = (value) => void lines.push(typeof value === "string" ? value : hex(value));

  const paid = await opened.run(
    await bench.ask(
      150,
      effect(({ request }) => request.arguments["amount"], bench),
    ),
  );
  assert(paid.outcome === "completed" && paid.ended.value === 150, JSON.stringify(paid));
  told(JSON.stringify(paid));

  clock.advance(1);
  const denied = await opened.run(await bench.ask(5000, effect(never, bench)));
  assert(denied.outcome === "deny" && denied.code === "SCOPE", JSON.stringify(denied));
  told(JSON.stringify(denied));

  const waiting = effect(({ signal }) => aborted(signal), bench);
  const started = await opened.start(await bench.ask(7, waiting));
  assert(started.outcome === "allow", JSON.stringify(started));
  const { id, permission, finished } = started.run;
  clock.advance((permission?.validUntil ?? 0) - clock.now());
  assert(opened.state.runs.get(id)?.state === "executing", "it goes on up to the bound");
  clock.advance(1);
  const stopped = await finished;
  assert(stopped.outcome === "interrupted" && stopped.code === "STALE", JSON.stringify(stopped));
  told(JSON.stringify(stopped));

  const early = await bench.resume(id, await bench.ask(7, waiting));
  assert(early.outcome === "deny" && early.code === "STALE", JSON.stringify(early));
  await bench.later();
  const other = await bench.resume(id, await bench.ask(8, waiting));
  assert(other.outcome === "deny" && other.code === "ARGS_CHANGED", JSON.stringify(other));
  const resumed = await bench.resume(
    id,
    await bench.ask(
      7,
      effect(() => "paid", bench),
    ),
  );
  assert(resumed.outcome === "allow", JSON.stringify(resumed));
  const ended = await resumed.run.finished;
  assert(ended.outcome === "completed" && ended.ended.value === "paid", JSON.stringify(ended));
  told(JSON.stringify([early, other, ended]));
  await bench.close(told, id);
}

class Bench {
  readonly #openings: Map<string, readonly Opening[]>;

  private constructor(
    readonly kernel: Kernel,
    readonly made: MadeGate,
    readonly gate: Gate,
    readonly clock: ManualClock,
    readonly storage: LogStorage,
    /** Another state of the domains from here on. */
    readonly later: () => Promise<void>,
    openings: Map<string, readonly Opening[]>,
  ) {
    this.#openings = openings;
  }

  static async open(
    kernel: Kernel,
    made: MadeGate,
    storage: LogStorage,
    { measured = kernelDigest, host = "the suite" } = {},
  ): Promise<Bench> {
    let [state, after] = made.states;
    const clock = new ManualClock(state.now);
    const [own, ...peers] = state.domains.map(({ name }) => name);
    const pins = [own as string, ...peers].map((domain) => {
      const root = fileOf(state, domain, "metadata/1.root.json") as Uint8Array;
      return { domain, root, terms: TERMS };
    });
    const follower = await followTrust({
      kernel,
      store: new MemoryTrustStore(),
      own: own as string,
      pins,
      sources: (domain) => {
        const read = async (path: string) => fileOf(state, domain, path);
        return [folderSource({ read, list: async () => [] }, "memory")];
      },
      clock,
      poll: NEVER,
      within: 5_000,
    });
    const { publicKey, sign } = await signerOf(made.seeds.gate);
    const openings = new Map<string, readonly Opening[]>();
    let drawn = 0;
    const opened = must(
      await openGate({
        kernel,
        storage,
        signer: { key: makeVerifierKey(kernel, made.origin, "ed25519", publicKey), sign },
        follower,
        terms: TERMS,
        maxStaleness: TERMS.maxStaleness,
        witness: UNWITNESSED,
        clock,
        random: (length) => pattern(length, (drawn += 1000)),
        measure: async () => ({ source: "self-measured", kernel: measured, parts: [] }),
        host,
        onOpenings: (run, of) => openings.set(run, of),
        cadence: { beat: NEVER, checkpoint: NEVER },
      }),
    );
    const later = async (): Promise<void> => {
      state = after;
      clock.advance(state.now - clock.now());
      await follower.refresh();
    };
    return new Bench(kernel, made, opened, clock, storage, later, openings);
  }

  /** The holder asks to pay. */
  async ask(amount: number, run: Effect): Promise<RunRequest> {
    const { kernel, made } = this;
    const chain = unbase64(made.chain);
    const request = {
      principal: "agent:bot",
      command: "/pay/invoice",
      arguments: { amount, currency: "EUR" },
    };
    const { gate: origin, nonce } = this.gate.challenge();
    const salt = pattern(32, amount);
    const proof = await provePossession(
      kernel,
      await signerOf(made.seeds.holder),
      must(inspectChain(kernel, chain)).at(-1)?.link.sha256 ?? "",
      must(makeRequest(request)),
      { gate: origin, nonce, salt },
      this.clock.now(),
    );
    return { chain, request, possession: { nonce, proof, salt }, effect: run };
  }

  async resume(run: string, asked: RunRequest) {
    const statement = await signResume(await signerOf(this.made.seeds.resumer), {
      gate: this.gate.origin,
      run,
      drift: this.gate.state.runs.get(run)?.drift ?? "",
      trust: [],
      expires: "2026-06-01T13:00:00Z",
      nonce: hex(pattern(32)),
    });
    const openings = this.#openings.get(run) ?? [];
    return await this.gate.resumeRun(run, statement, { ...asked, openings });
  }

  /** Closes the gate, and reads its log as anybody would. */
  async close(output: Output, run?: string): Promise<void> {
    const { kernel, gate: closing, storage } = this;
    const { size } = closing.state;
    await closing.close();
    const log = must(await readLog(kernel, storage));
    assert(log.size === size, `${log.size} of ${size} entries are covered`);
    const placed: PlacedEntry[] = [];
    for await (const { index, leaf, bytes } of log.entries(0)) {
      placed.push({ origin: closing.origin, index, leaf, entry: must(parseEntry(bytes)) });
      output(leaf);
      output(bytes);
    }
    output(log.checkpoint as Uint8Array);
    if (run === undefined) return;
    const traced = must(trace(new Lineage(placed), run));
    assert(traced.gaps.length === 0, JSON.stringify(traced.gaps));
    output(JSON.stringify(traced));
  }
}

function fileOf({ domains }: MadeDomains, domain: string, path: string): Uint8Array | undefined {
  const text = domains.find(({ name }) => name === domain)?.files[path];
  return text === undefined ? undefined : unbase64(text);
}

/** RFC 8410, section 7: the key's 32 bytes come last. */
async function signerOf(seed: string) {
  const pkcs8 = new Uint8Array([...unhex("302e020100300506032b657004220420"), ...unbase64(seed)]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", privateKey);
  const jwk = { kty: "OKP", crv: "Ed25519", x };
  const publicKey = await crypto.subtle.importKey("jwk", jwk, "Ed25519", true, ["verify"]);
  return await webCryptoSigner({ privateKey, publicKey });
}

function effect(run: (context: EffectContext) => unknown, { clock }: Bench): Effect {
  return cooperative(run, { clock, grace: 1_000 });
}

function never(): never {
  throw new Error("what was denied has begun");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
