/**
 * Private keys in files. Plain: the one line of Go's note package,
 * `PRIVATE+KEY+<name>+<key id>+<base64 (type || seed)>`. Encrypted: JSON with the same line inside,
 * under a key that Argon2id derives from a passphrase, sealed with AES-256-GCM.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { open, stat, unlink } from "node:fs/promises";
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { formatCanonical } from "../bytes/canonical.js";
import { concatBytes } from "../bytes/concat.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Signer } from "../tlog/signer.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { formatVkey, makeVerifierKey, parseVkey } from "../tlog/vkey.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import type { PassphraseSource } from "./passphrase.js";

const PREFIX = "PRIVATE+KEY+";
const FORMAT = "writ-encrypted-key/v1";
/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7): this header, then the 32 bytes. */
const PKCS8_HEADER = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);
const TYPE_BYTES = { ed25519: 0x01, "cosignature-ed25519": 0x04 } as const;

/** Written: 64 MiB and 3 passes. Read: at most four times that, since the file names its own cost. */
const KDF = { name: "argon2id", memoryKiB: 65_536, passes: 3, lanes: 1 } as const;
const MOST = { memoryKiB: 262_144, passes: 12, lanes: 1 } as const;

type SignerType = keyof typeof TYPE_BYTES;

export interface NewKey {
  readonly key: VerifierKey;
  readonly seed: Uint8Array;
}

export function generateKey(kernel: Kernel, name: string, type: SignerType): NewKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const seed = new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32));
  return { key: makeVerifierKey(kernel, name, type, publicKeyOf(privateKey)), seed };
}

/** Writes a key file that only its owner can read; never over an existing one. */
export async function writeKeyFile(
  path: string,
  { key, seed }: NewKey,
  passphrase: string | undefined,
): Promise<void> {
  const material = concatBytes(Uint8Array.of(TYPE_BYTES[key.type as SignerType]), seed);
  const line = `${PREFIX}${key.name}+${key.keyId}+${encodeBase64(material)}\n`;
  const text = passphrase === undefined ? line : await encrypt(line, formatVkey(key), passphrase);
  let handle;
  try {
    handle = await open(path, "wx", 0o600);
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw exists ? new UsageError(`${path} exists, and a key is never written over`) : error;
  }
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await handle.close();
  }
}

/** The verifier key of a key file; an encrypted one names it in the clear. */
export async function readVerifierKey(kernel: Kernel, path: string): Promise<VerifierKey> {
  const text = await readKeyText(path);
  if (text.startsWith(PREFIX)) return parseKeyLine(kernel, path, text).key;
  const key = parseVkey(kernel, readHeader(path, text).header.vkey);
  if (!key.ok) throw new UsageError(`${path} names no usable vkey: expected ${key.expected}`);
  return key.value;
}

/** A signer from a key file; `passphrase` is asked only if the file is encrypted. */
export async function readSigner(
  kernel: Kernel,
  path: string,
  passphrase: PassphraseSource,
): Promise<Signer> {
  const text = await readKeyText(path);
  const line = text.startsWith(PREFIX) ? text : await decrypt(path, text, await passphrase(path));
  const parsed = parseKeyLine(kernel, path, line);
  if (line !== text && formatVkey(parsed.key) !== readHeader(path, text).header.vkey) {
    throw new UsageError(`${path} holds another key than the vkey that it names`);
  }
  return signerOf(parsed);
}

/** A signer that holds the key in this process. */
export function signerOf({ key, seed }: NewKey): Signer {
  const privateKey = privateKeyOf(seed);
  return { key, sign: async (message) => new Uint8Array(sign(null, message, privateKey)) };
}

async function readKeyText(path: string): Promise<string> {
  if (path !== "-" && process.platform !== "win32") {
    const mode = (await stat(path).catch(() => undefined))?.mode ?? 0;
    if ((mode & 0o077) !== 0) {
      throw new UsageError(`others can read ${path}; run "chmod 600 ${path}" first`);
    }
  }
  const text = decodeUtf8(await readInput(path));
  if (text === undefined) throw new UsageError(`${path} is not a key file`);
  return text;
}

function parseKeyLine(kernel: Kernel, path: string, line: string): NewKey {
  // From the right: base64 may hold a plus, and names may not.
  const [, name = "", keyId = "", base64 = ""] =
    /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(.+)\n?$/.exec(line) ?? [];
  const material = decodeBase64(base64);
  const type = (Object.keys(TYPE_BYTES) as SignerType[]).find(
    (each) => TYPE_BYTES[each] === material?.[0],
  );
  if (!material || material.length !== 33 || !type) {
    throw new UsageError(`${path} is not a key file: expected PRIVATE+KEY+<name>+<id>+<base64>`);
  }
  const seed = material.slice(1);
  const key = makeVerifierKey(kernel, name, type, publicKeyOf(privateKeyOf(seed)));
  if (key.keyId !== keyId) throw new UsageError(`${path}: the key id is not that of the key`);
  return { key, seed };
}

interface Header {
  readonly format: typeof FORMAT;
  readonly vkey: string;
  readonly kdf: { readonly [name in keyof typeof KDF]: string | number } & {
    readonly salt: string;
  };
  readonly cipher: { readonly name: "AES-256-GCM"; readonly nonce: string };
}

async function encrypt(line: string, vkey: string, passphrase: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const header = {
    format: FORMAT,
    vkey,
    kdf: { ...KDF, salt: encodeBase64(salt) },
    cipher: { name: "AES-256-GCM", nonce: encodeBase64(nonce) },
  };
  const key = await deriveKey(passphrase, salt, KDF, "encrypt");
  const sealed = await crypto.subtle.encrypt(
    sealing(nonce, header),
    key,
    arrayOf(encodeUtf8(line)),
  );
  const ciphertext = encodeBase64(new Uint8Array(sealed));
  return `${JSON.stringify({ ...header, ciphertext }, undefined, 2)}\n`;
}

async function decrypt(path: string, text: string, passphrase: string): Promise<string> {
  const { header, salt, nonce, ciphertext, cost } = readHeader(path, text);
  const key = await deriveKey(passphrase, salt, cost, "decrypt");
  try {
    const line = await crypto.subtle.decrypt(sealing(nonce, header), key, arrayOf(ciphertext));
    return new TextDecoder().decode(line);
  } catch (error) {
    throw new UsageError(`${path} does not open: a wrong passphrase, or a changed file`, {
      cause: error,
    });
  }
}

/** Every parameter is bound as associated data, so that none can be changed unseen. */
function sealing(nonce: Uint8Array, header: object): AesGcmParams {
  const additionalData = arrayOf(encodeUtf8(formatCanonical(JSON.parse(JSON.stringify(header)))));
  return { name: "AES-GCM", iv: arrayOf(nonce), additionalData };
}

async function deriveKey(
  passphrase: string,
  salt: Uint8Array,
  cost: { memoryKiB: number; passes: number; lanes: number },
  use: "encrypt" | "decrypt",
): Promise<CryptoKey> {
  const { argon2id } = await import("hash-wasm");
  const bytes = await argon2id({
    password: encodeUtf8(passphrase.normalize("NFC")),
    salt,
    parallelism: cost.lanes,
    iterations: cost.passes,
    memorySize: cost.memoryKiB,
    hashLength: 32,
    outputType: "binary",
  });
  return await crypto.subtle.importKey("raw", arrayOf(bytes), "AES-GCM", false, [use]);
}

function readHeader(path: string, text: string) {
  const wrong = (what: string) => new UsageError(`${path} is not a key file: ${what}`);
  let value: Partial<Header & { ciphertext: unknown }>;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    throw wrong(`expected a line ${PREFIX}... or JSON`);
  }
  const { format, vkey, kdf, cipher, ciphertext: sealed, ...rest } = value ?? {};
  if (format !== FORMAT || Object.keys(rest).length > 0) throw wrong(`expected format ${FORMAT}`);
  const within = (found: unknown, most: number, least = 1): found is number =>
    Number.isInteger(found) && (found as number) >= least && (found as number) <= most;
  const { memoryKiB, passes, lanes } = kdf ?? {};
  const cheap = within(memoryKiB, MOST.memoryKiB, 8) && within(passes, MOST.passes);
  if (kdf?.name !== KDF.name || !cheap || !within(lanes, MOST.lanes)) {
    throw wrong(
      `expected ${KDF.name} with at most ${MOST.memoryKiB} KiB and ${MOST.passes} passes`,
    );
  }
  const salt = decodeBase64(String(kdf.salt));
  const nonce = decodeBase64(String(cipher?.nonce));
  const ciphertext = decodeBase64(String(sealed));
  if (
    cipher?.name !== "AES-256-GCM" ||
    salt?.length !== 16 ||
    nonce?.length !== 12 ||
    !ciphertext
  ) {
    throw wrong("expected a salt of 16 bytes, a nonce of 12, AES-256-GCM and a ciphertext");
  }
  const header = { format, vkey: String(vkey), kdf, cipher };
  return { header, salt, nonce, ciphertext, cost: { memoryKiB, passes, lanes } };
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  const key = Buffer.from(concatBytes(PKCS8_HEADER, seed));
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

function publicKeyOf(privateKey: KeyObject): Uint8Array {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return new Uint8Array(spki.subarray(-32));
}

/** WebCrypto's types want bytes that no SharedArrayBuffer holds. */
function arrayOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
