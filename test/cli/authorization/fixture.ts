/** Keys, and chains that the built program makes with them. Each file of tests has its own. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { encodeHex } from "../../../src/bytes/hex.js";
import { generateKey, writeKeyFile } from "../../../src/cli/key-file.js";
import { formatVkey } from "../../../src/tlog/vkey.js";
import { kernel } from "../../kernel.js";
import { scratch, writ, writJson } from "../writ.js";

export type Json = { readonly [name: string]: any };

export const path = scratch();
export const START = Date.parse("2026-06-01T12:00:00Z");

/** `--now`, so many seconds after the start. */
export function at(seconds: number): string[] {
  return ["--now", new Date(START + seconds * 1000).toISOString()];
}

/** Arguments, in lines. */
export type Words = string | readonly string[];

/** A command that must succeed. */
export function must(...words: Words[]): string {
  const args = words.flat();
  const ran = writ(args);
  expect(ran.code, `${args.join(" ")}: ${ran.err}`).toBe(0);
  return ran.out;
}

export function mustJson(...words: Words[]): Json {
  const ran = writJson(words.flat());
  expect(ran.exit, JSON.stringify(ran)).toBe(0);
  return ran;
}

/** A command that must be refused: exit code 2, nothing on stdout. */
export function refused(expected: RegExp, ...words: Words[]): void {
  const args = words.flat();
  const { code, out, err } = writ(args);
  expect({ code, out }, `${args.join(" ")}: ${err}`).toEqual({ code: 2, out: "" });
  expect(err).toMatch(/^writ: /);
  expect(err).toMatch(expected);
}

/** A key file, and its vkey. */
export async function key(name: string): Promise<{ file: string; vkey: string; hex: string }> {
  const file = path(`${name.replace(/\W/g, "-")}.key`);
  const made = generateKey(kernel, name, "ed25519");
  await writeKeyFile(file, made, undefined);
  return { file, vkey: formatVkey(made.key), hex: encodeHex(made.key.publicKey) };
}

export const billing = await key("pay.example/billing");
export const bot = await key("bot");
export const helper = await key("helper");
export const thief = await key("thief");
export const gate = await key("ship.example/gate-1");

export const GATE = "ship.example/gate-1";
export const NONCE = "0b".repeat(32);
export const OTHER_NONCE = "0c".repeat(32);
let files = 0;
export function file(content: string | Uint8Array): string {
  const name = path(`file-${++files}`);
  writeFileSync(name, content);
  return name;
}

export function request(
  context: unknown,
  { id = "helper", name = "/pay/transfer", type = "agent" } = {},
): string {
  const resource = { type: "account", id: "7" };
  return file(JSON.stringify({ subject: { type, id }, action: { name }, resource, context }));
}

const COMMAND = ["--command", "/pay", "--expires", "7d"];
export const BASE = [...COMMAND, "--audience", "ship.example"];

/** An authorization for the bot, made at the start. */
export function authorize(...words: Words[]): string {
  const more = words.flat();
  const out = path(`chain-${++files}`);
  const terms = more.includes("--audience") ? COMMAND : BASE;
  const principal = ["--principal", `agent:bot=${bot.vkey}`];
  must("authorize", "--key", billing.file, ...principal, ...terms, "--out", out, ...at(1), ...more);
  return out;
}

/** Narrowed by the bot for the helper. */
export function attenuate(chain: string, ...more: Words[]): string {
  const out = path(`chain-${++files}`);
  const principal = ["--principal", `agent:helper=${helper.vkey}`];
  must("attenuate", chain, "--key", bot.file, principal, "--out", out, at(1), ...more);
  return out;
}

export const whole = authorize("--where", "amount <= 1000", "--where", "path within [/data, /tmp]");
export const narrow = attenuate(whole, "--command", "/pay/transfer", "--where", "amount <= 250");
export const good = request({ amount: 200, path: "/data/x" });
/** The identity of a link: SHA-256 of its payload. */
export function idOf(chain: string, link: number): string {
  const line = readFileSync(chain, "utf8").split("\n")[link] as string;
  const { payload } = JSON.parse(line) as { payload: string };
  return createHash("sha256").update(Buffer.from(payload, "base64")).digest("hex");
}

/** A copy of a chain with one signature changed. */
export function broken(chain: string, link: number): string {
  const lines = readFileSync(chain, "utf8").trimEnd().split("\n");
  const envelope = JSON.parse(lines[link] as string) as { signatures: { sig: string }[] };
  const [signature] = envelope.signatures as [{ sig: string }];
  signature.sig = (signature.sig.startsWith("A") ? "B" : "A") + signature.sig.slice(1);
  lines[link] = JSON.stringify(envelope);
  return file(`${lines.join("\n")}\n`);
}
