/**
 * Two organisations made by the command line, with what they publish served over HTTP, a witness, and the
 * examples beside the package.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readSigner } from "../../src/cli/key-file.js";
import { storeWitness } from "../../src/gate/witness.js";
import { systemClock } from "../../src/runtime/clock.js";
import { MemoryTrustStore } from "../../src/storage/memory-trust-store.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { parseVkey } from "../../src/tlog/vkey.js";
import { writ } from "../cli/writ.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const REQUIRED = Boolean(process.env["CI"]) || process.env["WRIT_RUNTIMES"] === "all";

/** A runtime that is not there is a failure where all are demanded, and a visible line elsewhere. */
export function whereInstalled(path: string | undefined, name: string) {
  if (path !== undefined) return test;
  if (REQUIRED) throw new Error(`${name} is not there: npm run runtimes`);
  console.log(`${name} is not there: its example was not run`);
  return test.skip;
}

/** Gates of ship.example that have a key file, and a log that the witness knows. */
const GATES = ["node", "bun", "deleted", "edge", "deno"];
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'unsafe-inline'",
  "connect-src 'self'",
].join("; ");
const TYPES = new Map([
  ["html", "text/html"],
  ["js", "text/javascript"],
  ["json", "application/json"],
]);

export class Organisations {
  #server: Server | undefined;
  #beat: NodeJS.Timeout | undefined;
  #pages = 0;
  #witness: ReturnType<typeof storeWitness> | undefined;

  /** `folder` is made by the caller, who removes it. */
  constructor(readonly folder: string) {}

  get url(): string {
    if (!this.#server) throw new Error("nothing is served yet");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  at(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  text(name: string): string {
    return readFileSync(this.at(name), "utf8");
  }

  #run(...words: string[]): string {
    const { code, out, err } = writ(words, "", this.folder);
    expect(code, `${words.join(" ")}: ${err}`).toBe(0);
    return out.trim();
  }

  #vkey(name: string): string {
    return this.#run("key", "vkey", `${name}.key`);
  }

  async open(): Promise<this> {
    for (const name of ["pay", "ship"]) {
      this.#run("domain", "init", `${name}.example`, "--dir", name);
    }
    for (const [name, of] of [
      ["pay.example/billing", "billing"],
      ["ship.example/agent", "agent"],
      ...GATES.map((gate) => [`ship.example/${gate}`, gate]),
    ] as [string, string][]) {
      this.#run("key", "new", name, "--out", `${of}.key`);
    }
    this.#run("key", "new", "ship.example/witness", "--out", "witness.key", "--cosigner");
    const issuer = ["pay", "billing", this.#vkey("billing"), "--commands", "/pay", "--publish"];
    this.#run("domain", "issuer", "add", ...issuer);
    for (const gate of GATES) {
      this.#run("domain", "gate", "add", "ship", `ship.example/${gate}`, this.#vkey(gate));
    }
    writeFileSync(this.at("policy"), `witness w1 ${this.#vkey("witness")}\nquorum w1\n`);
    this.#run("domain", "witness", "ship", "policy");
    const accepted = ["--commands", "/pay", "--max-staleness", "30s", "--publish"];
    this.#run("domain", "peer", "add", "ship", "pay.example", "--root", pinOf("pay"), ...accepted);

    mkdirSync(this.at("www"));
    for (const name of ["pay", "ship"]) {
      symlinkSync(this.at(name, "public"), this.at("www", `${name}.example`));
    }
    cpSync(join(root, "examples/gate"), this.at("www"), { recursive: true });
    // The package, as an embedder has it.
    mkdirSync(this.at("www", "node_modules"));
    symlinkSync(root, this.at("www", "node_modules", "writ"));
    writeFileSync(this.at("www", "package.json"), '{"type":"module"}\n');
    await this.#serve();
    await this.#openWitness();
    writeFileSync(this.at("setup.json"), JSON.stringify(this.#setup()));
    this.#beat = setInterval(() => {
      for (const name of ["pay", "ship"]) this.#run("domain", "refresh", name);
    }, 15_000);
    return this;
  }

  /** What is told to whoever installs a gate; nothing of it is secret. */
  #setup() {
    return {
      url: this.url,
      pins: ["ship", "pay"].map((name) => ({
        domain: `${name}.example`,
        root: readFileSync(this.at(pinOf(name))).toString("base64"),
      })),
      witness: { url: this.url, vkey: this.#vkey("witness") },
    };
  }

  async #openWitness(): Promise<void> {
    const signer = await readSigner(kernel, this.at("witness.key"), () => {
      throw new Error("no passphrase");
    });
    const logs = GATES.map((gate) => {
      const key = must(parseVkey(kernel, this.#vkey(gate)));
      return { origin: key.name, key };
    });
    const setup = { logs, verifiers: NO_VERIFIERS };
    this.#witness = storeWitness(kernel, new MemoryTrustStore(), setup, signer, systemClock);
  }

  /** pay.example authorizes whoever has the key, in the file NAME.chain. */
  authorize(name: string, key = this.#vkey("agent"), ...more: string[]): void {
    const terms = ["--principal", `agent:buyer=${key}`, "--command", "/pay/invoice"];
    const limits = ["--expires", "1h", "--where", ".amount <= 1000", ...more];
    const made = ["--audience", "ship.example", "--out", `${name}.chain`];
    this.#run("authorize", "--key", "billing.key", ...terms, ...limits, ...made);
  }

  revoke(name: string): void {
    this.#run("revoke", `${name}.chain`, "--domain", "pay");
  }

  /** A folder of its own for a host, with these files. */
  place(folder: string, ...files: string[]): string {
    mkdirSync(this.at(folder));
    for (const file of files) copyFileSync(this.at(file), this.at(folder, file));
    return this.at(folder);
  }

  async #serve(): Promise<void> {
    this.#server = createServer((request, response) => {
      const answer = request.method === "POST" ? this.#post(request) : this.#get(request);
      answer.then(
        ({ status, type, body }) => {
          const headers = { "content-type": type, "content-security-policy": POLICY };
          response.writeHead(status, headers).end(body);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((listening) => this.#server?.listen(0, "127.0.0.1", listening));
  }

  async #get({ url = "/" }: IncomingMessage) {
    const { pathname } = new URL(url, "http://localhost");
    const body = await readFile(this.at("www", pathname));
    const type = TYPES.get(pathname.split(".").at(-1) ?? "") ?? "application/octet-stream";
    return { status: 200, type, body };
  }

  async #post(request: IncomingMessage) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (request.url === "/enrol") return this.#enrol(JSON.parse(body.toString()));
    if (request.url !== "/add-checkpoint" || !this.#witness) throw new Error("no such thing");
    const answer = must(await this.#witness.add(body));
    const text = answer.status === 200 ? answer.line : `${answer.failure.expected}\n`;
    const size = "size" in answer && answer.size !== undefined ? `${answer.size}\n` : undefined;
    const type = size ? "text/x.tlog.size" : "text/plain";
    return { status: answer.status, type, body: size ?? text };
  }

  /** A page's gate is listed, and its agent authorized. */
  #enrol({ gate, agent }: { readonly gate: string; readonly agent: string }) {
    const name = `page-${++this.#pages}`;
    this.#run("domain", "gate", "add", "ship", `ship.example/${name}`, gate, "--publish");
    this.authorize(name, agent);
    const body = { origin: `ship.example/${name}`, chain: this.text(`${name}.chain`) };
    const text = JSON.stringify({ ...body, setup: this.#setup() });
    return { status: 200, type: "application/json", body: text };
  }

  close(): void {
    clearInterval(this.#beat);
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

function pinOf(name: string): string {
  return `${name}/public/metadata/1.root.json`;
}

/** A program that runs beside the test. */
export class Running {
  readonly child: ChildProcess;
  #out = "";
  readonly ended: Promise<number | null>;

  constructor(program: string, words: readonly string[], cwd: string) {
    this.child = spawn(program, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#out += chunk.toString()));
    }
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
  }

  get out(): string {
    return this.#out;
  }

  /** What it has printed, once it holds this. */
  async said(pattern: RegExp): Promise<string> {
    for (let i = 0; i < 600; i++) {
      const [match] = pattern.exec(this.#out) ?? [];
      if (match !== undefined) return match;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`expected ${pattern}, found: ${this.#out}`);
  }
}
