/** The gate of a domain of the demonstration, and the agent that asks it. */
import { join } from "node:path";
import { inspectChain } from "../../../authorization/inspect.js";
import { provePossession } from "../../../authorization/possession.js";
import { makeRequest } from "../../../authorization/request.js";
import { encodeHex } from "../../../bytes/hex.js";
import { formatRfc3339 } from "../../../bytes/rfc3339.js";
import type { TrustFollower } from "../../../gate/follower.js";
import { followTrust } from "../../../gate/follower.js";
import type { Gate } from "../../../gate/gate.js";
import type { GovernedRun } from "../../../gate/governed-run.js";
import { openGate } from "../../../gate/open-gate.js";
import { signResume } from "../../../gate/resume-statement.js";
import type { RunRequest } from "../../../gate/run-request.js";
import type { Kernel } from "../../../kernel/kernel.js";
import type { EntryBody } from "../../../lineage/entry.js";
import { parseEntry } from "../../../lineage/entry.js";
import { makePacket } from "../../../lineage/handover.js";
import type { Opening } from "../../../lineage/openings.js";
import { systemClock } from "../../../runtime/clock.js";
import { worker } from "../../../runtime/confinement/worker.js";
import { kernelDigest } from "../../../runtime/digest.js";
import { FileStorage } from "../../../storage/files.js";
import { FileTrustStore } from "../../../storage/file-trust-store.js";
import { folderSource } from "../../../sync/folder-source.js";
import type { Signer } from "../../../tlog/signer.js";
import { TreeReader } from "../../../tlog/tree-reader.js";
import { formatProof } from "../../../tlog/proof.js";
import { parseCheckpoint } from "../../../tlog/checkpoint.js";
import { parseVkey } from "../../../tlog/vkey.js";
import type { Witness } from "../../../gate/witness.js";
import { cosignedSizes, readCosigned } from "../../../lineage/cosigned.js";
import { keepOpenings } from "../../gate/openings-folder.js";
import type { CosignAnswer } from "../../../tlog/witness-state.js";
import type { VerifierKey } from "../../../tlog/vkey.js";
import { ok } from "../../../verdict.js";
import { watchFolders } from "../../gate/watch-folder.js";
import { generateKey, signerOf } from "../../key-file.js";
import { required } from "../demo-domain.js";
import { askOther } from "./courier.js";
import type { Introduction } from "./domain-part.js";
import { TERMS } from "./domain-part.js";

/** Milliseconds from one look at the domains to the next, without a hint from the file system. */
const POLL = 200;

/** Milliseconds from one question to the witnesses of the other domains to the next. */
const PEERS = 300;

/** Where the gate's log is, in its domain's folder. */
export const GATE_LOG = "gate-log";

/** Milliseconds until an entry that the story waits for must be there. */
const LONGEST_WAIT = 20_000;

export interface DemoGateOptions {
  readonly kernel: Kernel;
  readonly folder: string;
  readonly own: Introduction;
  readonly peers: readonly { readonly domain: Introduction; readonly folder: string }[];
  readonly signer: Signer;
  readonly resumer: Signer;
  readonly witness: {
    readonly key: VerifierKey;
    readonly cosign: (request: Uint8Array) => Promise<CosignAnswer>;
  };
}

/** An entry as the story shows it. */
export interface Shown {
  readonly gate: string;
  readonly index: number;
  readonly leaf: string;
  readonly kind: EntryBody["kind"];
  readonly run: string | null;
  readonly state: string | null;
  readonly code: string | null;
  readonly answer: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A program that never ends by itself, and listens to nobody. */
const BUSY = "export default () => { for (;;); };";

export class DemoGate {
  readonly #options: DemoGateOptions;
  readonly #follower: TrustFollower;
  readonly #gate: Gate;
  readonly #storage: FileStorage;
  readonly #agent: Signer;
  readonly #shown: Shown[] = [];
  readonly #openings: Map<string, readonly Opening[]>;
  readonly #runs = new Map<string, GovernedRun>();

  private constructor(
    options: DemoGateOptions,
    parts: {
      readonly follower: TrustFollower;
      readonly gate: Gate;
      readonly storage: FileStorage;
      readonly openings: Map<string, readonly Opening[]>;
    },
  ) {
    this.#options = options;
    this.#follower = parts.follower;
    this.#gate = parts.gate;
    this.#storage = parts.storage;
    this.#openings = parts.openings;
    this.#agent = signerOf(generateKey(options.kernel, `${options.own.name}/agent`, "ed25519"));
    parts.gate.onEntry(({ index, leaf, entry }) => this.#show(index, leaf, entry));
  }

  #show(index: number, leaf: string, entry: EntryBody): void {
    this.#shown.push({
      gate: this.#gate.origin,
      index,
      leaf,
      kind: entry.kind,
      run: "run" in entry ? entry.run : null,
      state: "state" in entry ? entry.state : null,
      code: "code" in entry ? entry.code : null,
      answer: "answer" in entry ? entry.answer : null,
      at: Date.now(),
    });
  }

  /** What was written while the gate opened. */
  async #showFirst(): Promise<void> {
    const { log } = this.#gate.core.ledger;
    const { size } = this.#gate.state;
    for (let index = 0; index < size; index++) {
      const bytes = (await log.read(index)) as Uint8Array;
      const leaf = encodeHex(this.#options.kernel.leafHash(bytes));
      this.#show(index, leaf, required(parseEntry(bytes)));
    }
  }

  static async open(options: DemoGateOptions): Promise<DemoGate> {
    const { kernel, folder, own, peers, signer, witness } = options;
    const seen = new Map(peers.map((peer) => [peer.domain.name, peer.folder]));
    seen.set(own.name, join(folder, "public"));
    const pins = [own, ...peers.map(({ domain }) => domain)].map(({ name, root }) => ({
      domain: name,
      root,
      terms: TERMS,
    }));
    const follower = await followTrust({
      kernel,
      store: new FileTrustStore(join(folder, "trust")),
      own: own.name,
      pins,
      sources: (domain) => {
        const path = seen.get(domain);
        return path === undefined ? [] : [folderSource(new FileStorage(path), path)];
      },
      clock: systemClock,
      poll: POLL,
      within: 500,
      subscriptions: [watchFolders([...seen.values()])],
    });
    const storage = new FileStorage(join(folder, GATE_LOG));
    const openings = new Map<string, readonly Opening[]>();
    const keep = keepOpenings(join(folder, GATE_LOG));
    const gate = required(
      await openGate({
        kernel,
        storage,
        signer,
        follower,
        terms: TERMS,
        maxStaleness: TERMS.maxStaleness,
        witness: {
          key: witness.key,
          add: async (request) => ok(await witness.cosign(request)),
        },
        clock: systemClock,
        random: (length) => crypto.getRandomValues(new Uint8Array(length)),
        measure: async () => ({ source: "self-measured", kernel: kernelDigest, parts: [] }),
        host: `node ${process.versions.node}`,
        onOpenings: (run, opened, salt) => {
          openings.set(run, opened);
          keep(run, opened, salt);
        },
        peerWitnesses: peers.map(({ domain }) => witnessOf(kernel, domain)),
        cadence: { peers: PEERS },
      }),
    );
    const made = new DemoGate(options, { follower, gate, storage, openings });
    await made.#showFirst();
    return made;
  }

  /** The agent's key, in hexadecimal. */
  async agent(): Promise<string> {
    return encodeHex(this.#agent.key.publicKey);
  }

  /** Milliseconds after which a withdrawal has its effect here, while its domain can be reached. */
  async worstDelay(): Promise<number> {
    return this.#gate.worstDelay;
  }

  /** The entries from an index on. */
  async entries(from = 0): Promise<readonly Shown[]> {
    return this.#shown.filter(({ index }) => index >= from);
  }

  /** Resolves with the next entry of this kind of a run, or of the gate, that is there or will be. */
  async next(run: string | null, kind: string, from: number): Promise<Shown> {
    for (const until = Date.now() + LONGEST_WAIT; Date.now() < until;) {
      const found = this.#shown.find(
        (each) => each.index >= from && each.run === run && each.kind === kind,
      );
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`no entry of kind ${kind} within ${LONGEST_WAIT} ms`);
  }

  /** The agent asks for an invoice; `run`, or the code that denies. */
  async ask(chain: Uint8Array, packet?: Uint8Array): Promise<{ run?: string; code?: string }> {
    const started = await this.#gate.start(await this.#request(chain, packet));
    if (started.outcome === "deny") return { code: started.code };
    this.#runs.set(started.run.id, started.run);
    return { run: started.run.id };
  }

  async #request(chain: Uint8Array, packet?: Uint8Array): Promise<RunRequest> {
    const { kernel } = this.#options;
    const request = {
      principal: "agent:buyer",
      command: "/pay/invoice",
      arguments: { amount: 150, to: "acct-7" },
    };
    const { gate, nonce } = this.#gate.challenge();
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const leaf = required(inspectChain(kernel, chain)).at(-1);
    const { key, sign } = this.#agent;
    const proof = await provePossession(
      kernel,
      { publicKey: key.publicKey, sign },
      leaf?.link.sha256 ?? "",
      required(makeRequest(request)),
      { gate, nonce, salt },
      Date.now(),
    );
    const effect = worker({ source: BUSY }, { grace: 100, clock: systemClock });
    const possession = { nonce, proof, salt };
    return { chain, request, possession, effect, ...(packet ? { packet } : {}) };
  }

  /** Hands the run on to the gate with that key: what a packet is made of. */
  async handOver(run: string, receiver: string) {
    const running = this.#runs.get(run);
    if (!running) throw new Error("no such run");
    const { decision, handover } = required(await this.#gate.handOver(running, receiver));
    return { decision: decision.index, handover: handover.index };
  }

  async packet(
    checkpoint: Uint8Array,
    indices: { readonly decision: number; readonly handover: number },
  ): Promise<Uint8Array> {
    return required(await makePacket(this.#options.kernel, this.#storage, checkpoint, indices));
  }

  /** Tries to go on without anybody's word: what it comes to, `recovering` or a code. */
  async recover(run: string): Promise<string> {
    const recovered = await this.#gate.recover(run);
    return recovered.ok ? "recovering" : recovered.code;
  }

  /** Goes on, on the word of the domain's own resumer; what it comes to. */
  async resume(run: string, chain: Uint8Array): Promise<string> {
    const { resumer, own } = this.#options;
    const drift = this.#gate.state.runs.get(run)?.drift ?? "";
    const view = this.#follower.domains.own.state;
    const statement = await signResume(
      { publicKey: resumer.key.publicKey, sign: (message) => resumer.sign(message) },
      {
        gate: this.#gate.origin,
        run,
        drift,
        trust: [{ domain: own.name, version: view?.metadata.timestamp.signed.version ?? 1 }],
        expires: formatRfc3339(Date.now() + 60_000, "s"),
        nonce: encodeHex(crypto.getRandomValues(new Uint8Array(32))),
      },
    );
    const openings = this.#openings.get(run) ?? [];
    const asked = await this.#request(chain);
    const resumed = await this.#gate.resumeRun(run, statement, { ...asked, openings });
    return resumed.outcome === "allow" ? "executing" : resumed.code;
  }

  /** A checkpoint that covers an entry, once the witness of this name has cosigned one. */
  async covering(index: number, witness: string): Promise<Uint8Array> {
    for (const until = Date.now() + LONGEST_WAIT; Date.now() < until;) {
      for (const size of await cosignedSizes(this.#storage)) {
        const note = size > index ? await readCosigned(this.#storage, size) : undefined;
        const signed = note?.ok ? parseCheckpoint(note.value) : undefined;
        if (!note?.ok || !signed?.ok) continue;
        if (signed.value.note.signatures.some(({ name }) => name === witness)) return note.value;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no cosignature by ${witness} within ${LONGEST_WAIT} ms`);
  }

  /** The entry, and its proof in this checkpoint. */
  async prove(checkpoint: Uint8Array, size: number, index: number) {
    const { kernel } = this.#options;
    const tree = new TreeReader(kernel, this.#storage, BigInt(size), "c2sp");
    const hashes = required(await tree.proveInclusion(BigInt(index)));
    // From the log, which goes on meanwhile: its last bundle may be a longer one by now.
    const entry = (await this.#gate.core.ledger.log.read(index)) as Uint8Array;
    return { entry, proof: formatProof({ index: BigInt(index), hashes, checkpoint }) };
  }

  async close(): Promise<void> {
    await this.#gate.close();
    await this.#follower.close();
  }
}

/** The witness of another domain, which is asked in that domain's own process. */
function witnessOf(kernel: Kernel, { name, witness }: Introduction): Witness {
  return {
    key: required(parseVkey(kernel, witness)),
    add: async (request) => ok((await askOther(name, "cosign", request)) as CosignAnswer),
  };
}
