// @ts-check
/**
 * Receipts of the public 11/11 tools, each signed by itself: Ed25519 over SHA3-512 of its canonical
 * JSON, and each naming the SHA3-512 of the one before with its signature. Made and verified with
 * node:crypto alone.
 */
import * as crypto from "node:crypto";

/** @typedef {{lines: readonly string[], key: crypto.KeyObject}} Receipts */

/** @param {any} value @returns {string} */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(",")}}`;
}

/** @param {string} text */
const sha3 = (text) => crypto.createHash("sha3-512").update(text).digest();

/** @param {number} count @returns {Receipts} */
export function signedReceipts(count) {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
  const lines = [];
  let previous = "genesis";
  for (let i = 0; i < count; i++) {
    const receipt = {
      receiptId: `r-${i}`,
      ts: new Date(Date.parse("2026-06-01T12:00:00Z") + i * 60).toISOString(),
      sessionId: "session-1",
      agentId: "agent:billing-bot",
      tool: "transfer",
      argsHash: sha3(canonical({ amount: i })).toString("hex"),
      decision: "allow",
      reason: "within the limit",
      policyVersion: "1",
      prevReceiptHash: previous,
      kid: "0123456789abcdef",
    };
    const signature = crypto.sign(null, sha3(canonical(receipt)), privateKey);
    const signed = { ...receipt, sig: signature.toString("base64url") };
    lines.push(JSON.stringify(signed));
    previous = sha3(canonical(signed)).toString("hex");
  }
  return { lines, key: publicKey };
}

/** How many verify, from the first on. @param {Receipts} receipts */
export function verifyReceipts({ lines, key }) {
  let previous = "genesis";
  let verified = 0;
  for (const line of lines) {
    const receipt = JSON.parse(line);
    const { sig, ...signed } = receipt;
    if (signed.prevReceiptHash !== previous) break;
    const signature = Buffer.from(sig, "base64url");
    if (!crypto.verify(null, sha3(canonical(signed)), key, signature)) break;
    previous = sha3(canonical(receipt)).toString("hex");
    verified += 1;
  }
  return verified;
}
