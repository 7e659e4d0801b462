import type { Kernel } from "writ";
import type {
  AdmittedAuthorization,
  Authorization,
  KnownDomains,
  Permission,
  Rehearsal,
} from "writ/authorization";
import {
  admitAuthorization,
  admitAuthorizations,
  attenuateAuthorization,
  checkEnvelope,
  checkRequest,
  compilePolicy,
  evaluatePolicy,
  explainPolicy,
  explainRequest,
  formatCanonical,
  INTOTO_PAYLOAD_TYPE,
  issueAuthorization,
  inspectChain,
  measureArtifact,
  NOT_CHECKED,
  parseEnvelope,
  readRequest,
  rehearseRequest,
  splitChain,
  checkPossession,
  webCryptoSigner,
} from "writ/authorization";
import { folderSource, MemoryTrustStore, sync } from "writ/trust";
import type { Data, MadeAuthorizations } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert, hex, pattern } from "./report.js";
import { must } from "./trust.js";

const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };
/** The answers of which the made requests have some. */
const EXPECTED = [
  "allow",
  "AUDIENCE",
  "DIGEST",
  "EXPIRED",
  "HOLDER",
  "LIMIT",
  "MALFORMED",
  "MISSING",
  "NOT_YET",
  "POLICY",
  "QUORUM",
  "REVOKED",
  "SCOPE",
  "STALE",
  "UNTRUSTED",
];
const encoder = new TextEncoder();
const GENERATED = 10_000;

/** The same numbers everywhere: each call gives one from 0 up to and without `below`. */
function seeded(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ["amount", "to", "currency", "path", "url", "note", "items", "__proto__", "ä"];
const TEXTS = [
  "",
  "EUR",
  "acct-7",
  "/data/in/../out",
  "https://a.example/x?y",
  "\u0000",
  "😀",
  "*",
];

/** JSON text of a request that the chain may allow, with this and that changed. */
function generateRequest(
  { principal, command }: AdmittedAuthorization,
  pick: (below: number) => number,
): string {
  const value = (depth: number): unknown => {
    switch (pick(depth > 2 ? 5 : 7)) {
      case 0:
        return pick(2000) - 500;
      case 1:
        return pick(1000) / 8;
      case 2:
        return TEXTS[pick(TEXTS.length)];
      case 3:
        return pick(2) === 0;
      case 4:
        return null;
      case 5:
        return Array.from({ length: pick(4) }, () => value(depth + 1));
      default:
        return members(depth + 1);
    }
  };
  const members = (depth: number): object =>
    Object.fromEntries(
      Array.from({ length: pick(5) }, () => [NAMES[pick(NAMES.length)], value(depth)]),
    );
  const [type, id] = principal.id.split(":");
  const name = pick(4) === 0 ? `${command === "/" ? "" : command}/more` : command;
  const text = JSON.stringify({
    subject: { type, id: pick(8) === 0 ? "thief" : id },
    action: { name: pick(12) === 0 ? "/other" : name },
    resource: { type: "invoice", id: TEXTS[1 + pick(3)] },
    context: members(0),
  });
  return pick(20) === 0 ? text.replace(",", ",,") : text;
}

/** Chains admitted or not, requests allowed or not: every answer goes into the digest. */
export function authorization(kernel: Kernel, { authorizations: made }: Data): Check[] {
  const chains = made.chains.map(unbase64);
  let known: Promise<KnownDomains> | undefined;
  const domainsOf = (): Promise<KnownDomains> => (known ??= follow(kernel, made));

  return [
    [
      `${chains.length} chains: admitted one by one and together, inspected`,
      async (output) => {
        const domains = await domainsOf();
        const together = admitAuthorizations(kernel, chains, domains);
        chains.forEach((chain, i) => {
          const alone = told(admitAuthorization(kernel, chain, domains));
          assert(alone === told(together[i]!), `chain ${i}: alone as among others`);
          output(alone);
          const inspected = inspectChain(kernel, chain);
          output(
            JSON.stringify(
              inspected.ok
                ? inspected.value.map(({ link, signature }) => [link.authorization, signature])
                : inspected,
            ),
          );
        });
        const admitted = together.filter((each) => each.ok).length;
        assert(admitted > 5 && admitted < chains.length, `${admitted} are admitted`);
      },
    ],
    [
      `${made.requests.length} requests: allowed or denied, and why`,
      async (output) => {
        const domains = await domainsOf();
        const admitted = admitAuthorizations(kernel, chains, domains).flatMap((each) =>
          each.ok ? [each.value] : [],
        );
        const codes = new Map<string, number>();
        for (const [i, bytes] of made.requests.entries()) {
          const request = readRequest(unbase64(bytes));
          const chain = admitted[i % admitted.length] as AdmittedAuthorization;
          const situation = situationOf(made, domains, i);
          const answer = request.ok ? rehearseRequest(chain, request.value, situation) : request;
          const code = answer.ok ? "allow" : answer.code;
          codes.set(code, (codes.get(code) ?? 0) + 1);
          output(answer.ok ? toldPermission(answer.value) : JSON.stringify(answer));
          if (!request.ok) continue;
          output(JSON.stringify(explainRequest(chain, request.value, situation)));
          for (const { policy } of chain.links) {
            output(JSON.stringify(explainPolicy(policy, request.value.input)));
          }
        }
        for (const code of EXPECTED) {
          assert((codes.get(code) ?? 0) > 0, `some are ${code}: ${JSON.stringify([...codes])}`);
        }
      },
    ],
    [
      `F59: ${GENERATED} generated requests: allowed or denied alike everywhere`,
      async (output) => {
        const domains = await domainsOf();
        const admitted = admitAuthorizations(kernel, chains, domains).flatMap((each) =>
          each.ok ? [each.value] : [],
        );
        const pick = seeded();
        const codes = new Set<string>();
        let told = "";
        for (let i = 0; i < GENERATED; i++) {
          const chain = admitted[pick(admitted.length)] as AdmittedAuthorization;
          const request = readRequest(encoder.encode(generateRequest(chain, pick)));
          const situation = situationOf(made, domains, pick(made.requests.length));
          const answer = request.ok ? rehearseRequest(chain, request.value, situation) : request;
          codes.add(answer.ok ? "allow" : answer.code);
          told += answer.ok
            ? `allow ${answer.value.validUntil} ${answer.value.charges.length}\n`
            : `${answer.code} ${answer.expected} ${answer.found}\n`;
        }
        output(told);
        for (const code of ["allow", "SCOPE", "HOLDER", "MALFORMED"]) {
          assert(codes.has(code), `some are ${code}: ${[...codes].join()}`);
        }
      },
    ],
    [
      "the attack requests: what each policy makes of them",
      (output) => {
        for (const { name, request: text, policy } of made.attacks) {
          const request = readRequest(unbase64(text));
          const compiled = compilePolicy(JSON.parse(policy), "policy");
          const answer =
            request.ok && compiled.ok
              ? evaluatePolicy(compiled.value, request.value.input)
              : JSON.stringify([request.ok || request, compiled.ok || compiled]);
          output(`${name}: ${answer}`);
        }
      },
    ],
    [
      "proofs of possession: one holds",
      async (output) => {
        const domains = await domainsOf();
        const admitted = must(admitAuthorization(kernel, chains[0]!, domains));
        const { request, gate, nonce, salt, proofs } = made.proofs;
        const asked = must(readRequest(unbase64(request)));
        const terms = { gate, nonce, salt: unbase64(salt) };
        const at = { now: made.now, skew: 1_000 };
        for (const [i, bytes] of proofs.entries()) {
          const proof = checkPossession(kernel, unbase64(bytes), admitted, asked, terms, at);
          assert(proof.ok === (i === 0), `proof ${i}`);
          output(proof.ok ? proof.value.proof : JSON.stringify(proof));
          if (!proof.ok) continue;
          const { gate: decidesAt } = made;
          const rehearsal = situationOf(made, domains, 0);
          const situation = { ...rehearsal, gate: decidesAt, possession: proof.value };
          output(toldPermission(must(checkRequest(admitted, asked, situation))));
        }
      },
    ],
    [
      "a key that never leaves WebCrypto issues, another narrows; the signatures verify here",
      async (output) => {
        const domains = await domainsOf();
        const [one, two] = [await newKey(), await newKey()];
        const principal = { id: "agent:bot", key: hex(two.publicKey) };
        const terms = {
          audience: [domains.own.domain],
          principal,
          command: "/pay/invoice",
          policy: [],
          expires: "2026-06-01T13:00:00Z",
          nonce: pattern(16),
        };
        const issued = must(await issueAuthorization(kernel, one, "pay.example", terms));
        const narrowed = must(
          await attenuateAuthorization(kernel, two, issued.chain, {
            principal,
            nonce: pattern(16, 1),
          }),
        );
        for (const [i, line] of must(splitChain(narrowed.chain)).entries()) {
          const envelope = must(parseEnvelope(line));
          const keys = [[one, two][i]!.publicKey];
          const claim = { envelope, keys, threshold: 1, payloadType: INTOTO_PAYLOAD_TYPE };
          assert(checkEnvelope(kernel, claim).ok, `link ${i + 1} verifies`);
        }
        const refused = admitAuthorization(kernel, narrowed.chain, domains);
        assert(!refused.ok && refused.code === "KEY", "nobody lists that key");
        output("issued and narrowed");
      },
    ],
    [
      "digests of artifacts, in chunks: by the kernel everywhere, by hash-wasm where it can run",
      async (output) => {
        const bytes = pattern(100_003);
        const chunks = [bytes.subarray(0, 1), bytes.subarray(1, 70_000), bytes.subarray(70_000)];
        const measured = must(await measureArtifact(kernel, ["sha256", "sha512"], chunks));
        assert(measured["sha256"] === hex(kernel.sha256(bytes)), "sha256");
        output(formatCanonical(measured));
        const loaded = await measureArtifact(
          kernel,
          ["sha3_256", "blake2b"],
          [encoder.encode("abc")],
        );
        const known = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";
        if (loaded.ok) assert(loaded.value["sha3_256"] === known, "sha3_256 of abc");
        else assert(loaded.code === "UNSUPPORTED_DIGEST", JSON.stringify(loaded));
      },
    ],
  ];
}

async function follow(kernel: Kernel, { domains, now }: MadeAuthorizations): Promise<KnownDomains> {
  const files = domains.map(
    ({ files: all }) => new Map(Object.entries(all).map(([path, text]) => [path, unbase64(text)])),
  );
  const sources = new Map(
    domains.map(({ name }, i) => [
      name,
      [folderSource({ read: async (path) => files[i]!.get(path), list: async () => [] }, "memory")],
    ]),
  );
  const pins = files.map((all) => ({ root: all.get("metadata/1.root.json")!, terms: TERMS }));
  const results = await sync(kernel, new MemoryTrustStore(), sources, pins, now);
  const [own, ...peers] = domains.map(({ name }) => must(results.get(name)!).view);
  return { own: own!, peers: new Map(peers.map((view) => [view.domain, view])) };
}

/** The time differs: mostly fresh, sometimes at the bound, past it, or past the window. */
function situationOf(made: MadeAuthorizations, domains: KnownDomains, i: number): Rehearsal {
  const later = [0, 0, 0, 0, 4_000, 20_000, 40_000, 7_200_000];
  return {
    now: made.now + (later[Math.floor(i / 13) % later.length] ?? 0),
    gate: made.gate,
    domains,
    maxStaleness: 30_000,
    terms: TERMS,
    possession: NOT_CHECKED,
    artifacts: i % 7 === 0 ? [] : [{ sha256: (i % 2 === 0 ? "ab" : "cd").repeat(32) }],
  };
}

async function newKey() {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  return await webCryptoSigner(pair as CryptoKeyPair);
}

function told(admitted: ReturnType<typeof admitAuthorization>): string {
  if (!admitted.ok) return JSON.stringify(admitted);
  const { sha256, issuer, principal, command, demands, links } = admitted.value;
  const bodies: Authorization[] = links.map((link) => link.authorization);
  return JSON.stringify([sha256, issuer, principal, command, demands, bodies]);
}

function toldPermission({ authorization, request, ...rest }: Permission): string {
  return JSON.stringify([authorization.sha256, request.command, rest]);
}
