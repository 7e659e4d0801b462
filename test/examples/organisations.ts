/** Two organisations made by the command line, served over HTTP, with the examples beside the package. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { writ } from "../cli/writ.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const REQUIRED = Boolean(process.env["CI"]) || process.env["WRIT_RUNTIMES"] === "all";

/** A runtime that is not there is a failure where all are demanded, and a visible line elsewhere. */
export function whereInstalled(path: string | undefined, name: string) {
  if (path !== undefined) return test;
  if (REQUIRED) throw new Error(`${name} is not there: npm run runtimes`);
  console.log(`${name} is not there: its example was not run`);
  return test.skip;
}

export class Organisations {
  #server: Server | undefined;
  #beat: NodeJS.Timeout | undefined;

  /** `folder` is made by the caller, who removes it. */
  constructor(readonly folder: string) {}

  get url(): string {
    if (!this.#server) throw new Error("nothing is served yet");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  at(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  async open(): Promise<this> {
    const { folder } = this;
    const run = (...words: string[]): string => {
      const { code, out, err } = writ(words, "", folder);
      expect(code, `${words.join(" ")}: ${err}`).toBe(0);
      return out.trim();
    };
    const vkey = (name: string): string => run("key", "vkey", `${name}.key`);
    for (const name of ["pay", "ship"]) run("domain", "init", `${name}.example`, "--dir", name);
    for (const [name, of] of Object.entries({
      "pay.example/billing": "billing",
      "ship.example/gate-1": "gate",
      "ship.example/agent": "agent",
    })) {
      run("key", "new", name, "--out", `${of}.key`);
    }
    run("key", "new", "ship.example/witness", "--out", "witness.key", "--cosigner");
    const issuer = ["pay", "billing", vkey("billing"), "--commands", "/pay", "--publish"];
    run("domain", "issuer", "add", ...issuer);
    run("domain", "gate", "add", "ship", "ship.example/gate-1", vkey("gate"));
    writeFileSync(this.at("policy"), `witness w1 ${vkey("witness")}\nquorum w1\n`);
    run("domain", "witness", "ship", "policy");
    const pin = (name: string): string => `${name}/public/metadata/1.root.json`;
    const accepted = ["--root", pin("pay"), "--commands", "/pay", "--max-staleness", "30s"];
    run("domain", "peer", "add", "ship", "pay.example", ...accepted, "--publish");
    const principal = `agent:buyer=${vkey("agent")}`;
    const terms = ["--principal", principal, "--command", "/pay/invoice", "--expires", "1h"];
    const where = ["--audience", "ship.example/gate-1", "--where", ".amount <= 1000"];
    run("authorize", "--key", "billing.key", ...terms, ...where, "--out", "buyer.chain");

    const text = (name: string): string => readFileSync(this.at(name), "utf8");
    mkdirSync(this.at("www"));
    for (const name of ["pay", "ship"]) {
      symlinkSync(this.at(name, "public"), this.at("www", `${name}.example`));
    }
    const setup = {
      pins: ["ship", "pay"].map((name) => ({
        domain: `${name}.example`,
        root: readFileSync(this.at(pin(name))).toString("base64"),
      })),
      gateKey: text("gate.key"),
      agentKey: text("agent.key"),
      witnessKey: text("witness.key"),
      policy: text("policy"),
      chain: text("buyer.chain"),
    };
    writeFileSync(this.at("www", "setup.json"), JSON.stringify(setup));
    cpSync(join(root, "examples/gate"), this.at("www"), { recursive: true });
    // The package, as an embedder has it.
    mkdirSync(this.at("www", "node_modules"));
    symlinkSync(root, this.at("www", "node_modules", "writ"));
    writeFileSync(this.at("www", "package.json"), '{"type":"module"}\n');
    await this.#serve();
    this.#beat = setInterval(() => {
      for (const name of ["pay", "ship"]) writ(["domain", "refresh", name], "", folder);
    }, 15_000);
    return this;
  }

  async #serve(): Promise<void> {
    const types = new Map([
      ["html", "text/html"],
      ["js", "text/javascript"],
      ["json", "application/json"],
    ]);
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      readFile(this.at("www", path)).then(
        (bytes) => {
          const type = types.get(path.split(".").at(-1) ?? "") ?? "application/octet-stream";
          response.writeHead(200, { "content-type": type }).end(bytes);
        },
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((listening) => this.#server?.listen(0, "127.0.0.1", listening));
  }

  revoke(): void {
    const { code, err } = writ(["revoke", "buyer.chain", "--domain", "pay"], "", this.folder);
    expect(code, err).toBe(0);
  }

  close(): void {
    clearInterval(this.#beat);
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
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
