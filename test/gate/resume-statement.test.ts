import { beforeAll, describe, expect, test } from "vitest";
import { addGate, addIssuer, addPeer, addResumer } from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { encodeHex } from "../../src/bytes/hex.js";
import type { ResumeContent, ResumeTerms } from "../../src/gate/resume-statement.js";
import { checkResume, RESUME_TYPE, signResume } from "../../src/gate/resume-statement.js";
import { formatEntry, parseEntry } from "../../src/lineage/entry.js";
import type { TrustView } from "../../src/trust/view.js";
import { checkEnvelope } from "../../src/attestation/verify-envelope.js";
import { formatEnvelope, parseEnvelope } from "../../src/attestation/dsse.js";
import type { TestDomain } from "../domain/fixture.js";
import { makeDomain, must } from "../domain/fixture.js";
import type { Party } from "../authorization/craft.js";
import { pae, party } from "../authorization/craft.js";
import { kernel } from "../kernel.js";
import { live, TERMS, TestReader } from "../sync/fixture.js";
import type { Loose } from "../trust/forge.js";

const GATE = "own.example/gate";
const RESUMER = party("resumer");
const OTHER = party("other resumer");
const ISSUER = party("issuer");
const GATE_KEY = party("gate");
const DRIFT = "d1".repeat(32);
const RUN = "0f".repeat(16);

let own: TestDomain;
let domains: KnownDomains;
let version: number;

const viewOf = async (domain: TestDomain): Promise<TrustView> =>
  (await (await TestReader.of(domain)).sync(domain.now, live(domain))).view;

beforeAll(async () => {
  own = await makeDomain("own.example");
  const peer = await makeDomain("peer.example");
  const root = await peer.read("metadata/1.root.json");
  const pinned = { version: 1, sha256: encodeHex(kernel.sha256(root)) };
  await own.edit((draft) => addResumer(draft, { name: "duty officer", key: RESUMER.hex }));
  await own.edit((draft) => addResumer(draft, { name: "deputy", key: OTHER.hex }));
  await own.edit((draft) => addIssuer(draft, { name: "ops", key: ISSUER.hex, commands: ["/"] }));
  await own.edit((draft) => addGate(draft, { origin: GATE, key: GATE_KEY.hex }));
  await own.edit((draft) =>
    addPeer(draft, { ...TERMS, name: peer.name, root: pinned, commands: ["/"] }, root),
  );
  await own.publish();
  domains = { own: await viewOf(own), peers: new Map([[peer.name, await viewOf(peer)]]) };
  version = domains.own.state?.metadata.timestamp.signed.version as number;
});

const terms = (change: Partial<ResumeTerms> = {}): ResumeTerms => ({
  gate: GATE,
  run: null,
  drift: DRIFT,
  domains,
  freshness: { now: own.now, maxStaleness: TERMS.maxStaleness, terms: TERMS },
  ...change,
});

const at = (now: number): Partial<ResumeTerms> => ({
  freshness: { now, maxStaleness: TERMS.maxStaleness, terms: TERMS },
});

const content = (change: Partial<ResumeContent> = {}): ResumeContent => ({
  gate: GATE,
  run: null,
  drift: DRIFT,
  trust: [
    { domain: "own.example", version },
    { domain: "peer.example", version: 1 },
  ],
  expires: new Date(own.now + 60_000).toISOString(),
  nonce: "ab".repeat(32),
  ...change,
});

/** Made by hand, by the words of the format. */
function signed(by: readonly Party[], json: Loose, type = RESUME_TYPE, label = type): Uint8Array {
  const payload = Buffer.from(JSON.stringify(json));
  const signatures = by.map((each) => ({
    keyid: each.hex,
    sig: Buffer.from(each.signNow(pae(type, payload))).toString("base64"),
  }));
  const envelope = { payload: payload.toString("base64"), payloadType: label, signatures };
  return new Uint8Array(Buffer.from(JSON.stringify(envelope)));
}

const plain = (change: Partial<ResumeContent> = {}): Loose => ({ ...content(change) }) as Loose;

describe("a resume", () => {
  test("by a resumer of the own domain answers the drift that it names", async () => {
    const statement = await signResume(RESUMER.signer, content());
    const checked = must(checkResume(kernel, statement, terms()));
    expect(checked.resumer).toEqual({ name: "duty officer", key: RESUMER.hex });
    expect(checked.content).toEqual(content());
    expect(must(checkResume(kernel, signed([OTHER], plain()), terms())).resumer.name).toBe(
      "deputy",
    );
  });

  test("of a run answers that run", async () => {
    const statement = await signResume(RESUMER.signer, content({ run: RUN }));
    expect(must(checkResume(kernel, statement, terms({ run: RUN }))).content.run).toBe(RUN);
    for (const run of [null, "0e".repeat(16)]) {
      expect(checkResume(kernel, statement, terms({ run }))).toMatchObject({ code: "AUDIENCE" });
    }
    const ofGate = await signResume(RESUMER.signer, content());
    expect(checkResume(kernel, ofGate, terms({ run: RUN }))).toMatchObject({ code: "AUDIENCE" });
  });

  test("is kept in an entry so that anybody can check it again", async () => {
    const statement = await signResume(RESUMER.signer, content());
    const checked = must(checkResume(kernel, statement, terms()));
    const entry = formatEntry({
      kind: "resume",
      run: null,
      state: "open",
      drift: DRIFT,
      statement: checked.statement,
      prev: null,
      time: "2026-06-01T12:00:00.000Z",
    });
    const read = must(parseEntry(must(entry)));
    const kept = read.kind === "resume" ? read.statement : undefined;
    const envelope = must(parseEnvelope(new TextEncoder().encode(JSON.stringify(kept))));
    must(
      checkEnvelope(kernel, {
        envelope,
        payloadType: RESUME_TYPE,
        keys: [RESUMER.publicKey],
        threshold: 1,
      }),
    );
    // As long as a resume can be, it fits.
    const trust = Array.from({ length: 128 }, (_, i) => ({
      domain: `d${String(i).padStart(3, "0")}.example`,
      version: 1,
    }));
    const long = await signResume(RESUMER.signer, content({ trust }));
    expect(checkResume(kernel, long, terms())).toMatchObject({ code: "STALE" });
  });

  test("says under which key it is kept, whatever its key id said", () => {
    const envelope = must(parseEnvelope(signed([RESUMER], plain())));
    const [signature] = envelope.signatures;
    for (const keyid of [undefined, OTHER.hex, "nobody"]) {
      const bytes = formatEnvelope({ ...envelope, signatures: [{ sig: signature!.sig, keyid }] });
      const checked = must(checkResume(kernel, bytes, terms()));
      expect(checked.statement.signatures[0]?.keyid).toBe(RESUMER.hex);
    }
  });
});

describe("nobody's word but a resumer's:", () => {
  test("not an issuer's, a gate's, a stranger's or that of the key of another envelope", () => {
    for (const who of [ISSUER, GATE_KEY, party("stranger")]) {
      const answer = checkResume(kernel, signed([who], plain()), terms());
      expect(answer, who.name).toMatchObject({ ok: false, code: "KEY" });
    }
    const typed = signed([RESUMER], plain(), "application/vnd.writ.possession+json", RESUME_TYPE);
    expect(checkResume(kernel, typed, terms())).toMatchObject({ ok: false, code: "SIGNATURE" });
    const other = signed([RESUMER], plain(), "application/vnd.writ.possession+json");
    expect(checkResume(kernel, other, terms())).toMatchObject({ ok: false, code: "MALFORMED" });
  });

  test("not two words at once, and not one that was changed", async () => {
    const two = signed([RESUMER, OTHER], plain());
    expect(checkResume(kernel, two, terms())).toMatchObject({ ok: false, code: "MALFORMED" });
    const text = new TextDecoder().decode(await signResume(RESUMER.signer, content()));
    const payload = Buffer.from(JSON.stringify(plain({ gate: "own.example/other" })));
    const swapped = text.replace(/"payload":"[^"]+"/, `"payload":"${payload.toString("base64")}"`);
    expect(checkResume(kernel, new TextEncoder().encode(swapped), terms())).toMatchObject({
      ok: false,
      code: "SIGNATURE",
    });
  });

  test("not a resumer's of a peer", async () => {
    const peer = await makeDomain("peer.example");
    await peer.publish((draft) => addResumer(draft, { name: "theirs", key: party("theirs").hex }));
    const peers = new Map([["peer.example", await viewOf(peer)]]);
    const answer = checkResume(kernel, signed([party("theirs")], plain()), {
      ...terms(),
      domains: { ...domains, peers },
    });
    expect(answer).toMatchObject({ ok: false, code: "KEY" });
  });

  test("not one's whose key was withdrawn, now or ever", async () => {
    const statement = await signResume(RESUMER.signer, content());
    const withdrawn = { ...domains.own.withdrawn, keys: new Set([RESUMER.hex]) };
    const before = { ...domains, own: { ...domains.own, withdrawn } };
    expect(checkResume(kernel, statement, terms({ domains: before }))).toMatchObject({
      code: "REVOKED",
    });
    const domain = await makeDomain("own.example");
    await domain.publish((draft) => addResumer(draft, { name: "x", key: RESUMER.hex }));
    await domain.change((open) =>
      withdraw(open, { keys: [{ key: RESUMER.hex, expires: "9999-12-31T23:59:59Z" }] }),
    );
    const now = { own: await viewOf(domain), peers: domains.peers };
    expect(checkResume(kernel, statement, terms({ domains: now }))).toMatchObject({
      code: "REVOKED",
    });
  });

  test("and none at all where the domain lists no resumer", async () => {
    const bare = await makeDomain("own.example");
    const none = { own: await viewOf(bare), peers: domains.peers };
    const answer = checkResume(kernel, signed([RESUMER], plain()), terms({ domains: none }));
    expect(answer).toMatchObject({ ok: false, code: "KEY" });
  });
});

describe("a resume does not answer", () => {
  const refused = async (
    code: string,
    change: Partial<ResumeContent>,
    held: Partial<ResumeTerms>,
  ) =>
    expect(
      checkResume(kernel, await signResume(RESUMER.signer, content(change)), terms(held)),
    ).toMatchObject({ ok: false, code });

  test("another gate, another drift, or other evidence", async () => {
    await refused("AUDIENCE", { gate: "own.example/gate2" }, {});
    await refused("STALE", { drift: "d2".repeat(32) }, {});
    await refused("EQUIVOCATION", {}, { evidence: "e1".repeat(32) });
    await refused("EQUIVOCATION", { evidence: "e1".repeat(32) }, {});
    await refused("EQUIVOCATION", { evidence: "e1".repeat(32) }, { evidence: null });
    await refused("EQUIVOCATION", { evidence: "e1".repeat(32) }, { evidence: "e2".repeat(32) });
    const lifted = await signResume(RESUMER.signer, content({ evidence: "e1".repeat(32) }));
    expect(checkResume(kernel, lifted, terms({ evidence: "e1".repeat(32) })).ok).toBe(true);
  });

  test("a gate whose trust is older than it demands, of any domain", async () => {
    const newer = { domain: "own.example", version: version + 1 };
    await refused("STALE", { trust: [newer] }, {});
    await refused("STALE", { trust: [{ domain: "peer.example", version: 2 }] }, {});
    await refused("STALE", { trust: [{ domain: "unknown.example", version: 1 }] }, {});
    const older = await signResume(RESUMER.signer, content({ trust: [{ ...newer, version: 1 }] }));
    expect(checkResume(kernel, older, terms()).ok).toBe(true);
    const any = await signResume(RESUMER.signer, content({ trust: [] }));
    expect(checkResume(kernel, any, terms()).ok).toBe(true);
  });

  test("from its expiry on, whatever the skew", async () => {
    const expires = own.now + 500;
    const statement = await signResume(
      RESUMER.signer,
      content({ expires: new Date(expires).toISOString() }),
    );
    expect(checkResume(kernel, statement, terms(at(expires - 1))).ok).toBe(true);
    expect(checkResume(kernel, statement, terms(at(expires)))).toMatchObject({ code: "EXPIRED" });
  });

  test("where the own domain's word is old, contradicted or not there", async () => {
    const late = own.now + TERMS.maxStaleness + 1;
    const expires = new Date(late + 60_000).toISOString();
    await refused("STALE", { expires }, at(late));
    const { own: view } = domains;
    const split = { ok: false, code: "EQUIVOCATION", expected: "one", found: "two" } as const;
    await refused(
      "EQUIVOCATION",
      {},
      { domains: { ...domains, own: { ...view, failure: split } } },
    );
    const none = { ...domains, own: { ...view, state: undefined } };
    await refused("NO_TRUST", {}, { domains: none });
  });
});

test("what is not its format is refused when it is read, and misuse when it is signed", async () => {
  const bad: readonly Loose[] = [
    { ...plain(), more: 1 },
    { ...plain(), run: "short" },
    { ...plain(), run: undefined },
    { ...plain(), drift: "D1".repeat(32) },
    { ...plain(), nonce: "" },
    { ...plain(), expires: "tomorrow" },
    { ...plain(), trust: [{ domain: "own.example", version: 0 }] },
    { ...plain(), trust: plain()["trust"].toReversed() },
    { ...plain(), evidence: null },
  ];
  for (const json of bad) {
    const answer = checkResume(kernel, signed([RESUMER], json), terms());
    expect(answer, JSON.stringify(json)).toMatchObject({ ok: false, code: "MALFORMED" });
    await expect(signResume(RESUMER.signer, json as never), JSON.stringify(json)).rejects.toThrow(
      TypeError,
    );
  }
  const huge = new Uint8Array(1 << 16).fill(0x20);
  expect(checkResume(kernel, huge, terms())).toMatchObject({ code: "TOO_LARGE" });
});
