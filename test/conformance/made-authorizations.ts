/** Two domains, chains and five hundred requests, made for the suite from fixed seeds and times. */
import { attenuateAuthorization, issueAuthorization } from "../../src/authorization/issue.js";
import { admitAuthorization } from "../../src/authorization/admit.js";
import { joinChain, splitChain } from "../../src/authorization/chain-file.js";
import type { KnownDomains } from "../../src/authorization/domains.js";
import { provePossession } from "../../src/authorization/possession.js";
import { readRequest } from "../../src/authorization/request.js";
import { encodeHex } from "../../src/bytes/hex.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { addGate, addIssuer, addPeer } from "../../src/domain/edit.js";
import { withdraw } from "../../src/domain/publish.js";
import type { Signer } from "../../src/attestation/signer.js";
import { folderSource } from "../../src/sync/folder-source.js";
import { sync } from "../../src/sync/sync.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { ok } from "../../src/verdict.js";
import { attackCases } from "../attacks/cases.js";
import { hexKey, keyOf, makeDomain, must, START, TestDomain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { folderOf } from "./made-trust.js";
import type { MadeAuthorizations } from "./suite/data.js";

export const PAY = "pay.example";
export const SHIP = "ship.example";
export const GATE = `${SHIP}/gate-1`;
const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };
const HOUR = 3_600_000;
const REQUESTS = 500;

export async function madeAuthorizations(): Promise<MadeAuthorizations> {
  const [pay, ship] = await makeDomains();
  const chains = await makeChains();
  const revoked = must(splitChain(chains.at(-1) as Uint8Array)).length;
  if (revoked !== 1) throw new Error("the last chain is the one that is revoked");
  const payload = JSON.parse(new TextDecoder().decode(chains.at(-1))) as { payload: string };
  const sha256 = encodeHex(kernel.sha256(Buffer.from(payload.payload, "base64")));
  await pay.change((open) =>
    withdraw(open, { authorizations: [{ sha256, expires: "2026-06-02T00:00:00Z" }] }),
  );
  const folders = [SHIP, PAY].map((name, i) => ({ name, domain: [ship, pay][i] as TestDomain }));
  const domains: MadeAuthorizations["domains"][number][] = [];
  for (const { name, domain } of folders) {
    domains.push({ name, files: Object.fromEntries(await folderOf(domain)) });
  }
  const now = Math.max(pay.now, ship.now);
  return {
    now,
    gate: GATE,
    domains,
    chains: chains.map(base64),
    requests: Array.from({ length: REQUESTS }, (_, i) => base64(requestText(i))),
    proofs: await makeProofs(chains[0] as Uint8Array, await knownDomains(ship, pay, now), now),
    attacks: attackCases()
      .filter(({ bytes }) => bytes.length < 20_000)
      .map(({ name, bytes, authorization }) => ({
        name,
        request: base64(bytes),
        policy: JSON.stringify(authorization.policy),
      })),
  };
}

export async function makeDomains(): Promise<[TestDomain, TestDomain]> {
  const pay = await makeDomain(PAY);
  const issuer = { name: "billing", key: hexKey("billing"), commands: ["/pay"] };
  await pay.publish((draft) => addIssuer(draft, issuer));
  const ship = await makeDomain(SHIP);
  const root = await pay.read("metadata/1.root.json");
  const pinned = { version: 1, sha256: encodeHex(kernel.sha256(root)) };
  const peer = { ...TERMS, commands: ["/pay/invoice"], name: PAY, root: pinned };
  await ship.edit((draft) => addPeer(draft, peer, root));
  await ship.edit((draft) => addGate(draft, { origin: GATE, key: hexKey("gate") }));
  const rules = [{ command: "/pay", policy: [["!=", ".currency", "XTS"]] }];
  await ship.publish((draft) => ok({ ...draft, policy: { rules } }));
  return [pay, ship];
}

async function knownDomains(ship: TestDomain, pay: TestDomain, now: number): Promise<KnownDomains> {
  const pins = [];
  const sources = new Map();
  for (const domain of [ship, pay]) {
    pins.push({ root: await domain.read("metadata/1.root.json"), terms: TERMS });
    sources.set(domain.name, [folderSource(await domain.snapshot(), "memory")]);
  }
  const results = await sync(kernel, new MemoryTrustStore(), sources, pins, now);
  const viewOf = (name: string) => must(results.get(name)!).view;
  return { own: viewOf(SHIP), peers: new Map([[PAY, viewOf(PAY)]]) };
}

function signerOf(name: string): Signer {
  const { key, sign } = keyOf(name);
  return { publicKey: key.publicKey, sign };
}

let nonces = 0;

function nonce(): Uint8Array {
  nonces += 1;
  return new Uint8Array(16).fill(nonces);
}

const agent = (name: string) => ({ id: `agent:${name}`, key: hexKey(name) });

/** Good ones, ones that no gate admits, and last one that is revoked. */
async function makeChains(): Promise<Uint8Array[]> {
  const billing = signerOf("billing");
  const base = {
    audience: [SHIP],
    principal: agent("bot"),
    command: "/pay/invoice",
    policy: [["<=", ".amount", 1000]] as unknown[],
    expires: formatRfc3339(START + HOUR, "s"),
  };
  const issue = async (terms: Partial<typeof base> & Record<string, unknown> = {}) =>
    must(await issueAuthorization(kernel, billing, PAY, { ...base, ...terms, nonce: nonce() }))
      .chain;
  const narrow = async (chain: Uint8Array, holder: string, terms: Record<string, unknown>) =>
    must(
      await attenuateAuthorization(kernel, signerOf(holder), chain, {
        principal: agent("bot"),
        ...terms,
        nonce: nonce(),
      }),
    ).chain;
  const simple = await issue();
  const two = await narrow(await issue({ principal: agent("buyer") }), "buyer", {
    policy: [["==", ".currency", "EUR"]],
  });
  const three = await narrow(
    await narrow(await issue({ principal: agent("buyer") }), "buyer", {
      principal: agent("helper"),
      policy: [["like", ".to", "acct-*"]],
    }),
    "helper",
    { command: "/pay/invoice/create", policy: [["any", ".tags", ["==", ".", "a"]]] },
  );
  const counted = await issue({
    audience: [GATE],
    limits: { uses: 3, totals: [{ argument: ".amount", most: 500 }] },
  });
  const paths = await issue({
    policy: [
      ["within", ".path", ["/data", "/tmp/x"]],
      ["not", ["url", ".url", "https://internal.example/"]],
    ],
  });
  const demanding = await issue({
    maxStaleness: 5_000,
    notBefore: formatRfc3339(START + 2_000, "s"),
    quorum: { k: 2, domains: [PAY, SHIP] },
    isolation: { level: "process", read: ["/data"] },
    recheck: 250,
    witnessed: "intent",
  });
  const bound = await issue({ artifacts: [{ digest: { sha256: "ab".repeat(32) } }] });
  const elsewhere = await issue({ audience: ["else.example"] });
  const short = await issue({ expires: formatRfc3339(START + 3_000, "s") });
  const later = await issue({ notBefore: formatRfc3339(START + 10_000, "s") });
  const unknown = await issue({ quorum: { k: 1, domains: ["nowhere.example"] } });
  const otherGate = await issue({ audience: [`${SHIP}/gate-2`] });
  const lines = must(splitChain(three));
  const cut = joinChain(lines.slice(1));
  const swapped = joinChain([lines[0]!, lines[2]!, lines[1]!]);
  const flipped = simple.slice();
  flipped[40] = flipped[40] === 65 ? 66 : 65;
  const revoked = await issue({ policy: [] });
  return [
    simple,
    two,
    three,
    counted,
    paths,
    demanding,
    bound,
    elsewhere,
    short,
    later,
    unknown,
    otherGate,
    cut,
    swapped,
    flipped,
    revoked,
  ];
}

/** A small generator of our own: the same numbers in every run and version. */
function choose<T>(i: number, salt: number, choices: readonly T[]): T {
  const mixed = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b);
  return choices[(Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 8) % choices.length] as T;
}

function requestText(i: number): Uint8Array {
  const pick = <T>(salt: number, choices: readonly T[]): T => choose(i, salt, choices);
  const context: Record<string, unknown> = {
    amount: pick(1, [0, 1, 150, 500, 500.5, 1000, 1000.0001, -1, "150", 9007199254740991]),
    currency: pick(2, ["EUR", "EUR", "EUR", "eur", "XTS", null]),
    to: pick(3, ["acct-7", "acct-", "xacct-7", "acct-\u00e9", 7]),
    tags: pick(4, [["a"], ["b", "a"], [], "a", { x: "a" }]),
    path: pick(5, [
      "/data/x",
      "/data",
      "/data/../etc",
      "/database",
      "/tmp/x/y",
      "/data/\uff0e\uff0e/x",
      "/data/e\u0301",
      "/data/\u00e9",
      "data/x",
    ]),
    url: pick(6, [
      "https://api.example.com/v1",
      "https://internal.example/x",
      "https://internal.example./x",
      "https://user@internal.example/",
      "https://10.0.0.1/",
      "https://0x0a000001/",
      "https://api.example.com/%2e%2e/x",
      "https://xn--bcher-kva.example/",
      "https://b\u00fccher.example/",
    ]),
  };
  if (pick(7, [0, 0, 0, 1])) delete context[pick(8, Object.keys(context))];
  const text = JSON.stringify({
    subject: { type: "agent", id: pick(9, ["bot", "bot", "bot", "bot", "Bot", "bo t"]) },
    action: {
      name: pick(10, [
        "/pay/invoice/create",
        "/pay/invoice/create",
        "/pay/invoice",
        "/pay/invoices",
        "/pay",
        "/pay//invoice",
      ]),
    },
    resource: { type: "account", id: "acct-7" },
    context,
  });
  const damage = pick(11, ["", "", "", "", "", "", "", "cut", "twice"]);
  if (damage === "cut") return new TextEncoder().encode(text.slice(0, -3));
  if (damage === "twice") {
    return new TextEncoder().encode(text.replace('"subject"', '"action":{},"subject"'));
  }
  return new TextEncoder().encode(text);
}

/** Proofs of possession for one request, each bound to something else than the one before. */
async function makeProofs(chain: Uint8Array, domains: KnownDomains, now: number) {
  const admitted = must(admitAuthorization(kernel, chain, domains));
  const context = { amount: 1, currency: "EUR" };
  const text = JSON.stringify({
    subject: { type: "agent", id: "bot" },
    action: { name: "/pay/invoice" },
    resource: { type: "account", id: "acct-7" },
    context,
  });
  const request = must(readRequest(new TextEncoder().encode(text)));
  const good = { gate: GATE, nonce: "11".repeat(32), salt: new Uint8Array(32).fill(7) };
  const variants = [
    { signer: "bot", terms: good, at: now },
    { signer: "thief", terms: good, at: now },
    { signer: "bot", terms: { ...good, gate: `${SHIP}/gate-2` }, at: now },
    { signer: "bot", terms: { ...good, nonce: "22".repeat(32) }, at: now },
    { signer: "bot", terms: { ...good, salt: new Uint8Array(32).fill(8) }, at: now },
    { signer: "bot", terms: good, at: now - 30_001 },
    { signer: "bot", terms: good, at: now + 1_001 },
  ];
  const proofs = [];
  for (const { signer, terms, at } of variants) {
    const by = signerOf(signer);
    proofs.push(await provePossession(kernel, by, admitted.sha256, request, terms, at));
  }
  return {
    request: base64(new TextEncoder().encode(text)),
    gate: good.gate,
    nonce: good.nonce,
    salt: base64(good.salt),
    proofs: proofs.map(base64),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
