/**
 * Chains made by hand, from plain JSON and node:crypto, so that links can be made which nobody may
 * accept. Nothing here is by src/.
 */
import type { KeyObject } from "node:crypto";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { Loose } from "../trust/forge.js";

/** Who holds a key. */
export interface Party {
  readonly name: string;
  readonly publicKey: Uint8Array;
  /** The public key in hexadecimal. */
  readonly hex: string;
  readonly signNow: (message: Uint8Array) => Uint8Array;
  /** The same for the functions of src/. */
  readonly signer: {
    readonly publicKey: Uint8Array;
    readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
  };
}

const parties = new Map<string, Party>();

/** A party whose seed is the hash of its name. */
export function party(name: string): Party {
  const known = parties.get(name);
  if (known) return known;
  const seed = createHash("sha256").update(`party ${name}`).digest();
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key: KeyObject = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const signNow = (message: Uint8Array): Uint8Array => new Uint8Array(sign(null, message, key));
  const made: Party = {
    name,
    publicKey,
    hex: Buffer.from(publicKey).toString("hex"),
    signNow,
    signer: { publicKey, sign: async (message) => signNow(message) },
  };
  parties.set(name, made);
  return made;
}

export const INTOTO = "application/vnd.in-toto+json";
export const TYPE = "urn:writ:authorization:v1";

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} `);
  return Buffer.concat([head, type, Buffer.from(` ${payload.length} `), payload]);
}

/** A link as plain data, and the line of a chain file that holds it. */
export interface HandLink {
  readonly line: Uint8Array;
  /** SHA-256 of the payload. */
  readonly id: string;
  readonly payload: Uint8Array;
  readonly subject: readonly { readonly digest: Readonly<Record<string, string>> }[];
  readonly predicate: Loose;
  /** Public keys of those who did sign it. */
  readonly signedBy: readonly string[];
}

export interface Making {
  /** Who signs; a key id that a pair gives is not theirs. */
  readonly signers: readonly (Party | readonly [Party, string | undefined])[];
  readonly subject?: readonly Loose[] | undefined;
  readonly statement?: ((statement: Loose) => Loose) | undefined;
  readonly payload?: Uint8Array | undefined;
  readonly payloadType?: string | undefined;
  readonly envelope?: ((envelope: Loose) => Loose) | undefined;
}

/** What stands for no artifact: the baseline's digest, else the principal's key by a name of its own. */
export function standIn(predicate: Loose): Record<string, string> {
  if (predicate.baseline) return { sha256: predicate.baseline.sha256 };
  return { writ_principal: String(predicate.principal?.key) };
}

/** A link that says `predicate`, whatever that is. */
export function craft(predicate: Loose, making: Making): HandLink {
  const subject = making.subject ?? [{ digest: standIn(predicate) }];
  const statement: Loose = {
    _type: "https://in-toto.io/Statement/v1",
    subject,
    predicateType: TYPE,
    predicate,
  };
  const edited = making.statement?.(statement) ?? statement;
  const payload = new Uint8Array(making.payload ?? Buffer.from(JSON.stringify(edited)));
  const payloadType = making.payloadType ?? INTOTO;
  const message = pae(payloadType, payload);
  const signatures = making.signers.map((each) => {
    const [by, keyid] = "name" in each ? [each, each.hex] : each;
    const sig = Buffer.from(by.signNow(message)).toString("base64");
    return keyid === undefined ? { sig } : { keyid, sig };
  });
  const envelope: Loose = {
    payload: Buffer.from(payload).toString("base64"),
    payloadType,
    signatures,
  };
  const line = Buffer.from(JSON.stringify(making.envelope?.(envelope) ?? envelope));
  return {
    line: new Uint8Array(line),
    id: sha256(payload),
    payload,
    subject: subject as HandLink["subject"],
    predicate,
    signedBy: making.signers.map((each) => ("name" in each ? each : each[0]).hex),
  };
}

let made = 0;

/** Another nonce in each call, the same ones in each run. */
export function nonce(): string {
  return (++made).toString(16).padStart(32, "0");
}

/** Members that a test gives; undefined takes one away. */
export function having(base: Loose, change: Loose = {}): Loose {
  const all = { ...base, ...change };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

export type HandMaking = Partial<Making>;

/** A first link by an issuer. */
export function rootBy(
  domain: string,
  issuer: Party,
  predicate: Loose,
  making: HandMaking = {},
): HandLink {
  const all = having(
    { issuer: { domain, key: issuer.hex }, policy: [], nonce: nonce() },
    predicate,
  );
  return craft(all, { signers: [issuer], ...making });
}

/** A link below another, by `by`: what is left out stands as it is above. */
export function below(
  parent: HandLink,
  by: Party,
  predicate: Loose,
  making: HandMaking = {},
): HandLink {
  const { issuer, audience, command, expires } = parent.predicate;
  const all = having(
    {
      issuer: { domain: issuer.domain, key: by.hex },
      audience,
      command,
      policy: [],
      expires,
      parents: [{ sha256: parent.id }],
      nonce: nonce(),
    },
    predicate,
  );
  return craft(all, { signers: [by], ...making });
}

/** The file of a chain; without the limits that the real one keeps. */
export function fileOf(links: readonly Pick<HandLink, "line">[]): Uint8Array {
  return new Uint8Array(Buffer.concat(links.flatMap(({ line }) => [line, Buffer.from("\n")])));
}

/** The links of a file that the real functions made, as plain data. */
export function plainLinks(file: Uint8Array): HandLink[] {
  const lines = Buffer.from(file).toString("utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    const envelope = JSON.parse(line) as Loose;
    const payload = Buffer.from(envelope.payload, "base64");
    const { subject, predicate } = JSON.parse(payload.toString("utf8")) as Loose;
    return {
      line: new Uint8Array(Buffer.from(line)),
      id: sha256(payload),
      payload: new Uint8Array(payload),
      subject,
      predicate,
      signedBy: envelope.signatures.map(({ keyid }: Loose) => keyid),
    };
  });
}
