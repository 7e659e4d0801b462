/**
 * Trust policies (C2SP tlog-policy): which logs are accepted, which witnesses are known, and which of
 * them make a quorum. Lines of octets; names are opaque octets, so a string here holds one octet a
 * character until a vkey's name is read as UTF-8.
 */
import { decodeUtf8 } from "../bytes/utf8.js";
import { encodeHex } from "../bytes/hex.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import type { KeyType, VerifierKey } from "./vkey.js";
import { parseVkey } from "./vkey.js";

export interface Witness {
  /** The policy's own name for the witness, as text. */
  readonly name: string;
  readonly key: VerifierKey;
}

/** A rule over witnesses: satisfied by one witness, or by at least `threshold` members. */
export type QuorumRule =
  | { readonly witness: Witness }
  | { readonly name: string; readonly threshold: number; readonly members: readonly QuorumRule[] };

export interface Policy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: readonly Witness[];
  /** Undefined for `quorum none`: no cosignature is demanded. */
  readonly quorum: QuorumRule | undefined;
}

const MAX_BYTES = 1 << 20;
const MAX_NAMES = 256;

/** A log may sign with any of these; a witness must state a time (tlog-cosignature). */
const LOG_TYPES: readonly KeyType[] = ["ed25519", "cosignature-ed25519", "cosignature-ml-dsa-44"];
const WITNESS_TYPES: readonly KeyType[] = ["cosignature-ed25519", "cosignature-ml-dsa-44"];

export function parsePolicy(kernel: Kernel, bytes: Uint8Array): Result<Policy> {
  if (bytes.length > MAX_BYTES) {
    return failure("TOO_LARGE", `a policy of at most ${MAX_BYTES} bytes`, `${bytes.length}`);
  }
  const bad = bytes.find(
    (octet) => (octet < 0x20 && octet !== 9 && octet !== 10) || octet === 0x7f,
  );
  if (bad !== undefined) {
    const found = `octet ${encodeHex(Uint8Array.of(bad))}`;
    return failure("MALFORMED", "no control character but tab and newline", found);
  }
  const reader = new PolicyReader(kernel);
  const lines = octetString(bytes).split("\n");
  for (const [i, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0]?.startsWith("#")) continue;
    const failed = reader.read(words);
    if (failed) return { ...failed, found: `${failed.found} (line ${i + 1})` };
  }
  return reader.end();
}

class PolicyReader {
  readonly #kernel: Kernel;
  readonly #logs: VerifierKey[] = [];
  readonly #witnesses: Witness[] = [];
  readonly #rules = new Map<string, QuorumRule>();
  readonly #members = new Set<string>();
  readonly #materials = new Set<string>();
  #quorum: { readonly rule: QuorumRule | undefined } | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  read(words: readonly string[]) {
    switch (words[0]) {
      case "log":
        return this.#log(words);
      case "witness":
        return this.#witness(words);
      case "group":
        return this.#group(words);
      case "quorum":
        return this.#readQuorum(words);
      default:
        return malformed("a line: log, witness, group or quorum", words[0] as string);
    }
  }

  end(): Result<Policy> {
    if (!this.#quorum) return failure("MALFORMED", "one quorum line", "none");
    return ok({ logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum.rule });
  }

  #log(words: readonly string[]) {
    if (words.length < 2 || words.length > 3)
      return malformed("log <vkey> [<url>]", words.join(" "));
    const key = this.#key(words[1] as string, LOG_TYPES, "log");
    if (!key.ok) return key;
    this.#logs.push(key.value);
    return undefined;
  }

  #witness(words: readonly string[]) {
    if (words.length < 3 || words.length > 4) {
      return malformed("witness <name> <vkey> [<url>]", words.join(" "));
    }
    const name = this.#newName(words[1] as string);
    if (!name.ok) return name;
    const key = this.#key(words[2] as string, WITNESS_TYPES, "witness");
    if (!key.ok) return key;
    const witness = { name: display(name.value), key: key.value };
    this.#witnesses.push(witness);
    this.#rules.set(name.value, { witness });
    return undefined;
  }

  #group(words: readonly string[]) {
    const [, word, k, ...names] = words;
    if (word === undefined || k === undefined || names.length === 0) {
      return malformed("group <name> <k|any|all> <member>...", words.join(" "));
    }
    const name = this.#newName(word);
    if (!name.ok) return name;
    const members: QuorumRule[] = [];
    for (const member of names) {
      const rule = this.#rules.get(member);
      if (!rule) return malformed("members that are defined above", member);
      // Once at most, so that a witness counts toward the quorum in one way only.
      if (this.#members.has(member)) return malformed("each name a member at most once", member);
      this.#members.add(member);
      members.push(rule);
    }
    const threshold = k === "any" ? 1 : k === "all" ? members.length : count(k);
    if (threshold === undefined || threshold < 1 || threshold > members.length) {
      return malformed(`any, all, or a number from 1 to ${members.length}`, k);
    }
    this.#rules.set(name.value, { name: display(name.value), threshold, members });
    return undefined;
  }

  #readQuorum(words: readonly string[]) {
    const name = words[1];
    if (name === undefined || words.length !== 2)
      return malformed("quorum <name>", words.join(" "));
    if (this.#quorum) return malformed("one quorum line", "a second one");
    const rule = this.#rules.get(name);
    if (name !== "none" && !rule) return malformed("a quorum name that is defined above", name);
    this.#quorum = { rule };
    return undefined;
  }

  #newName(name: string): Result<string> {
    if (name === "none") return malformed('a name other than "none", which is predefined', name);
    if (this.#rules.has(name)) return malformed("each name defined once", name);
    if (this.#rules.size >= MAX_NAMES) {
      return failure("TOO_LARGE", `at most ${MAX_NAMES} witnesses and groups`, "one more");
    }
    return ok(name);
  }

  /** No public key twice: not in two logs, not in two witnesses, and no log witnesses itself. */
  #key(text: string, types: readonly KeyType[], role: "log" | "witness"): Result<VerifierKey> {
    const utf8 = decodeUtf8(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    if (utf8 === undefined) return malformed("a vkey in UTF-8", text);
    const key = parseVkey(this.#kernel, utf8);
    if (!key.ok) return key;
    if (!types.includes(key.value.type)) {
      const found = `the key "${key.value.name}" of type ${key.value.type}`;
      return failure("UNSUPPORTED_KEY", `a key that can sign as a ${role}`, found);
    }
    const material = encodeHex(key.value.publicKey);
    if (this.#materials.has(material)) return malformed("each public key once", key.value.name);
    this.#materials.add(material);
    if (role === "log" && this.#logs.length >= MAX_NAMES) {
      return failure("TOO_LARGE", `at most ${MAX_NAMES} logs`, "one more");
    }
    return key;
  }
}

/** True if these witnesses satisfy the rule. */
export function quorumMet(rule: QuorumRule, cosigned: ReadonlySet<Witness>): boolean {
  if ("witness" in rule) return cosigned.has(rule.witness);
  const met = rule.members.filter((member) => quorumMet(member, cosigned)).length;
  return met >= rule.threshold;
}

/** The rule in words: `2 of (a, b, c)`. */
export function describeQuorum(rule: QuorumRule | undefined): string {
  if (!rule) return "none";
  if ("witness" in rule) return rule.witness.name;
  return `${rule.threshold} of (${rule.members.map(describeQuorum).join(", ")})`;
}

function octetString(bytes: Uint8Array): string {
  let text = "";
  for (const octet of bytes) text += String.fromCharCode(octet);
  return text;
}

function display(name: string): string {
  const utf8 = decodeUtf8(Uint8Array.from(name, (character) => character.charCodeAt(0)));
  return utf8 ?? name;
}

function count(text: string): number | undefined {
  return /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : undefined;
}

function malformed(expected: string, found: string) {
  return failure("MALFORMED", expected, abbreviate(found));
}
