// @ts-check
/**
 * Cedar and Biscuit under the rules of the authorization rows, each by the fastest of its ways that
 * decides on a new request each time. What they make of a case before the clock starts is `make`'s.
 */
import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { flipped } from "./bytes.js";

/** @import { KeyObject } from "node:crypto" */
/** @import * as Biscuits from "@biscuit-auth/biscuit-wasm" */
/** @import { Case, Evaluation } from "./authorization-rules.js" */

const LEVELS = [
  `context.amount <= 1000 && context.currency == "EUR" && context.to like "acct-*"`,
  `context.amount <= 500`,
  `context.memo != "secret" && context.amount > 0`,
];
/** One policy: a tenth faster than a `permit` and a `forbid` for each level below it. */
const CONDITIONS = `${LEVELS.map((level) => `when { ${level} }`).join(" ")};`;
const PERMIT = `permit(principal == agent::"billing-bot", action == Action::"/pay/transfer", resource)`;

/** @param {Evaluation} evaluation */
function callOf({ subject, action, resource, context }) {
  return {
    principal: subject,
    action: { type: "Action", id: action.name },
    resource,
    context: /** @type {Record<string, any>} */ (context),
    entities: [],
  };
}

/** @param {import("@cedar-policy/cedar-wasm/nodejs").AuthorizationAnswer} answer */
function allowedByCedar(answer) {
  if (answer.type === "failure") throw new Error(`cedar-wasm: ${JSON.stringify(answer.errors)}`);
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) throw new Error(`cedar-wasm: ${JSON.stringify(diagnostics)}`);
  return decision === "allow";
}

/** V8 in Node 20 ends the process where it takes back an inlined call that gave a reference. */
function keepCallsApart() {
  if (process.versions.node.startsWith("20."))
    setFlagsFromString("--no-turbo-inline-js-wasm-calls");
}

/** Policies that its cache keeps parsed; no schema, which would cost a third more. */
async function cedarKept(/** @type {string} */ policies) {
  keepCallsApart();
  const cedar = await import("@cedar-policy/cedar-wasm/nodejs");
  const preparsedPolicySetId = "policies";
  const parsed = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: policies });
  if (parsed.type === "failure") throw new Error(`cedar-wasm: ${JSON.stringify(parsed.errors)}`);
  return {
    make: (/** @type {Case} */ { evaluation }) => ({
      ...callOf(evaluation),
      preparsedPolicySetId,
    }),
    allows: (
      /** @type {import("@cedar-policy/cedar-wasm/nodejs").StatefulAuthorizationCall} */ call,
    ) => allowedByCedar(cedar.statefulIsAuthorized(call)),
  };
}

/** Principal, action and conditions. */
export const cedar = () => cedarKept(`${PERMIT} ${CONDITIONS}`);

/** The conditions alone. */
export const cedarConditions = () => cedarKept(`permit(principal, action, resource) ${CONDITIONS}`);

/**
 * Cedar's policies carry no signature: three of them, each signed, verified by node:crypto under keys
 * that are there beforehand, then parsed with the request.
 */
export async function cedarSigned() {
  keepCallsApart();
  const { isAuthorized } = await import("@cedar-policy/cedar-wasm/nodejs");
  const [first, ...others] = LEVELS;
  const texts = [
    `${PERMIT} when { ${first} };`,
    ...others.map((level) => `forbid(principal, action, resource) unless { ${level} };`),
  ];
  const links = texts.map((text) => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const bytes = Buffer.from(text);
    return { bytes, key: createPublicKey(privateKey), signature: sign(null, bytes, privateKey) };
  });
  const holds = (/** @type {{bytes: Buffer, key: KeyObject, signature: Buffer}} */ link) =>
    verify(null, link.bytes, link.key, link.signature);
  return {
    make: (/** @type {Case} */ { evaluation, spoiled }) => ({
      links: links.map(({ bytes, key, signature }, i) => ({
        bytes,
        key,
        signature: spoiled && i === links.length - 1 ? flipped(signature, 40) : signature,
      })),
      request: Buffer.from(JSON.stringify(evaluation)),
    }),
    allows: (/** @type {{links: typeof links, request: Buffer}} */ { links: signed, request }) => {
      if (!signed.every(holds)) return false;
      const staticPolicies = signed.map(({ bytes }) => bytes.toString()).join("\n");
      const call = callOf(JSON.parse(request.toString()));
      return allowedByCedar(isAuthorized({ ...call, policies: { staticPolicies } }));
    },
  };
}

const CHECKS = [
  `check if principal("agent:billing-bot"), action("/pay/transfer"), amount($a), $a <= 1000,
    currency("EUR"), to($t), $t.starts_with("acct-")`,
  `check if amount($a), $a <= 500`,
  `check if memo($m), $m != "secret", amount($a), $a > 0`,
];

/** Its default of a millisecond a decision runs out now and then. */
const LIMITS = { max_time_micro: 1_000_000 };

let instances = 0;

/**
 * By hand: Node 20 imports no `.wasm`, what it starts with writes to standard output, and each peer of a
 * row gets a memory of its own.
 * @returns {Promise<typeof Biscuits>}
 */
async function loadBiscuit() {
  const entry = import.meta.resolve("@biscuit-auth/biscuit-wasm");
  const module = new WebAssembly.Module(readFileSync(new URL("biscuit_bg.wasm", entry)));
  instances += 1;
  /** @type {Record<string, any>} */
  const imports = {};
  for (const { module: name } of WebAssembly.Module.imports(module)) {
    imports[name] ??= await import(new URL(`${name}?${instances}`, entry).href);
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const biscuits = imports["./biscuit_bg.js"];
  biscuits["__wbg_set_wasm"](exports);
  const { log } = console;
  console.log = () => {};
  /** @type {() => void} */ (exports["__wbindgen_start"])();
  console.log = log;
  return biscuits;
}

/** What its datalog is told of a request. @param {Evaluation} evaluation */
function factsOf({ subject, action, context: { amount, currency, to, memo } }) {
  const { stringify } = JSON;
  return [
    `principal(${stringify(`${subject.type}:${subject.id}`)})`,
    `action(${stringify(action.name)})`,
    `amount(${amount})`,
    `currency(${stringify(currency)})`,
    `to(${stringify(to)})`,
    `memo(${stringify(memo)})`,
  ];
}

class BiscuitWorld {
  #root;
  #rootKey;
  #allow;

  /** @param {typeof Biscuits} biscuits */
  constructor(biscuits) {
    this.biscuits = biscuits;
    this.#root = new biscuits.KeyPair(biscuits.SignatureAlgorithm.Ed25519);
    this.#rootKey = this.#root.getPublicKey();
    this.#allow = biscuits.Policy.fromString("allow if true");
  }

  /** An authority block and two that narrow it. @param {boolean} spoiled */
  mint(spoiled) {
    const { Biscuit } = this.biscuits;
    const [first = "", ...others] = CHECKS;
    const builder = Biscuit.builder();
    builder.addCode(first);
    let token = builder.build(this.#root.getPrivateKey());
    for (const check of others) {
      const block = Biscuit.block_builder();
      block.addCode(check);
      token = token.appendBlock(block);
    }
    const bytes = Buffer.from(token.toBytes());
    // The last signature is followed by 36 bytes: the key that the next block would be signed by.
    return spoiled ? flipped(bytes, bytes.length - 36 - 20) : bytes;
  }

  /** Its signatures verified; undefined where one does not hold. @param {Uint8Array} bytes */
  open(bytes) {
    try {
      return this.biscuits.Biscuit.fromBytes(bytes, this.#rootKey);
    } catch (error) {
      const reason = JSON.stringify(error);
      if (reason.includes("Signature")) return undefined;
      throw new Error(`biscuit-wasm: ${reason}`, { cause: error });
    }
  }

  /** Parsed facts, or their text. @param {readonly Biscuits.Fact[] | string} facts */
  build(facts) {
    const builder = new this.biscuits.AuthorizerBuilder();
    if (typeof facts === "string") builder.addCode(facts);
    else for (const fact of facts) builder.addFact(fact);
    builder.addPolicy(this.#allow);
    return builder;
  }

  /** @param {Biscuits.Biscuit} token @param {readonly Biscuits.Fact[] | string} facts */
  allows(token, facts) {
    const authorizer = this.build(facts).buildAuthenticated(token);
    try {
      authorizer.authorizeWithLimits(LIMITS);
      return true;
    } catch (error) {
      const reason = JSON.stringify(error);
      if (reason.includes("FailedLogic")) return false;
      throw new Error(`biscuit-wasm: ${reason}`, { cause: error });
    } finally {
      authorizer.free();
    }
  }
}

/** A token's signatures and its blocks: parsed and verified, and nothing decided. */
export async function biscuitParse() {
  const world = new BiscuitWorld(await loadBiscuit());
  return {
    make: (/** @type {Case} */ { spoiled = false }) => world.mint(spoiled),
    allows: (/** @type {Uint8Array} */ bytes) => {
      const token = world.open(bytes);
      token?.free();
      return token !== undefined;
    },
  };
}

/** A token that is parsed and verified beforehand, and a request whose facts are. */
export async function biscuitDecide() {
  const world = new BiscuitWorld(await loadBiscuit());
  const token = /** @type {Biscuits.Biscuit} */ (world.open(world.mint(false)));
  return {
    make: (/** @type {Case} */ { evaluation }) =>
      factsOf(evaluation).map((fact) => world.biscuits.Fact.fromString(fact)),
    allows: (/** @type {readonly Biscuits.Fact[]} */ facts) => world.allows(token, facts),
  };
}

/** From the bytes of a token and of a request to the decision. */
export async function biscuitFromBytes() {
  const world = new BiscuitWorld(await loadBiscuit());
  return {
    make: (/** @type {Case} */ { evaluation, spoiled = false }) => ({
      bytes: world.mint(spoiled),
      request: Buffer.from(JSON.stringify(evaluation)),
    }),
    allows: (/** @type {{bytes: Uint8Array, request: Buffer}} */ { bytes, request }) => {
      const token = world.open(bytes);
      if (!token) return false;
      const facts = `${factsOf(JSON.parse(request.toString())).join("; ")};`;
      const allowed = world.allows(token, facts);
      token.free();
      return allowed;
    },
  };
}

/** Says why it is not run. @returns {Promise<never>} */
export async function opa() {
  throw new Error("no package of the npm registry compiles Rego to WebAssembly");
}
