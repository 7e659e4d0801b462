/** One organisation of the demonstration, in a process of its own: its domain, its witness, its gate. */
import { join } from "node:path";
import type { Signer as EnvelopeSigner } from "../../../attestation/signer.js";
import { inspectChain } from "../../../authorization/inspect.js";
import { issueAuthorization } from "../../../authorization/issue.js";
import { encodeHex } from "../../../bytes/hex.js";
import { formatRfc3339 } from "../../../bytes/rfc3339.js";
import { encodeUtf8 } from "../../../bytes/utf8.js";
import {
  addGate,
  addIssuer,
  addPeer,
  addResumer,
  setBaseline,
  setWitnesses,
} from "../../../domain/edit.js";
import { readPublished } from "../../../domain/published.js";
import { refresh, withdraw } from "../../../domain/publish.js";
import type { Kernel } from "../../../kernel/kernel.js";
import { kernelDigest } from "../../../runtime/digest.js";
import { FileStorage } from "../../../storage/files.js";
import { FileTrustStore } from "../../../storage/file-trust-store.js";
import type { Signer } from "../../../tlog/signer.js";
import { NO_VERIFIERS } from "../../../tlog/verifiers.js";
import type { CosignAnswer } from "../../../tlog/witness-state.js";
import { cosign } from "../../../tlog/witness-state.js";
import { formatVkey, makeVerifierKey } from "../../../tlog/vkey.js";
import type { Terms } from "../../../trust/contents/peers.js";
import { decodeHex } from "../../../bytes/hex.js";
import { generateKey, signerOf } from "../../key-file.js";
import { DemoDomain, required } from "../demo-domain.js";
import { DemoGate } from "./demo-gate.js";

/** How the domains of this story accept each other: four seconds, so that a busy machine does not end it. */
export const TERMS: Omit<Terms, "commands"> = {
  maxStaleness: 4_000,
  maxLifetime: 120_000,
  skew: 1_000,
};
/** Milliseconds from one timestamp to the next. */
const REFRESH = 400;

interface LogName {
  readonly origin: string;
  readonly key: string;
}

/** What others are told of a domain. */
export interface Introduction {
  readonly name: string;
  readonly root: Uint8Array;
  /** The gate's origin, and its key in hexadecimal. */
  readonly gate: LogName;
  /** The same of the log of its trust changes. */
  readonly log: LogName;
  /** The witness's vkey. */
  readonly witness: string;
}

/** The time that everybody has. `DemoDomain` sets its clock; this one cannot be set. */
const CLOCK = {
  get now(): number {
    return Date.now();
  },
  set now(_: number) {},
};

export class DomainPart {
  readonly #kernel: Kernel;
  #domain!: DemoDomain;
  #folder = "";
  #keys!: { readonly issuer: Signer; readonly resumer: Signer; readonly gate: Signer };
  #witness!: Signer;
  readonly #witnessed: LogName[] = [];
  #gate: DemoGate | undefined;
  #beat: NodeJS.Timeout | undefined;
  /** One change of the domain after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Makes the domain in `folder`: issuer, resumer, gate and witness, with keys that end with this process. */
  async make(name: string, folder: string): Promise<Introduction> {
    const kernel = this.#kernel;
    const signer = (of: string, type: "ed25519" | "cosignature-ed25519" = "ed25519"): Signer =>
      signerOf(generateKey(kernel, `${name}/${of}`, type));
    this.#folder = folder;
    this.#domain = await DemoDomain.make(kernel, name, new FileStorage(folder), CLOCK);
    const [issuer, resumer, gate] = [signer("issuer"), signer("resumer"), signer("gate-1")];
    this.#keys = { issuer, resumer, gate };
    this.#witness = signer("witness", "cosignature-ed25519");
    const hex = ({ key }: Signer): string => encodeHex(key.publicKey);
    const own = { origin: gate.key.name, key: hex(gate) };
    this.#witnessed.push(own);
    const domain = this.#domain;
    await domain.edit((draft) =>
      addIssuer(draft, { name: "billing", key: hex(issuer), commands: ["/pay"] }),
    );
    await domain.edit((draft) => addResumer(draft, { name: "on call", key: hex(resumer) }));
    await domain.edit((draft) => addGate(draft, own));
    const vkey = formatVkey(this.#witness.key);
    const policy = encodeUtf8(`witness w1 ${vkey}\nquorum w1\n`);
    await domain.edit((draft) => setWitnesses(draft, policy));
    const measured = { kernels: [kernelDigest], environment: [] };
    await domain.publish((draft) => setBaseline(kernel, draft, measured));
    const { state } = required(await readPublished(kernel, domain.storage));
    const log = state.authority.logs[0] as LogName;
    return { name, root: await domain.pinnedRoot(), gate: own, log, witness: vkey };
  }

  /** Accepts another domain for a command, and witnesses its logs. */
  async accept({ name, root, gate, log }: Introduction, command: string): Promise<void> {
    this.#witnessed.push(gate, log);
    const sha256 = encodeHex(this.#kernel.sha256(root));
    const peer = { ...TERMS, name, commands: [command], root: { version: 1, sha256 } };
    await this.#domain.edit((draft) => addPeer(draft, peer, root));
  }

  /** Publishes, and renews its timestamp from then on. */
  async begin(): Promise<void> {
    await this.#alone(() => this.#domain.publish());
    this.#beat = setInterval(
      () => void this.#alone(() => this.#domain.change(refresh)).catch(() => {}),
      REFRESH,
    );
  }

  #alone<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** An authorization for a principal of another domain, at one gate. */
  async issue(principal: string, gate: string): Promise<Uint8Array> {
    const { key, sign } = this.#keys.issuer;
    const signer: EnvelopeSigner = { publicKey: key.publicKey, sign };
    const issued = await issueAuthorization(this.#kernel, signer, this.#domain.name, {
      audience: [gate],
      principal: { id: "agent:buyer", key: principal },
      command: "/pay/invoice",
      policy: [["<=", ".amount", 1000]],
      expires: formatRfc3339(Date.now() + 3_600_000, "s"),
      recheck: 500,
      nonce: crypto.getRandomValues(new Uint8Array(16)),
    });
    return required(issued).chain;
  }

  /** Withdraws them; gives when that was published, in milliseconds since the epoch. */
  async revoke(chains: readonly Uint8Array[]): Promise<number> {
    const links = chains.flatMap((chain) =>
      required(inspectChain(this.#kernel, chain)).slice(0, 1),
    );
    const authorizations = links.map(({ link }) => ({
      sha256: link.sha256,
      expires: link.authorization.expires,
    }));
    authorizations.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    await this.#alone(() => this.#domain.change((open) => withdraw(open, { authorizations })));
    return Date.now();
  }

  /** A C2SP witness: cosigns what extends all that it has cosigned of that log. */
  async cosign(request: Uint8Array): Promise<CosignAnswer> {
    const kernel = this.#kernel;
    const logs = this.#witnessed.map(({ origin, key }) => ({
      origin,
      key: makeVerifierKey(kernel, origin, "ed25519", decodeHex(key) as Uint8Array),
    }));
    const store = new FileTrustStore(join(this.#folder, "witness"));
    const setup = { logs, verifiers: NO_VERIFIERS };
    return required(await cosign(kernel, store, setup, request, this.#witness, Date.now()));
  }

  /** Opens the gate, which follows these domains in the folders that it sees. */
  async open(
    own: Introduction,
    peers: readonly { readonly domain: Introduction; readonly folder: string }[],
  ): Promise<void> {
    this.#gate = await DemoGate.open({
      kernel: this.#kernel,
      folder: this.#folder,
      own,
      peers,
      signer: this.#keys.gate,
      resumer: this.#keys.resumer,
      witness: { key: this.#witness.key, cosign: (request) => this.cosign(request) },
    });
  }

  /** What the gate can do. */
  async gate<Name extends keyof DemoGate & string>(
    method: Name,
    ...args: unknown[]
  ): Promise<unknown> {
    if (!this.#gate) throw new Error("the gate is not open");
    const call = this.#gate[method] as unknown as (...given: unknown[]) => unknown;
    return await call.apply(this.#gate, args);
  }

  async end(): Promise<void> {
    clearInterval(this.#beat);
    await this.#gate?.close();
    await this.#turn;
  }
}
