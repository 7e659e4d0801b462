import { decodeHex, encodeHex } from "../../bytes/hex.js";
import type { Kernel } from "../../kernel/kernel.js";
import { parseVkey } from "../../tlog/vkey.js";
import { isCommand } from "../../trust/command.js";
import { UsageError } from "../command.js";
import { describe } from "../print.js";

/** `whose`: `the issuer's`. */
export function keyHelp(whose: string): string {
  return `  KEY                       ${whose} Ed25519 public key: 64 hexadecimal digits, or a verifier key of
                            type 01, such as "writ key new" prints`;
}

/** An Ed25519 public key, in hexadecimal, from that or a vkey. */
export function parseKey(kernel: Kernel, what: string, text: string): string {
  const hex = /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : keyOfVkey(kernel, what, text);
  const key = decodeHex(hex) as Uint8Array;
  // Of no message and no signature, only what the rule says of the key itself.
  const claim = { key, message: new Uint8Array(), signature: new Uint8Array(64) };
  const status = kernel.checkEd25519(claim);
  if (status === "key-encoding" || status === "key-order") {
    throw new UsageError(`${what}: no signature can verify under ${hex} (${status})`);
  }
  return hex;
}

function keyOfVkey(kernel: Kernel, what: string, text: string): string {
  if (!text.includes("+")) {
    throw new UsageError(`${what} is 64 hexadecimal digits or a vkey, not "${text}"`);
  }
  const key = parseVkey(kernel, text);
  if (!key.ok) throw new UsageError(`${what}: ${describe(key)}`);
  if (key.value.type !== "ed25519") {
    throw new UsageError(`${what}: "${key.value.name}" is of type ${key.value.type}, not 01`);
  }
  return encodeHex(key.value.publicKey);
}

/** `/pay,/read`: commands, sorted, each once. */
export function parseCommands(text: string): string[] {
  const commands = [...new Set(text.split(","))].sort();
  const bad = commands.find((command) => !isCommand(command));
  if (bad === undefined) return commands;
  throw new UsageError(`--commands is a list like /pay,/read/log, and "${bad}" is no command`);
}
