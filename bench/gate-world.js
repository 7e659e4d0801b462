// @ts-check
/**
 * A gate of one domain that accepts the authorizations of another, both in memory and in time that
 * stands still, and an agent that asks it under a chain of three.
 */
import { COMMAND, POLICIES, PRINCIPAL } from "./authorization-rules.js";
import { bytesFor } from "./bytes.js";
import { gateLibrary, must } from "./gate-library.js";

/** @import { Case } from "./authorization-rules.js" */
/** @import { Effect } from "../src/gate/confinement.js" */
/** @import { Gate } from "../src/gate/gate.js" */
/** @import { LogStorage } from "../src/storage/storage.js" */
/** @import { Signer } from "../src/tlog/signer.js" */

export const PAY = "pay.example";
export const SHIP = "ship.example";
export const GATE = `${SHIP}/gate-1`;
export const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };

/** Milliseconds. */
const START = Date.parse("2026-06-01T12:00:00Z");
const EXPIRES = "2026-07-01T00:00:00Z";
const USES = 1_000_000_000;

/** Does nothing, and is done at once. @type {Effect} */
export const NOTHING = {
  isolation: { level: "cooperative" },
  start: () => ({
    ended: Promise.resolve({ outcome: "done", exit: null, signal: null }),
    interrupt: async () => ({ answer: "unknown", steps: [], took: 0 }),
  }),
};

/** Does nothing for ever. @type {Effect} */
export const ENDLESS = {
  isolation: { level: "cooperative" },
  start: () => ({
    ended: new Promise(() => {}),
    interrupt: async () => ({ answer: "unknown", steps: [], took: 0 }),
  }),
};

/** @param {Signer} signer */
export const hexOf = ({ key }) => Buffer.from(key.publicKey).toString("hex");

/** @param {Signer} signer */
export const envelopeSigner = ({ key, sign }) => ({ publicKey: key.publicKey, sign });

/** @param {string} uses the command whose uses the domain's policy counts: at most 1000 an hour */
export async function gateWorld(uses = "/pay/refund") {
  const library = await gateLibrary();
  const kernel = await library.loadKernel();
  const { DemoDomain, MemoryStorage, generateKey, signerOf } = library;
  const clock = { now: START };
  const make = (/** @type {string} */ name) =>
    DemoDomain.make(kernel, name, new MemoryStorage(), clock);
  const signer = (/** @type {string} */ of) => signerOf(generateKey(kernel, of, "ed25519"));
  const [pay, ship] = [await make(PAY), await make(SHIP)];
  const [issuer, gateKey] = [signer(`${PAY}/issuer`), signer(GATE)];
  const holders = [0, 1, 2].map((i) => signer(`${PAY}/holder-${i}`));

  const listed = { name: "billing", key: hexOf(issuer), commands: ["/pay"] };
  await pay.publish((draft) => library.addIssuer(draft, listed));
  const root = await pay.pinnedRoot();
  const peer = { ...pay.asPeer(root, "/pay"), ...TERMS };
  await ship.edit((draft) => library.addPeer(draft, peer, root));
  await ship.edit((draft) => library.addGate(draft, { origin: GATE, key: hexOf(gateKey) }));
  await ship.edit((draft) =>
    library.setPolicy(kernel, draft, {
      rules: [],
      trips: [
        { id: "hour", command: uses, of: "uses", most: 1000, within: 3_600_000 },
        { id: "long", command: "/pay", of: "duration", most: 600_000 },
      ],
    }),
  );
  const baseline = { kernels: [library.kernelDigest], environment: [] };
  await ship.publish((draft) => library.setBaseline(kernel, draft, baseline));
  await pay.change(library.refresh);

  const now = clock.now + 100;
  const views = await library.followDomains(
    kernel,
    new library.MemoryTrustStore(),
    [pay, ship],
    now,
  );
  const viewOf = (/** @type {string} */ name) => {
    const synced = views.get(name);
    if (!synced) throw new Error(`no view of ${name}`);
    return synced.view;
  };
  const domains = { own: viewOf(SHIP), peers: new Map([[PAY, viewOf(PAY)]]) };

  let { chain } = must(
    await library.issueAuthorization(kernel, envelopeSigner(issuer), PAY, {
      nonce: bytesFor("gate 0", 16),
      policy: POLICIES[0] ?? [],
      audience: [GATE],
      principal: { id: "agent:desk", key: hexOf(/** @type {Signer} */ (holders[0])) },
      command: "/pay",
      expires: EXPIRES,
      limits: { uses: USES },
    }),
  );
  for (const k of [1, 2]) {
    const narrowed = await library.attenuateAuthorization(
      kernel,
      envelopeSigner(/** @type {Signer} */ (holders[k - 1])),
      chain,
      {
        nonce: bytesFor(`gate ${k}`, 16),
        policy: POLICIES[k] ?? [],
        principal: {
          id: k === 2 ? PRINCIPAL : "agent:clerk",
          key: hexOf(/** @type {Signer} */ (holders[k])),
        },
        ...(k === 2 ? { command: COMMAND } : {}),
      },
    );
    chain = must(narrowed).chain;
  }
  const leaf = must(library.inspectChain(kernel, chain)).at(-1)?.link.sha256 ?? "";
  return new GateWorld(library, kernel, domains, {
    now,
    gateKey,
    chain,
    leaf,
    holder: envelopeSigner(/** @type {Signer} */ (holders[2])),
    made: { pay, ship, clock },
  });
}

export class GateWorld {
  /**
   * @param {typeof import("./gate-entry.js")} library
   * @param {import("../src/index.js").Kernel} kernel
   * @param {import("../src/authorization.js").KnownDomains} domains
   * @param {{
   *   now: number, gateKey: Signer, chain: Uint8Array, leaf: string,
   *   holder: import("../src/authorization.js").Signer,
   *   made: {
   *     pay: import("../src/cli/demo/demo-domain.js").DemoDomain,
   *     ship: import("../src/cli/demo/demo-domain.js").DemoDomain,
   *     clock: {now: number},
   *   },
   * }} parts
   */
  constructor(library, kernel, domains, parts) {
    this.library = library;
    this.kernel = kernel;
    this.domains = domains;
    this.parts = parts;
  }

  /**
   * A gate that decides at one moment, however long that lasts, unless it is given another clock.
   * @param {LogStorage} storage
   * @param {Partial<import("../src/gate/options.js").GateOptions>} [other]
   */
  async open(storage, other = {}) {
    const { library, kernel, domains, parts } = this;
    const { kernelDigest, openGate, systemClock } = library;
    return must(
      await openGate({
        kernel,
        storage,
        signer: parts.gateKey,
        follower: {
          domains,
          worstDelay: 0,
          lastFailure: undefined,
          onChange: () => () => {},
          refresh: async () => {},
          close: async () => {},
        },
        terms: TERMS,
        maxStaleness: TERMS.maxStaleness,
        witness: library.UNWITNESSED,
        clock: {
          now: () => parts.now,
          // Its watch would see a clock that stands still as one that was set back.
          elapsed: () => 0,
          after: systemClock.after,
        },
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        measure: async () => ({ source: "self-measured", kernel: kernelDigest, parts: [] }),
        host: "bench",
        ...other,
      }),
    );
  }

  /**
   * A request with a proof by its holder.
   * @param {Gate} gate @param {Effect} effect @param {number} i @param {number} [now] @param {number} [amount]
   */
  async ask(gate, effect, i, now = this.parts.now, amount = 1 + ((i * 37) % 500)) {
    const { library, kernel, parts } = this;
    const request = requestOf(i, amount);
    const { nonce } = gate.challenge();
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const proof = await library.provePossession(
      kernel,
      parts.holder,
      parts.leaf,
      must(library.makeRequest(request)),
      { gate: GATE, nonce, salt },
      now,
    );
    return { chain: parts.chain, request, possession: { nonce, proof, salt }, effect };
  }
}

/** @param {number} i @param {number} [amount] */
export function requestOf(i, amount = 1 + ((i * 37) % 500)) {
  return {
    principal: PRINCIPAL,
    command: COMMAND,
    resource: { type: "ledger", id: `ledger-${i % 7}` },
    arguments: {
      amount,
      currency: "EUR",
      to: `acct-${1000 + i}`,
      memo: `invoice ${i}`,
    },
  };
}

/**
 * `decide` as the gate calls it, with 64 runs that are executing, counters, trips and domains in its
 * state; each case with its own proof of possession, which was checked before.
 */
export async function decidingAtGate() {
  const world = await gateWorld("/pay");
  const { library, kernel, domains, parts } = world;
  const { decide, checkPossession, provePossession } = library;
  const gate = await world.open(new library.MemoryStorage());
  for (let i = 0; i < 64; i++) {
    const started = await gate.start(await world.ask(gate, ENDLESS, i));
    if (started.outcome === "deny") throw new Error(`${started.code}: ${started.found}`);
  }
  const admitted = must(library.admitAuthorization(kernel, parts.chain, domains));
  const { now } = parts;
  const shared = {
    now,
    gate: GATE,
    domains,
    maxStaleness: TERMS.maxStaleness,
    terms: TERMS,
    artifacts: [],
    state: gate.state,
    key: hexOf(parts.gateKey),
    failure: undefined,
    measured: gate.core.measured,
    isolation: NOTHING.isolation,
    ancestors: [],
    run: undefined,
  };
  return {
    make: async (/** @type {Case} */ { evaluation }) => {
      const request = must(library.readRequest(Buffer.from(JSON.stringify(evaluation))));
      const terms = { gate: GATE, nonce: "ab".repeat(32), salt: bytesFor("gate salt", 32) };
      const proof = await provePossession(kernel, parts.holder, parts.leaf, request, terms, now);
      const possession = must(
        checkPossession(kernel, proof, admitted, request, terms, { now, skew: TERMS.skew }),
      );
      return { request, situation: { ...shared, possession } };
    },
    allows: (
      /** @type {{
       *   request: import("../src/authorization.js").AuthorizationRequest,
       *   situation: import("../src/gate/decide.js").GateSituation,
       * }} */ { request, situation },
    ) => decide(admitted, request, situation).outcome === "allow",
  };
}
