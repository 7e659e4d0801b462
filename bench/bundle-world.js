// @ts-check
/**
 * A proof bundle of a real gate, made in a time of its own: 16 runs under way, each decided on again
 * every second for a minute, trust refreshed every ten seconds, and the log cosigned by the witness of
 * the peer domain twice a minute.
 */
import { gateWorld, PAY, SHIP } from "./gate-world.js";
import { must } from "./gate-library.js";

/** @import { Effect } from "../src/gate/confinement.js" */
/** @import { KnownDomains } from "../src/authorization.js" */
/** @import { Storage } from "../src/storage/storage.js" */
/** @import { Signer } from "../src/tlog/signer.js" */

export const CONCURRENT = 16;
/** Seconds that a run lasts, and so how often it is decided on again. */
export const RECHECKS = 60;
/** Of so many requests one is denied. */
export const DENIED = 10;
const SECOND = 1_000;
const REFRESH = 10 * SECOND;
const COSIGN = 30 * SECOND;

/** A clock that only `advance` moves. What falls due at one moment happens together. */
class Time {
  #elapsed = 0;
  #start;
  /** @type {Set<{due: number, call: () => void}>} */
  #timers = new Set();

  /** @param {number} start */
  constructor(start) {
    this.#start = start;
  }

  now = () => this.#start + this.#elapsed;
  elapsed = () => this.#elapsed;

  /** @param {number} ms @param {() => void} call */
  after = (ms, call) => {
    const timer = { due: this.#elapsed + Math.max(0, ms), call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /** @param {number} ms */
  async advance(ms) {
    const until = this.#elapsed + ms;
    for (;;) {
      await settle();
      const next = Math.min(...[...this.#timers].map(({ due }) => due));
      if (next > until) break;
      this.#elapsed = next;
      const due = [...this.#timers].filter((timer) => timer.due <= next);
      for (const timer of due) if (this.#timers.delete(timer)) timer.call();
    }
    this.#elapsed = until;
  }
}

/** All that waits for no time. */
async function settle() {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => void setImmediate(resolve));
}

/**
 * The bundle over at least so many entries of the gate's log, and the roots that its verifier pins.
 * @param {number} entries
 */
export async function provenLog(entries) {
  const world = await gateWorld();
  const { library, kernel, parts } = world;
  const { pay, ship, clock } = parts.made;
  /** Each cosigns what the other writes. @param {import("../src/cli/demo/demo-domain.js").DemoDomain} domain */
  const witnessOf = async (domain) => {
    const key = library.generateKey(kernel, `${domain.name}/witness`, "cosignature-ed25519");
    const witness = library.signerOf(key);
    const policy = `witness w ${library.formatVkey(witness.key)}\nquorum w\n`;
    await domain.publish((draft) => library.setWitnesses(draft, Buffer.from(policy)));
    return witness;
  };
  const [payWitness, shipWitness] = [await witnessOf(pay), await witnessOf(ship)];

  const time = new Time(clock.now + 1_000);
  const store = new library.MemoryTrustStore();
  const follow = async () => {
    for (const domain of [pay, ship]) {
      clock.now = time.now() - SECOND;
      await domain.change(library.refresh);
    }
    const views = await library.followDomains(kernel, store, [pay, ship], time.now());
    const viewOf = (/** @type {string} */ name) => {
      const synced = views.get(name);
      if (!synced) throw new Error(`no view of ${name}`);
      return synced.view;
    };
    return { own: viewOf(SHIP), peers: new Map([[PAY, viewOf(PAY)]]) };
  };
  /** @type {KnownDomains} */
  let domains = await follow();
  let changed = () => {};
  /** @type {Map<string, import("../src/proof.js").Opened>} */
  const opened = new Map();
  const storage = new library.MemoryStorage();
  const gate = await world.open(storage, {
    clock: time,
    follower: {
      get domains() {
        return domains;
      },
      worstDelay: 0,
      lastFailure: undefined,
      onChange: (call) => ((changed = call), () => {}),
      refresh: async () => {},
      close: async () => {},
    },
    onOpenings: (run, openings, salt) => void opened.set(run, { openings, salt }),
  });
  /** @param {Storage} log @param {Uint8Array} signed @param {Signer} witness */
  const cosign = async (log, signed, witness) => {
    const seconds = BigInt(Math.floor(time.now() / SECOND));
    const checkpoint = await library.cosignCheckpoint(signed, witness, seconds);
    const keys = { witnesses: [witness.key], verifiers: library.NO_VERIFIERS };
    must(await library.keepCosigned(kernel, log, checkpoint, keys));
  };
  const see = async () => await cosign(storage, await gate.checkpoint(), payWitness);
  await see();

  /** @type {Set<string>} */
  const running = new Set();
  const begin = async (/** @type {number} */ i) => {
    const denied = i % DENIED === 0;
    const ask = await world.ask(gate, lasting(time), i, time.now(), denied ? 501 : undefined);
    const started = await gate.start(ask);
    if ((started.outcome === "deny") !== denied) throw new Error(JSON.stringify(started));
    if (started.outcome === "deny") return;
    const { id } = started.run;
    running.add(id);
    void started.run.finished.then(({ outcome }) => {
      if (outcome !== "completed") throw new Error(`a run ended: ${outcome}`);
      running.delete(id);
    });
  };
  for (let second = 1, asked = 0; gate.state.size < entries || running.size > 0; second++) {
    if (gate.state.size < entries - (CONCURRENT * RECHECKS) / 2 && running.size < CONCURRENT)
      await begin(++asked);
    await time.advance(SECOND);
    if ((second * SECOND) % REFRESH === 0) {
      domains = await follow();
      changed();
    }
    if ((second * SECOND) % COSIGN === 0) await see();
  }
  await see();
  const { size } = gate.state;
  await gate.close();
  const logs = [pay, ship].map((domain) => library.inFolder(domain.storage, "public/log"));
  for (const [i, log] of logs.entries()) {
    const signed = await log.read("checkpoint", 1 << 20);
    if (!signed) throw new Error("a domain without a log");
    await cosign(log, signed, i === 0 ? shipWitness : payWitness);
  }
  const roots = [await pay.pinnedRoot(), await ship.pinnedRoot()];
  const bundle = must(
    await library.proveBundle(kernel, {
      gates: [{ log: storage, selection: { what: "all" }, opened: async (run) => opened.get(run) }],
      domains: [pay, ship].map((domain) => library.readFolder(domain.storage, "public")),
      roots,
      redact: false,
    }),
  );
  return { bundle, roots, size, now: time.now() };
}

/** An effect that takes a minute. @param {Time} time @returns {Effect} */
function lasting(time) {
  return {
    isolation: { level: "cooperative" },
    start: () => ({
      ended: new Promise((resolve) => {
        time.after(RECHECKS * SECOND + SECOND / 2, () =>
          resolve({ outcome: "done", exit: null, signal: null }),
        );
      }),
      interrupt: async () => ({ answer: "unknown", steps: [], took: 0 }),
    }),
  };
}
