/** Chains of three links, sound, or broken in one way each, with the codes that this may be told by. */
import type { Code } from "../../src/verdict.js";
import type { Loose } from "../trust/forge.js";
import type { HandLink, HandMaking } from "./craft.js";
import { below, craft, fileOf, nonce, party, rootBy, sha256 } from "./craft.js";
import {
  BANK,
  CLERK,
  GATE,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUERS,
  MILL,
  OTHER_GATE,
  SHIP,
  THIEF,
} from "./world.js";

export interface Made {
  readonly file: Uint8Array;
  /** `admitted`, or the codes of which one is to be told. */
  readonly answer: "admitted" | readonly Code[];
  readonly links: readonly HandLink[];
}

const INTERN = party("intern");
/** Another text in each call: no signature is verified once for two. */
const fresh = (): Loose => ({ nonce: nonce() });

type Three = readonly [HandLink, HandLink, HandLink];

interface Parts {
  readonly root?: Loose;
  readonly rootMaking?: HandMaking;
  readonly child?: Loose;
  readonly childMaking?: HandMaking;
  readonly leaf?: Loose;
  readonly leafMaking?: HandMaking;
}

export function three(parts: Parts = {}): Three {
  const root = grant({ ...fresh(), ...parts.root }, parts.rootMaking);
  const child = handOn(root, { ...fresh(), ...parts.child }, parts.childMaking);
  const principal = { id: "agent:intern", key: INTERN.hex };
  const leaf = below(child, HELPER, { principal, ...fresh(), ...parts.leaf }, parts.leafMaking);
  return [root, child, leaf];
}

const chain = (links: readonly HandLink[], ...codes: Code[]): Made => ({
  file: fileOf(links),
  answer: codes.length > 0 ? codes : "admitted",
  links,
});

const flip = (base64: string): string => {
  const bytes = Buffer.from(base64, "base64");
  bytes[40] = (bytes[40] as number) ^ 4;
  return bytes.toString("base64");
};
const flipped = (envelope: Loose): Loose => ({
  ...envelope,
  signatures: envelope.signatures.map((each: Loose) => ({ ...each, sig: flip(each.sig) })),
});
const forUrls = (envelope: Loose): Loose =>
  JSON.parse(
    JSON.stringify(envelope).replaceAll(/"(payload|sig)":"[^"]*"/g, (member) =>
      member.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
    ),
  );

/** Each gives another chain in each call. */
export const SOUND: Readonly<Record<string, () => Made>> = {
  "three links": () => chain(three()),
  "one link": () => chain([grant(fresh())]),
  "eight links": () => chain(long(8)),
  "no key ids": () =>
    chain(
      three({
        rootMaking: { signers: [[ISSUERS.bank, undefined]] },
        leafMaking: { signers: [[HELPER, undefined]] },
      }),
    ),
  "key ids of others": () =>
    chain(
      three({
        rootMaking: { signers: [[ISSUERS.bank, THIEF.hex]] },
        childMaking: { signers: [[CLERK, ISSUERS.bank.hex]] },
      }),
    ),
  "key ids of no form": () =>
    chain(
      three({
        rootMaking: { signers: [[ISSUERS.bank, "ops@bank"]] },
        childMaking: { signers: [[CLERK, "\u202e"]] },
      }),
    ),
  "other signatures beside": () =>
    chain(
      three({
        rootMaking: { signers: [THIEF, ISSUERS.bank] },
        childMaking: { signers: [CLERK, HELPER] },
      }),
    ),
  "a signature by another under its key id beside": () =>
    chain(three({ rootMaking: { signers: [[THIEF, ISSUERS.bank.hex], ISSUERS.bank] } })),
  "two signatures by issuers": () =>
    chain(three({ rootMaking: { signers: [ISSUERS.ship, ISSUERS.bank] } })),
  "base64 for URLs": () =>
    chain(three({ rootMaking: { envelope: forUrls }, leafMaking: { envelope: forUrls } })),
  "members of envelopes that nobody knows": () =>
    chain(three({ childMaking: { envelope: (each) => ({ note: 1, ...each }) } })),
  "white space in a payload": () => {
    const predicate = {
      ...GRANT,
      policy: [],
      issuer: { domain: BANK, key: ISSUERS.bank.hex },
      ...fresh(),
    };
    const subject = [{ digest: { sha256: sha256(CLERK.publicKey) } }];
    const statement = {
      _type: "https://in-toto.io/Statement/v1",
      subject,
      predicateType: "urn:writ:authorization:v1",
      predicate,
    };
    const payload = Buffer.from(JSON.stringify(statement, undefined, 2));
    return chain([craft(predicate, { signers: [ISSUERS.bank], payload })]);
  },
  "a limit that counts at one gate": () =>
    chain(three({ root: { limits: { uses: 2 }, audience: [GATE] } })),
};

export const BROKEN: Readonly<Record<string, () => Made>> = {
  "the issuer's signature flipped": () =>
    chain(three({ rootMaking: { envelope: flipped } }), "SIGNATURE"),
  "the last signature flipped": () =>
    chain(three({ leafMaking: { envelope: flipped } }), "SIGNATURE"),
  "the middle signature flipped": () =>
    chain(three({ childMaking: { envelope: flipped } }), "SIGNATURE"),
  "signed by a thief in the issuer's name": () =>
    chain(three({ rootMaking: { signers: [[THIEF, ISSUERS.bank.hex]] } }), "SIGNATURE"),
  "signed by a thief": () => chain(three({ rootMaking: { signers: [THIEF] } }), "KEY"),
  "handed on by a thief": () => {
    const [root] = three();
    return chain([root, below(root, THIEF, { principal: GRANT.principal })], "KEY");
  },
  "handed on by a thief in the holder's name": () =>
    chain(three({ childMaking: { signers: [[THIEF, CLERK.hex]] } }), "SIGNATURE"),
  "handed on by a thief who names himself and has the holder's signature": () =>
    chain(three({ child: { issuer: { domain: BANK, key: THIEF.hex } } }), "KEY"),
  "handed on by an issuer who is not the holder": () => {
    const [root] = three();
    return chain([root, below(root, ISSUERS.bank, { principal: GRANT.principal })], "KEY");
  },
  "a first link by the holder": () => chain([rootBy(BANK, CLERK, GRANT)], "KEY"),
  "an issuer of another domain": () => chain([rootBy(BANK, ISSUERS.mill, GRANT)], "KEY"),
  "an issuer that signs in another's name": () =>
    chain(three({ rootMaking: { signers: [ISSUERS.ship] } }), "KEY"),
  "an issuer that is not for the command": () =>
    chain([rootBy(BANK, ISSUERS.reader, GRANT)], "SCOPE"),
  "another parent": () =>
    chain(three({ leaf: { parents: [{ sha256: sha256(nonce()) }] } }), "DIGEST"),
  "the first as the parent of the last": () => {
    const [root, child] = three();
    const leaf = below(child, HELPER, {
      principal: GRANT.principal,
      parents: [{ sha256: root.id }],
    });
    return chain([root, child, leaf], "DIGEST");
  },
  "no parent": () => chain(three({ child: { parents: undefined } }), "DIGEST"),
  "another domain below": () =>
    chain(three({ child: { issuer: { domain: SHIP, key: CLERK.hex } } }), "SCOPE"),
  "a wider command": () => chain(three({ leaf: { command: "/" } }), "SCOPE"),
  "a command beside": () =>
    chain(three({ root: { command: "/pay/in" }, child: { command: "/pay/ing" } }), "SCOPE"),
  "the first link cut off": () => chain(three().slice(1), "KEY"),
  "the middle cut out": () => {
    const [root, , leaf] = three();
    return chain([root, leaf], "KEY", "SIGNATURE", "DIGEST");
  },
  "two links changed about": () => {
    const [root, child, leaf] = three();
    return chain([root, leaf, child], "KEY", "SIGNATURE", "DIGEST");
  },
  "the order turned round": () => chain([...three()].reverse(), "KEY", "MISSING"),
  "the first twice": () => {
    const [root, child] = three();
    return chain([root, root, child], "KEY", "SIGNATURE", "DIGEST");
  },
  "the last twice": () => {
    const [root, child, leaf] = three();
    return chain([root, child, leaf, leaf], "KEY", "SIGNATURE", "DIGEST");
  },
  "a link twice whose holder is its issuer": () => {
    const root = grant({ principal: { id: "agent:x", key: ISSUERS.bank.hex }, ...fresh() });
    return chain([root, root], "DIGEST");
  },
  "a link of another chain between": () => {
    const [[root], [, child, leaf]] = [three(), three()];
    return chain([root, child, leaf], "DIGEST");
  },
  "nine links": () => chain(long(9), "TOO_LARGE"),
  "more links below than the first allows": () =>
    chain(three({ root: { limits: { delegations: 1 } } }), "LIMIT"),
  "more links below than the second allows": () =>
    chain(three({ child: { limits: { delegations: 0 } } }), "LIMIT"),
  "an unknown member": () => chain(three({ leaf: { note: "" } }), "MALFORMED"),
  "an unknown member in a statement": () =>
    chain(three({ rootMaking: { statement: (each) => ({ ...each, note: 1 }) } }), "MALFORMED"),
  "a member __proto__": () => {
    const json = '{"__proto__":{"command":"/"},';
    const statement = (each: Loose) =>
      JSON.parse(JSON.stringify(each).replace('"predicate":{', `"predicate":${json}`));
    return chain(three({ childMaking: { statement } }), "MALFORMED");
  },
  "a member twice": () => {
    const [root] = three();
    const payload = Buffer.from(
      Buffer.from(root.payload)
        .toString()
        .replace('"command":"/pay"', '"command":"/read","command":"/pay"'),
    );
    return chain([craft(root.predicate, { signers: [ISSUERS.bank], payload })], "MALFORMED");
  },
  "an unknown operator": () =>
    chain(
      three({
        child: {
          policy: [
            [
              "or",
              [
                ["==", ".x", 1],
                ["is", ".x", 1],
              ],
            ],
          ],
        },
      }),
      "MALFORMED",
    ),
  "another predicate type": () =>
    chain(
      three({
        rootMaking: {
          statement: (each) => ({ ...each, predicateType: "urn:writ:authorization:v2" }),
        },
      }),
      "MALFORMED",
    ),
  "another type of statement": () =>
    chain(
      three({
        rootMaking: {
          statement: (each) => ({ ...each, _type: "https://in-toto.io/Statement/v0.1" }),
        },
      }),
      "MALFORMED",
    ),
  "another payload type": () =>
    chain(three({ childMaking: { payloadType: "application/json" } }), "MALFORMED"),
  "the payload type changed after signing": () =>
    chain(
      three({
        childMaking: { envelope: (each) => ({ ...each, payloadType: "application/json" }) },
      }),
      "MALFORMED",
    ),
  "no signature": () =>
    chain(
      three({ leafMaking: { envelope: (each) => ({ ...each, signatures: [] }) } }),
      "MALFORMED",
    ),
  "a payload over the limit": () =>
    chain(three({ leaf: { policy: [["==", ".x", "x".repeat(65_535)]] } }), "TOO_LARGE"),
  "no audience in common": () => chain(three({ child: { audience: [MILL] } }), "AUDIENCE"),
  "two gates in turn": () =>
    chain(three({ child: { audience: [GATE] }, leaf: { audience: [OTHER_GATE] } }), "AUDIENCE"),
  "no time in common": () =>
    chain(
      three({ child: { notBefore: "2026-07-01T00:00:00Z", expires: "2026-07-02T00:00:00Z" } }),
      "EXPIRED",
    ),
  "two baselines": () =>
    chain(
      three({
        root: { baseline: { sha256: sha256("1") } },
        leaf: { baseline: { sha256: sha256("2") } },
      }),
      "BASELINE",
    ),
  "a count at a domain": () => chain(three({ root: { limits: { uses: 2 } } }), "LIMIT"),
  "no known domain": () => chain([rootBy("nowhere.example", ISSUERS.bank, GRANT)], "NO_TRUST"),
};

/** So many links, each to another holder. */
export function long(count: number): HandLink[] {
  const links = [grant(fresh())];
  for (let i = 1; i < count; i++) {
    const by = i === 1 ? CLERK : party(`long ${i - 1}`);
    const principal = { id: "agent:long", key: party(`long ${i}`).hex };
    links.push(below(links[i - 1] as HandLink, by, { principal, ...fresh() }));
  }
  return links;
}
