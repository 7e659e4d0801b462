/**
 * Three domains, each with a gate and its log. A run of `a` hands on to `b`, that one to `c`, and the
 * authorization that began it is used at `c` once more, directly. Everything is signed and kept for real.
 */
import { attenuateAuthorization, issueAuthorization } from "../../src/authorization/issue.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { addGate, addIssuer } from "../../src/domain/edit.js";
import type { EntryBody } from "../../src/lineage/entry.js";
import { parseEntry } from "../../src/lineage/entry.js";
import type { EntryName } from "../../src/lineage/entry/common.js";
import type { Admission } from "../../src/lineage/entry/run.js";
import type { PlacedEntry } from "../../src/lineage/graph.js";
import { keepContent, keepTrustState } from "../../src/lineage/kept.js";
import type { GateLog } from "../../src/lineage/log.js";
import { openLog } from "../../src/lineage/log.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Signer } from "../../src/tlog/signer.js";
import { cosignCheckpoint } from "../../src/tlog/signer.js";
import type { TrustView } from "../../src/trust/view.js";
import { viewDigest } from "../../src/trust/view.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import type { TestDomain } from "../domain/fixture.js";
import { keyOf, makeDomain, must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { live, TestReader } from "../sync/fixture.js";
import { party } from "../authorization/craft.js";
import { witnesses } from "../tlog/fixture.js";
import { EXAMPLES } from "./entry-examples.js";

export const NOW = Date.parse("2026-06-01T12:10:00Z");
const digestOf = (bytes: Uint8Array): string => encodeHex(kernel.sha256(bytes));

export class TestGate {
  readonly placed: PlacedEntry[] = [];

  private constructor(
    readonly name: string,
    readonly domain: TestDomain,
    readonly view: TrustView,
    readonly signer: Signer,
    readonly storage: MemoryStorage,
    readonly log: GateLog,
  ) {}

  /** `name` is a letter: of the domain, of its gate and of its issuer. */
  static async of(name: string): Promise<TestGate> {
    const domain = await makeDomain(`${name}.example`);
    const signer = keyOf(`${name}.example/gate`);
    const key = encodeHex(signer.key.publicKey);
    await domain.edit((draft) => addGate(draft, { origin: signer.key.name, key }));
    await domain.publish((draft) =>
      addIssuer(draft, { name: `issuer of ${name}`, key: party(name).hex, commands: ["/pay"] }),
    );
    const { view } = await (await TestReader.of(domain)).sync(domain.now, live(domain));
    const storage = new MemoryStorage();
    const every = { entries: 1 << 30, ms: 1 << 30 };
    const { log } = must(await openLog(kernel, storage, signer, { every }));
    return new TestGate(name, domain, view, signer, storage, log);
  }

  get origin(): string {
    return this.signer.key.name;
  }

  get key(): string {
    return encodeHex(this.signer.key.publicKey);
  }

  get state(): VerifiedTrustState {
    return this.view.state as VerifiedTrustState;
  }

  async append(...bodies: readonly EntryBody[]): Promise<EntryName[]> {
    const { first, leaves, durable } = must(this.log.append(bodies, NOW));
    await durable;
    for (const [i, leaf] of leaves.entries()) {
      const index = first + i;
      const entry = must(parseEntry((await this.log.read(index)) as Uint8Array));
      this.placed.push({ origin: this.origin, index, leaf, entry });
    }
    return leaves.map((leaf, i) => ({ origin: this.origin, index: first + i, leaf }));
  }

  /** Starts, and knows its own domain and those of these gates. */
  async start(...others: readonly TestGate[]): Promise<void> {
    const gate = { origin: this.origin, key: this.key };
    await this.append({ ...body(EXAMPLES.start[0]), gate, witnessed: null, state: "open" });
    for (const { view, state } of [this, ...others]) {
      await keepTrustState(kernel, this.storage, state);
      const { root, timestamp, snapshot, targets, status } = state.metadata;
      await this.append({
        kind: "trust",
        domain: state.domain,
        trust: {
          digest: state.digest,
          issued: timestamp.signed.issued ?? null,
          root: root.signed.version,
          timestamp: timestamp.signed.version,
          snapshot: snapshot.signed.version,
          targets: targets.signed.version,
          status: status.signed.version,
        },
        view: viewDigest(kernel, view),
        code: null,
        authorizations: [],
        keys: [],
      });
    }
  }

  /** A run up to its intent. */
  async run(id: string, issued: Issued, parents: readonly EntryName[] = []): Promise<Ran> {
    const chain = digestOf(issued.chain);
    await keepContent(this.storage, chain, issued.chain);
    const admission: Admission = {
      ...body(EXAMPLES.admission[0]),
      run: id,
      authorization: issued.digest,
      chain,
      issuer: { domain: issued.by.domain.name, key: party(issued.by.name).hex },
      command: "/pay",
      parents,
    };
    const trust = [this, issued.by].map(({ view, state }) => ({
      domain: state.domain,
      digest: state.digest,
      version: state.metadata.timestamp.signed.version,
      view: viewDigest(kernel, view),
      age: 1000,
    }));
    const [admitted, measured, decision] = (await this.append(
      admission,
      { ...body(EXAMPLES.measurement[0]), run: id },
      { ...body(EXAMPLES.decision[0]), run: id, outcome: "allow", code: null, trust },
    )) as [EntryName, EntryName, EntryName];
    const [intent] = (await this.append({
      ...body(EXAMPLES.intent[0]),
      run: id,
      decision: decision.leaf,
    })) as [EntryName];
    return { id, admitted, measured, decision, intent };
  }

  async handOver(run: Ran, receiver: TestGate): Promise<EntryName> {
    const [name] = await this.append({
      ...body(EXAMPLES.handover[0]),
      run: run.id,
      state: "executing",
      receiver: receiver.key,
    });
    return name as EntryName;
  }

  async accept(id: string, parent: EntryName): Promise<EntryName> {
    const packet = new TextEncoder().encode(`packet for ${id}`);
    await keepContent(this.storage, digestOf(packet), packet);
    const [name] = await this.append({
      ...body(EXAMPLES.accept[0]),
      run: id,
      parent,
      packet: digestOf(packet),
    });
    return name as EntryName;
  }

  /** A checkpoint of all, cosigned by a peer's witness. */
  async cosign(by: Signer = witnesses[0] as Signer): Promise<void> {
    const seconds = BigInt(Math.floor(NOW / 1000));
    const note = await cosignCheckpoint(await this.log.checkpoint(), by, seconds);
    must(await this.log.storeCheckpoint(note));
  }
}

export interface Ran {
  readonly id: string;
  readonly admitted: EntryName;
  readonly measured: EntryName;
  readonly decision: EntryName;
  readonly intent: EntryName;
}

export interface Issued {
  readonly by: TestGate;
  readonly chain: Uint8Array;
  readonly digest: string;
}

/** An authorization by the issuer of a gate's domain, narrowed once. */
export async function issue(by: TestGate): Promise<Issued> {
  const holder = party(`holder of ${by.name}`);
  const terms = {
    audience: [by.domain.name],
    principal: { id: `agent:${by.name}`, key: holder.hex },
    command: "/pay",
    policy: [],
    expires: "2026-06-01T13:00:00Z",
    nonce: new Uint8Array(16).fill(by.name.charCodeAt(0)),
  };
  const issuer = party(by.name).signer;
  const root = must(await issueAuthorization(kernel, issuer, by.domain.name, terms));
  const { principal, nonce } = terms;
  const { chain, link } = must(
    await attenuateAuthorization(kernel, holder.signer, root.chain, { principal, nonce }),
  );
  return { by, chain, digest: link.sha256 };
}

export const RUNS = ["a1", "b1", "c1", "c2", "a9"].map((name) => name.repeat(16)) as [
  string,
  string,
  string,
  string,
  string,
];

export async function threeDomains() {
  const [a, b, c] = [await TestGate.of("a"), await TestGate.of("b"), await TestGate.of("c")];
  await a.start(c);
  await b.start(a);
  await c.start(a);
  const [byA, byB, byC] = [await issue(a), await issue(b), await issue(c)];
  const unrelated = await a.run(RUNS[4], byC);
  const first = await a.run(RUNS[0], byA);
  const toB = await a.handOver(first, b);
  const acceptedB = await b.accept(RUNS[1], toB);
  const second = await b.run(RUNS[1], byB);
  const toC = await b.handOver(second, c);
  const acceptedC = await c.accept(RUNS[2], toC);
  const third = await c.run(RUNS[2], byC, [acceptedC]);
  const direct = await c.run(RUNS[3], byA);
  for (const gate of [a, b, c]) await gate.cosign();
  const placed = [a, b, c].flatMap((gate) => gate.placed);
  return {
    a,
    b,
    c,
    byA,
    byB,
    byC,
    placed,
    unrelated,
    first,
    second,
    third,
    direct,
    toB,
    toC,
    acceptedB,
    acceptedC,
  };
}

function body<E extends object>(example: E | undefined): E {
  const { prev: _, time: __, ...rest } = example as E & { prev: unknown; time: unknown };
  return rest as unknown as E;
}
