/**
 * Verifies records of the public 11/11 tools with parts of this package: canonical JSON, digests and
 * the kernel's Ed25519.
 *
 *     node examples/eleven-eleven.mjs LINEAGE.json [RECEIPTS.jsonl PUBLICKEY]
 *
 * PUBLICKEY is 32 bytes in base64url. The exit code is 0 if all that was given verifies, 1 if not, 2 if
 * nothing was looked at; it says what a good answer does not prove. The sample that those tools share
 * holds a lineage and no receipts: those are tested on receipts that the tests make.
 */
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

export const LINEAGE_PROVES_NOT = [
  "who wrote it: nothing in it is signed, so that whoever edits an event can compute both chains anew",
  "that it is complete: events cut off at the end leave two whole chains",
  "that it is the only one: no transparency log holds it, so that a whole history can be replaced",
  "when anything happened: the times are the writer's own words",
  "anything about members outside of the events, or about an event's `sig`: no chain covers them",
];

export const RECEIPTS_PROVE_NOT = [
  "that they are complete: receipts cut off at the end leave a whole chain",
  "that they are the only ones: the key's holder can sign another history, and no log would show it",
  "when anything happened: the times are the signer's own words",
  "whose key it is: you named it, and no signed state says who holds it or whether it was withdrawn",
  "what the arguments were: `argsHash` is a digest of something that is not in the receipt",
];

/**
 * @typedef {object} Parts from `writ` and `writ/authorization`
 * @property {any} kernel
 * @property {(kernel: any, algorithm: string) => Promise<any>} openDigester
 * @property {(value: any) => string} formatCanonical
 * @property {(text: string) => any} parseJson
 */

/**
 * How many verified, one behind the other from the first, and what is wrong with the next.
 * @typedef {{ verified: number, problem: string | undefined }} Outcome
 */

/**
 * A lineage document (RFC-EG-0010, 0.1.0-reference): every event stands in two chains, of SHA3-512 and
 * of BLAKE2b-512, over the event without its hashes and the one before with them.
 * @param {Parts} parts
 * @param {Uint8Array} file
 * @returns {Promise<Outcome>}
 */
export async function verifyLineage(parts, file) {
  let verified = 0;
  try {
    const document = read(parts, textOf(file));
    demand(document.rfc === "RFC-EG-0010", "not a lineage of RFC-EG-0010");
    demand(document.version === "0.1.0-reference", "not of version 0.1.0-reference");
    const { events } = document;
    demand(Array.isArray(events) && events.length > 0, "no events");
    let previous;
    for (const event of events) {
      const { chash, chash_b, sig: _uncovered, ...body } = Object(event);
      demand(body.seq === verified + 1, `seq is not ${verified + 1}`);
      demand(body.op_id === document.operation_id, "op_id is not the document's operation_id");
      demand(body.prev_hash === (previous?.chash ?? null), "prev_hash is not the hash before");
      demand(
        body.prev_hash_b === (previous?.chash_b ?? null),
        "prev_hash_b is not the hash before",
      );
      // Their key-sorted JSON and RFC 8785 agree on what they write.
      const text = parts.formatCanonical(body);
      const first = await digest(parts, "sha3_512", text, previous?.chash ?? "genesis");
      const second = await digest(parts, "blake2b", text, previous?.chash_b ?? "genesis");
      demand(chash === `sha3-512:${first}`, "chash is not that of the event");
      demand(chash_b === `blake2b-512:${second}`, "chash_b is not that of the event");
      previous = event;
      verified += 1;
    }
    return { verified, problem: undefined };
  } catch (error) {
    return { verified, problem: problemOf(error) };
  }
}

/**
 * Receipts, one JSON object a line: each is signed, over SHA3-512 of itself without the signature, and
 * names the SHA3-512 of the one before with its signature.
 * @param {Parts} parts
 * @param {Uint8Array} file
 * @param {string} publicKey
 * @returns {Promise<Outcome>}
 */
export async function verifyReceipts(parts, file, publicKey) {
  let verified = 0;
  try {
    const key = bytesOf(publicKey, 32, "the public key");
    const kid = (await digest(parts, "sha3_512", key)).slice(0, 16);
    const lines = textOf(file).replace(/\n$/, "").split("\n");
    let previous = "genesis";
    for (const line of lines) {
      const receipt = read(parts, line);
      const { sig, ...signed } = receipt;
      demand(signed.kid === kid, "kid is not that of the key");
      demand(signed.prevReceiptHash === previous, "prevReceiptHash is not that of the one before");
      const claim = {
        key,
        message: Buffer.from(await digest(parts, "sha3_512", parts.formatCanonical(signed)), "hex"),
        signature: bytesOf(sig, 64, "sig"),
      };
      demand(parts.kernel.checkEd25519(claim) === "ok", "the signature does not verify");
      previous = await digest(parts, "sha3_512", parts.formatCanonical(receipt));
      verified += 1;
    }
    return { verified, problem: undefined };
  } catch (error) {
    return { verified, problem: problemOf(error) };
  }
}

class Refusal extends Error {}

/**
 * @param {unknown} condition
 * @param {string} problem
 */
function demand(condition, problem) {
  if (!condition) throw new Refusal(problem);
}

/** @param {unknown} error */
function problemOf(error) {
  if (error instanceof Refusal) return error.message;
  throw error;
}

/**
 * An object of strict JSON: no name twice, no number that two readers take two ways.
 * @param {Parts} parts
 * @param {string} text
 */
function read(parts, text) {
  const parsed = parts.parseJson(text);
  if (!parsed.ok) throw new Refusal(`expected ${parsed.expected}, found ${parsed.found}`);
  const { value } = parsed;
  demand(typeof value === "object" && value !== null && !Array.isArray(value), "not an object");
  return value;
}

/**
 * In hexadecimal.
 * @param {Parts} parts
 * @param {string} algorithm
 * @param {...(string | Uint8Array)} contents
 * @returns {Promise<string>}
 */
async function digest({ kernel, openDigester }, algorithm, ...contents) {
  const opened = await openDigester(kernel, algorithm);
  if (!opened.ok) throw new Refusal(`${opened.code}: expected ${opened.expected}`);
  for (const content of contents) opened.value.update(Buffer.from(content));
  return opened.value.digest();
}

/** @param {Uint8Array} file */
function textOf(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file);
  } catch {
    throw new Refusal("not UTF-8");
  }
}

/**
 * Base64url without padding, in the one form that these bytes have.
 * @param {unknown} text
 * @param {number} length
 * @param {string} what
 */
function bytesOf(text, length, what) {
  const bytes = Buffer.from(String(text), "base64url");
  const exact = bytes.length === length && bytes.toString("base64url") === text;
  demand(exact, `${what} is not ${length} bytes in base64url`);
  return new Uint8Array(bytes);
}

/**
 * @param {string} what
 * @param {Outcome} outcome
 * @param {readonly string[]} provesNot
 */
function report(what, { verified, problem }, provesNot) {
  console.log(`${what}: ${verified} verified`);
  if (problem !== undefined) console.log(`  number ${verified + 1}: ${problem}`);
  console.log("  This does not prove");
  for (const line of provesNot) console.log(`  - ${line}`);
  return problem === undefined;
}

const NOTHING = new Uint8Array();

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  const [lineage, receipts, publicKey] = args;
  if (lineage === undefined || args.length === 2 || args.length > 3) {
    console.error("usage: node examples/eleven-eleven.mjs LINEAGE.json [RECEIPTS.jsonl PUBLICKEY]");
    return 2;
  }
  // @ts-ignore: the package's own types are there after it is built.
  const { loadKernel } = await import("writ");
  // @ts-ignore
  const { formatCanonical, openDigester, parseJson } = await import("writ/authorization");
  const parts = { kernel: await loadKernel(), openDigester, formatCanonical, parseJson };
  /** @type {Uint8Array[]} */
  const files = [];
  for (const path of receipts === undefined ? [lineage] : [lineage, receipts]) {
    try {
      files.push(await readFile(path));
    } catch (error) {
      console.error(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
      return 2;
    }
  }
  const [events, lines] = files;
  let good = report("events", await verifyLineage(parts, events ?? NOTHING), LINEAGE_PROVES_NOT);
  if (publicKey !== undefined) {
    const outcome = await verifyReceipts(parts, lines ?? NOTHING, publicKey);
    good = report("receipts", outcome, RECEIPTS_PROVE_NOT) && good;
  }
  return good ? 0 : 1;
}

const [, started = ""] = process.argv;
if (started !== "" && realpathSync(started) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
