/** Signers whose keys are held by the platform. All that they sign is verified by the kernel. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseEnvelope, signEnvelope } from "../../src/attestation/dsse.js";
import { keyFileSigner } from "../../src/attestation/key-file-signer.js";
import type { Signer } from "../../src/attestation/signer.js";
import { checkEnvelope } from "../../src/attestation/verify-envelope.js";
import type { WebCryptoKeyPair } from "../../src/attestation/web-crypto-signer.js";
import { webCryptoSigner } from "../../src/attestation/web-crypto-signer.js";
import { generateKey, writeKeyFile } from "../../src/cli/key-file.js";
import type { Kernel } from "../../src/kernel/kernel.js";
import { kernel } from "../kernel.js";
import { ada, bytes, TYPE } from "./keys.js";

const { subtle } = globalThis.crypto;
const folder = mkdtempSync(join(tmpdir(), "writ-signers-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function expectSigns(signer: Signer): Promise<void> {
  for (const payload of [bytes(""), bytes("some"), new Uint8Array(70_000).fill(7)]) {
    const envelope = parseEnvelope(await signEnvelope(TYPE, payload, [signer]));
    if (!envelope.ok) throw new Error(envelope.expected);
    const claim = {
      envelope: envelope.value,
      payloadType: TYPE,
      keys: [signer.publicKey],
      threshold: 1,
    };
    expect(checkEnvelope(kernel, claim)).toEqual({
      ok: true,
      value: { payload, keys: [signer.publicKey] },
    });
  }
}

async function pairOf(extractable: boolean): Promise<WebCryptoKeyPair> {
  return (await subtle.generateKey("Ed25519", extractable, ["sign", "verify"])) as WebCryptoKeyPair;
}

describe("by WebCrypto", () => {
  test("with a private key that cannot leave the platform", async () => {
    const pair = await pairOf(false);
    await expect(subtle.exportKey("pkcs8", pair.privateKey)).rejects.toThrow();
    await expectSigns(await webCryptoSigner(pair));
  });

  test("with one that can", async () => {
    await expectSigns(await webCryptoSigner(await pairOf(true)));
  });

  test("the public key is the one of the pair", async () => {
    const pair = await pairOf(false);
    const { publicKey } = await webCryptoSigner(pair);
    expect(publicKey).toEqual(new Uint8Array(await subtle.exportKey("raw", pair.publicKey)));
  });

  test("a private and a public key of different pairs are misuse", async () => {
    const [one, other] = [await pairOf(false), await pairOf(false)];
    const pair = { privateKey: one.privateKey, publicKey: other.publicKey };
    await expect(webCryptoSigner(pair)).rejects.toThrow(/do not belong together/);
  });

  test("keys of other kinds and usages are misuse", async () => {
    const pair = await pairOf(true);
    const raw = await subtle.exportKey("raw", pair.publicKey);
    const ecdsa = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
      "sign",
      "verify",
    ]);
    const wrong: Partial<WebCryptoKeyPair>[] = [
      { privateKey: pair.publicKey },
      { publicKey: pair.privateKey },
      { privateKey: ecdsa.privateKey },
      { publicKey: ecdsa.publicKey },
      { publicKey: await subtle.importKey("raw", raw, "Ed25519", true, []) },
      { publicKey: await subtle.importKey("raw", raw, "Ed25519", false, ["verify"]) },
    ];
    for (const change of wrong) {
      await expect(webCryptoSigner({ ...pair, ...change })).rejects.toThrow(TypeError);
    }
  });
});

describe("by a key file", () => {
  const lineOf = async (type: "ed25519" | "cosignature-ed25519", passphrase?: string) => {
    const key = generateKey(kernel, "pay.example/issuer", type);
    const path = join(folder, `${key.key.keyId}.key`);
    await writeKeyFile(path, key, passphrase);
    return { ...key, line: readFileSync(path, "utf8") };
  };

  test("that the command line wrote", async () => {
    const { key, line } = await lineOf("ed25519");
    expect(line).toMatch(/^PRIVATE\+KEY\+pay\.example\/issuer\+[0-9a-f]{8}\+.*\n$/);
    for (const text of [line, line.trimEnd()]) {
      const signer = await keyFileSigner(kernel, text);
      expect(signer.publicKey).toEqual(key.publicKey);
      await expectSigns(signer);
    }
  });

  test("whose signatures are those of the seed", async () => {
    const id = kernel.sha256(Uint8Array.of(...bytes("k\n"), 1, ...ada.publicKey)).subarray(0, 4);
    const material = Buffer.from([1, ...ada.seed]).toString("base64");
    const line = `PRIVATE+KEY+k+${Buffer.from(id).toString("hex")}+${material}`;
    const signer = await keyFileSigner(kernel, line);
    expect(await signer.sign(bytes("message"))).toEqual(await ada.sign(bytes("message")));
  });

  test("the kernel sees no seed, and the key that is kept cannot be taken out", async () => {
    const { line, seed } = await lineOf("ed25519");
    const seen: Uint8Array[] = [];
    const watched = {
      sha256: (message: Uint8Array) => (seen.push(message), kernel.sha256(message)),
    };
    const imports: boolean[] = [];
    const { importKey } = subtle;
    const watchedImport = async (...args: Parameters<typeof importKey>): Promise<CryptoKey> => {
      const key = await importKey.apply(subtle, args);
      if (key.type === "private") imports.push(key.extractable);
      return key;
    };
    subtle.importKey = watchedImport as typeof importKey;
    try {
      await keyFileSigner(watched as unknown as Kernel, line);
    } finally {
      Reflect.deleteProperty(subtle, "importKey");
    }
    expect(seen).toHaveLength(1);
    expect(Buffer.from(seen[0] as Uint8Array).includes(Buffer.from(seed))).toBe(false);
    // The first is for the public key alone; the one that signs comes last.
    expect(imports).toEqual([true, false]);
  });

  test("a file under a passphrase is refused, and the message says what opens it", async () => {
    const { line } = await lineOf("ed25519", "correct horse");
    await expect(keyFileSigner(kernel, line)).rejects.toThrow(
      /encrypted: the command line opens it/,
    );
  });

  test("text that is no key file is misuse, and no message quotes it", async () => {
    const { line, seed } = await lineOf("ed25519");
    const witness = await lineOf("cosignature-ed25519");
    const [, name, id, base64] = /KEY\+([^+]+)\+([^+]+)\+(.*)\n/.exec(line) as unknown as string[];
    const other = id === "00000000" ? "00000001" : "00000000";
    const changed = Buffer.from([1, ...seed.map((byte, i) => (i === 31 ? byte ^ 1 : byte))]);
    const texts = [
      "",
      "\n",
      line.slice(1),
      ` ${line}`,
      `${line}\n`,
      line.replace("\n", "\r\n"),
      `${line}${line}`,
      line.toLowerCase(),
      `PRIVATE+KEY+${name}+${id}+${base64?.slice(0, -4)}`,
      `PRIVATE+KEY+${name}+${id}+${base64}AAAA`,
      `PRIVATE+KEY+${name}+${id}+${base64?.slice(0, 20)} ${base64?.slice(21)}`,
      `PRIVATE+KEY+${name}+${id?.toUpperCase()}x+${base64}`,
      `PRIVATE+KEY++${id}+${base64}`,
      `PRIVATE+KEY+a b+${id}+${base64}`,
      `PRIVATE+KEY+${"n".repeat(1025)}+${id}+${base64}`,
      // Parts that do not fit each other.
      `PRIVATE+KEY+${name}+${other}+${base64}`,
      `PRIVATE+KEY+${name}.+${id}+${base64}`,
      `PRIVATE+KEY+${name}+${id}+${changed.toString("base64")}`,
      witness.line,
    ];
    for (const each of texts) {
      const error = await keyFileSigner(kernel, each).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error, each).toBeInstanceOf(TypeError);
      const shown = `${String(error)} ${String((error as Error).cause)}`;
      for (const secret of [
        base64,
        witness.line.slice(-45, -1),
        Buffer.from(seed).toString("hex"),
      ]) {
        expect(shown).not.toContain(String(secret).slice(0, 8));
      }
    }
  });
});
