import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { scratch, writ, writJson } from "./writ.js";

const at = scratch();
writeFileSync(at("pass"), "correct horse\nsecond line\n");
writeFileSync(at("wrong"), "incorrect horse\n");
writeFileSync(at("entry"), "entry");

test("a key file is the owner's alone, in the form of Go's note package, and never written over", () => {
  const made = writ(["key", "new", "example.com/a", "--out", at("plain.key")]);
  expect(made.code).toBe(0);
  expect(statSync(at("plain.key")).mode & 0o777).toBe(0o600);
  expect(readFileSync(at("plain.key"), "utf8")).toMatch(
    /^PRIVATE\+KEY\+example\.com\/a\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\n$/,
  );
  expect(writ(["key", "vkey", at("plain.key")]).out).toBe(made.out);
  const again = writ(["key", "new", "example.com/a", "--out", at("plain.key")]);
  expect(again.code).toBe(2);
  expect(writ(["key", "vkey", at("plain.key")]).out).toBe(made.out);
});

test("a witness's key is of type 04, and cannot sign a log", () => {
  const made = writJson(["key", "new", "w", "--cosigner", "--out", at("w.key")]);
  expect(String(made["vkey"])).toMatch(/^w\+[0-9a-f]{8}\+B/);
  const ran = writ(["log", "append", at("log"), at("entry"), "--key", at("w.key")]);
  expect(ran.code).toBe(2);
});

test("a key that others can read is refused", () => {
  writ(["key", "new", "a", "--out", at("open.key")]);
  chmodSync(at("open.key"), 0o640);
  const ran = writ(["key", "vkey", at("open.key")]);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("chmod 600") });
});

test("an encrypted key opens with its passphrase alone; its vkey needs none", () => {
  const words = ["--encrypt", "--passphrase-file", at("pass"), "--out", at("sealed.key")];
  const made = writ(["key", "new", "example.com/b", ...words]);
  expect(made.code, made.err).toBe(0);
  expect(statSync(at("sealed.key")).mode & 0o777).toBe(0o600);
  const file = JSON.parse(readFileSync(at("sealed.key"), "utf8")) as Record<string, never>;
  expect(file).toMatchObject({
    kdf: { name: "argon2id", memoryKiB: 65_536, passes: 3 },
    cipher: { name: "AES-256-GCM" },
  });
  expect(readFileSync(at("sealed.key"), "utf8")).not.toContain("PRIVATE+KEY");
  expect(writ(["key", "vkey", at("sealed.key")]).out).toBe(made.out);
  const append = (pass: string) =>
    writ([
      "log",
      "append",
      at("b"),
      at("entry"),
      "--key",
      at("sealed.key"),
      "--passphrase-file",
      at(pass),
    ]);
  expect(append("wrong")).toMatchObject({ code: 2, err: expect.stringContaining("does not open") });
  expect(append("pass").code).toBe(0);
});

test("every parameter of an encrypted file is bound, and its cost is capped before it is paid", () => {
  const words = ["--encrypt", "--passphrase-file", at("pass"), "--out", at("bound.key")];
  writ(["key", "new", "example.com/c", ...words]);
  const text = readFileSync(at("bound.key"), "utf8");
  const append = (content: string) => {
    writeFileSync(at("changed.key"), content, { mode: 0o600 });
    const key = ["--key", at("changed.key"), "--passphrase-file", at("pass")];
    return writ(["log", "append", at("c"), at("entry"), ...key]);
  };
  const other = writ(["key", "new", "example.com/other", "--out", at("other.key")]).out.trim();
  const file = JSON.parse(text) as { vkey: string; kdf: { salt: string } };
  for (const changed of [
    text.replace('"passes": 3', '"passes": 2'),
    text.replace("65536", "65528"),
    text.replace(file.vkey, other),
    text.replace(file.kdf.salt, "AAAAAAAAAAAAAAAAAAAAAA=="),
    text.replace(
      /("ciphertext": ")(.)/,
      (_, head: string, c: string) => head + (c === "A" ? "B" : "A"),
    ),
  ]) {
    expect(changed).not.toBe(text);
    expect(append(changed)).toMatchObject({
      code: 2,
      err: expect.stringContaining("does not open"),
    });
  }
  for (const changed of [
    text.replace("65536", "4294967295"),
    text.replace('"passes": 3', '"passes": 1000000'),
    text.replace('"lanes": 1', '"lanes": 64'),
    text.replace("argon2id", "scrypt"),
    text.replace("writ-encrypted-key/v1", "writ-encrypted-key/v2"),
    text.replace('"format"', '"extra": 1, "format"'),
    "{}",
    "null",
    "[]",
    "not json",
    "PRIVATE+KEY+a+00000000+AAAA",
  ]) {
    expect(append(changed)).toMatchObject({
      code: 2,
      err: expect.stringContaining("not a key file"),
    });
  }
});

test("without a terminal a passphrase comes from a file, and the message says so", () => {
  const ran = writ(["key", "new", "a", "--encrypt", "--out", at("asked.key")]);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("--passphrase-file") });
});
