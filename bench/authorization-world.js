// @ts-check
/**
 * Ours: two domains made by the command line, one of which authorizes an agent at the other's gate, and
 * what the rows of authorizations measure there. All times are stated, so that every run decides alike.
 */
import { spawnSync } from "node:child_process";
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMAND, POLICIES, PRINCIPAL } from "./authorization-rules.js";
import { bytesFor } from "./bytes.js";
import { RowNotRun } from "./not-run.js";

/** @import { Kernel } from "../src/index.js" */
/** @import { Json, Rehearsal, Signer } from "../src/authorization.js" */
/** @import { Case } from "./authorization-rules.js" */

/**
 * @template T
 * @typedef {{ok: true, value: T} | {ok: false, code?: string, expected: string, found: string}} Result
 */

const ISSUER_DOMAIN = "pay.example";
const GATE_DOMAIN = "ship.example";
const GATE = `${GATE_DOMAIN}/gate-1`;
/** Milliseconds. */
const START = Date.parse("2026-06-01T12:00:00Z");
const NOW = START + 10_000;
const EXPIRES = "2026-07-01T00:00:00Z";
const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** @param {string} name */
const dist = (name) => new URL(`../dist/${name}`, import.meta.url);

/** @returns {Promise<typeof import("../src/authorization.js")>} */
async function library() {
  const url = dist("authorization.js");
  if (!existsSync(url)) throw new RowNotRun("this build has no writ/authorization");
  return import(url.href);
}

/** @template T @param {Result<T>} result @returns {T} */
function must(result) {
  if (result.ok) return result.value;
  const { code, expected, found } = result;
  throw new Error(`${code ?? "MALFORMED"}: expected ${expected}, found ${found}`);
}

/** @param {string} label @returns {Signer & {hex: string}} */
function signerOf(label) {
  const der = Buffer.concat([PKCS8, bytesFor(`authorization ${label}`, 32)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return {
    publicKey,
    hex: Buffer.from(publicKey).toString("hex"),
    sign: async (message) => new Uint8Array(sign(null, message, key)),
  };
}

/** @param {number} second @param {string[]} args */
function writ(second, ...args) {
  const now = new Date(START + second * 1000).toISOString();
  const command = [fileURLToPath(dist("cli.js")), "domain", ...args, "--now", now];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  if (status !== 0) throw new Error(`writ domain ${args[0]}: ${stderr.trim()}`);
}

/** What the gate knows of both domains, from their folders. @param {Kernel} kernel @param {string} issuer */
async function knownDomains(kernel, issuer) {
  /** @type {typeof import("../src/trust.js")} */
  const { folderSource, MemoryTrustStore, sync } = await import(dist("trust.js").href);
  const folder = mkdtempSync(join(tmpdir(), "writ-bench-"));
  const [pay, ship] = [join(folder, "pay"), join(folder, "ship")];
  const root = join(pay, "public/metadata/1.root.json");
  try {
    writ(0, "init", ISSUER_DOMAIN, "--dir", pay);
    writ(0, "init", GATE_DOMAIN, "--dir", ship);
    writ(1, "issuer", "add", pay, "billing", issuer, "--commands", "/pay", "--publish");
    const accepted = ["--root", root, "--commands", "/pay", "--max-staleness", "30s"];
    writ(1, "peer", "add", ship, ISSUER_DOMAIN, ...accepted);
    writ(2, "gate", "add", ship, GATE, signerOf(GATE).hex, "--publish");
    const folders = [
      [ISSUER_DOMAIN, pay],
      [GATE_DOMAIN, ship],
    ].map(([name = "", dir = ""]) => ({ name, at: join(dir, "public") }));
    const sources = new Map(
      folders.map(({ name, at }) => [name, [folderSource(readerOf(at), name)]]),
    );
    const roots = folders.map(({ at }) => readFile(join(at, "metadata/1.root.json")));
    const pins = (await Promise.all(roots)).map((bytes) => ({ root: bytes, terms: TERMS }));
    const synced = await sync(kernel, new MemoryTrustStore(), sources, pins, NOW);
    const viewOf = (/** @type {string} */ name) => {
      const result = synced.get(name);
      if (!result) throw new Error(`no view of ${name}`);
      return must(result).view;
    };
    return {
      own: viewOf(GATE_DOMAIN),
      peers: new Map([[ISSUER_DOMAIN, viewOf(ISSUER_DOMAIN)]]),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} folder */
function readerOf(folder) {
  const absent = (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  };
  return {
    read: (/** @type {string} */ path) => readFile(join(folder, path)).catch(absent),
    list: async (/** @type {string} */ path) =>
      (await readdir(join(folder, path)).catch(absent)) ?? [],
  };
}

/** Chains of three, and the gate that they are for. */
class World {
  #issuer = signerOf("issuer");
  /** @type {(Promise<Uint8Array> | undefined)[]} */
  #chains = [];

  /**
   * @param {typeof import("../src/authorization.js")} authorizations @param {Kernel} kernel
   * @param {import("../src/authorization.js").KnownDomains} domains
   */
  constructor(authorizations, kernel, domains) {
    this.authorizations = authorizations;
    this.kernel = kernel;
    this.domains = domains;
    /** @type {Rehearsal} */
    this.situation = {
      now: NOW,
      gate: GATE,
      domains,
      maxStaleness: TERMS.maxStaleness,
      terms: TERMS,
      possession: authorizations.NOT_CHECKED,
      artifacts: [],
    };
  }

  /**
   * The i-th chain as a file: no two share a link, nor a holder's key.
   * @param {Pick<Case, "chain" | "spoiled">} one
   */
  async chain({ chain: i, spoiled }) {
    const bytes = await (this.#chains[i] ??= this.#issue(i));
    return spoiled ? withWrongSignature(bytes) : bytes;
  }

  /** @param {number} i */
  async #issue(i) {
    const { kernel } = this;
    const { attenuateAuthorization, issueAuthorization } = this.authorizations;
    const [first, second, third] = [0, 1, 2].map((k) => signerOf(`holder ${i} ${k}`).hex);
    const terms = (/** @type {number} */ k) => ({
      nonce: bytesFor(`nonce ${i} ${k}`, 16),
      policy: POLICIES[k] ?? [],
    });
    const issued = await issueAuthorization(kernel, this.#issuer, ISSUER_DOMAIN, {
      ...terms(0),
      audience: [GATE_DOMAIN],
      principal: { id: "agent:desk", key: first ?? "" },
      command: "/pay",
      expires: EXPIRES,
    });
    const handedOn = await attenuateAuthorization(
      kernel,
      signerOf(`holder ${i} 0`),
      must(issued).chain,
      { ...terms(1), principal: { id: "agent:clerk", key: second ?? "" } },
    );
    const leaf = await attenuateAuthorization(
      kernel,
      signerOf(`holder ${i} 1`),
      must(handedOn).chain,
      { ...terms(2), principal: { id: PRINCIPAL, key: third ?? "" }, command: COMMAND },
    );
    return must(leaf).chain;
  }
}

/** Another digit in the last signature. @param {Uint8Array} chain */
function withWrongSignature(chain) {
  const text = Buffer.from(chain).toString();
  const at = text.lastIndexOf('"sig":"') + 20;
  const digit = text[at] === "A" ? "B" : "A";
  return Buffer.from(text.slice(0, at) + digit + text.slice(at + 1));
}

/** @param {Kernel} kernel */
async function openWorld(kernel) {
  const authorizations = await library();
  const domains = await knownDomains(kernel, signerOf("issuer").hex);
  return new World(authorizations, kernel, domains);
}

/** One chain after the other. @param {Kernel} kernel */
export async function admitting(kernel) {
  const world = await openWorld(kernel);
  const { admitAuthorization } = world.authorizations;
  return {
    make: (/** @type {Case} */ one) => world.chain(one),
    allows: (/** @type {Uint8Array} */ chain) =>
      admitAuthorization(kernel, chain, world.domains).ok,
  };
}

/** All chains at once. @param {Kernel} kernel */
export async function admittingMany(kernel) {
  const world = await openWorld(kernel);
  const { admitAuthorizations } = world.authorizations;
  return {
    make: (/** @type {Case} */ one) => world.chain(one),
    allow: (/** @type {readonly Uint8Array[]} */ chains) =>
      admitAuthorizations(kernel, chains, world.domains).map(({ ok }) => ok),
  };
}

/** Under one chain, which is admitted beforehand, on requests that are read. @param {Kernel} kernel */
export async function deciding(kernel) {
  const world = await openWorld(kernel);
  const { admitAuthorization, rehearseRequest, readRequest } = world.authorizations;
  const admitted = must(admitAuthorization(kernel, await world.chain({ chain: 0 }), world.domains));
  return {
    make: (/** @type {Case} */ { evaluation }) =>
      must(readRequest(Buffer.from(JSON.stringify(evaluation)))),
    allows: (/** @type {import("../src/authorization.js").AuthorizationRequest} */ request) =>
      rehearseRequest(admitted, request, world.situation).ok,
  };
}

/** From the bytes of a chain and of a request. @param {Kernel} kernel */
export async function decidingFromBytes(kernel) {
  const world = await openWorld(kernel);
  const { admitAuthorization, rehearseRequest, readRequest } = world.authorizations;
  return {
    make: async (/** @type {Case} */ one) => ({
      chain: await world.chain(one),
      request: Buffer.from(JSON.stringify(one.evaluation)),
    }),
    allows: (/** @type {{chain: Uint8Array, request: Uint8Array}} */ { chain, request }) => {
      const admitted = admitAuthorization(kernel, chain, world.domains);
      const read = admitted.ok ? readRequest(request) : admitted;
      if (!admitted.ok || !read.ok) return false;
      return rehearseRequest(admitted.value, read.value, world.situation).ok;
    },
  };
}

/** The policies alone, as one, over arguments that are read. */
export async function evaluating() {
  const { compilePolicy, evaluatePolicy, parseJson } = await library();
  const policy = must(compilePolicy(/** @type {Json} */ (POLICIES.flat()), "policy"));
  return {
    make: (/** @type {Case} */ { evaluation }) =>
      must(parseJson(JSON.stringify(evaluation.context))),
    allows: (/** @type {Json} */ value) => evaluatePolicy(policy, value) === "true",
  };
}
