/**
 * pay.example, ship.example and a gate of it in folders, made by the built program now: each file of
 * tests has its own. Programs are run under that gate by the built program.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, expect } from "vitest";
import { CLI, scratch, writ, writJson } from "../writ.js";

export type Json = { readonly [name: string]: any };
type Words = string | readonly string[];

export const path = scratch();
export const GATE = "ship.example/gate-1";
const LIFETIMES = ["--lifetimes", "timestamp=1h"];
const TERMS = ["--max-staleness", "10m", "--max-lifetime", "2h"];

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

export interface Key {
  readonly file: string;
  readonly vkey: string;
}

export function key(name: string, ...more: string[]): Key {
  const file = path(`${name.replace(/\W/g, "-")}.key`);
  const vkey = must("key", "new", name, "--out", file, ...more).trim();
  return { file, vkey };
}

export const [pay, ship] = [path("pay"), path("ship")];
export const billing = key("pay.example/billing");
export const gate = key(GATE);
export const witness = key("ship.example/witness", "--cosigner");
export const buyer = key("buyer");
export const ops = key("ops");

must("domain", "init", "pay.example", "--dir", pay, LIFETIMES);
must("domain", "init", "ship.example", "--dir", ship, LIFETIMES);
must(
  "domain",
  "issuer",
  "add",
  pay,
  "billing",
  billing.vkey,
  "--commands",
  "/jobs,/mcp",
  "--publish",
);
must("domain", "gate", "add", ship, GATE, gate.vkey);
must("domain", "resumer", "add", ship, "ops", ops.vkey);
writeFileSync(path("witnesses"), `witness w ${witness.vkey}\nquorum w\n`);
must("domain", "witness", ship, path("witnesses"));
must(
  ["domain", "peer", "add", ship, "pay.example", "--commands", "/jobs,/mcp", ...TERMS],
  ["--root", `${pay}/public/metadata/1.root.json`, "--publish"],
);

/** New timestamps of both: what is stale is fresh again. */
export function refresh(): void {
  must("domain", "refresh", pay);
  must("domain", "refresh", ship);
}

/** Where programs are copied to. */
export const TEMPORARY = path("temporary");
mkdirSync(TEMPORARY);

let count = 0;
export function fresh(name: string): string {
  return path(`${name}-${++count}`);
}

/** An authorization for the buyer. */
export function authorize(...words: Words[]): string {
  const out = fresh("chain");
  const more = words.flat();
  const command = more.includes("--command") ? [] : ["--command", "/jobs"];
  const principal = ["--principal", `agent:buyer=${buyer.vkey}`];
  must(
    ["authorize", "--key", billing.file, ...principal, ...command, "--expires", "1h"],
    ["--audience", "ship.example", "--out", out, ...more],
  );
  return out;
}

/** A program: a script of the shell that stands at a path of its own. */
export function script(text: string): string {
  const file = fresh("script");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A store that has synced once, and a log and a witness's memory that nobody has used. */
export class Place {
  readonly store = fresh("store");
  readonly log = fresh("log");
  readonly memory = fresh("witness");
  readonly report = fresh("report");

  constructor() {
    must(
      ["sync", this.store, "--pin", `${ship}/public/metadata/1.root.json`, "--peers", ...TERMS],
      this.from,
    );
  }

  get from(): string[] {
    return ["--from", `ship.example=${ship}/public`, "--from", `pay.example=${pay}/public`];
  }

  /** The gate's options. */
  get host(): string[] {
    const vouched = ["--witness", this.memory, "--witness-key", witness.file];
    return ["--gate-key", gate.file, "--trust", this.store, "--log", this.log, ...vouched];
  }

  options(chain: string): string[] {
    return ["--authorization", chain, "--key", buyer.file, ...this.host, "--report", this.report];
  }

  /** `writ run`, with its sources. */
  start(chain: string, ...words: Words[]): Run {
    return new Run(["run", ...this.options(chain), ...this.from, ...words.flat()], this.report);
  }

  async run(chain: string, ...words: Words[]): Promise<Ended> {
    const run = this.start(chain, ...words);
    run.child.stdin.end();
    return await run.ended;
  }

  /** The entries of the log, as its reader gives them: all of it verified. */
  entries(run?: string): Json[] {
    const { entries } = mustJson(
      "lineage",
      this.log,
      ["--vkey", gate.vkey],
      run ? ["--run", run] : [],
    );
    return (entries as { entry: Json }[]).map(({ entry }) => entry);
  }

  /** What happened to a run: kind, state, and code or outcome. */
  story(run: string): string[] {
    return this.entries(run).map(({ kind, state, code, outcome }) =>
      [kind, state, code ?? outcome ?? ""].join(" ").trim(),
    );
  }
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly took: number;
  /** Of `--report`. */
  readonly report: Json;
}

export class Run {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  #out = "";
  #err = "";

  constructor(args: readonly string[], report: string, cwd?: string) {
    const began = performance.now();
    const colors = { NO_COLOR: "", FORCE_COLOR: "" };
    const env = { ...process.env, ...colors, SECRET: "of the tests", TMPDIR: TEMPORARY };
    this.child = spawn(process.execPath, [CLI, ...args], { env, cwd });
    running.add(this.child);
    this.child.stdout.on("data", (chunk: Buffer) => (this.#out += chunk));
    this.child.stderr.on("data", (chunk: Buffer) => (this.#err += chunk));
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code) => {
        running.delete(this.child);
        expect(this.#err).not.toMatch(/\n\s+at .*:\d+/);
        const took = performance.now() - began;
        resolve({ code, out: this.#out, err: this.#err, took, report: read(report) });
      });
    });
  }

  /** Resolves when the program has written this. */
  async said(text: string): Promise<void> {
    await eventually(() => this.#out + this.#err).toContain(text);
  }
}

const running = new Set<ChildProcessWithoutNullStreams>();
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
});

function read(file: string): Json {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch {
    return {};
  }
}

/** For what comes when processes get to it: a machine may be busy. */
export const eventually = (ask: () => unknown) => expect.poll(ask, { timeout: 20_000 });

/** A program that leaves a mark ten times a second, and heeds no signal that can be ignored. */
export function marking(file: string): string {
  return script(`trap '' TERM INT HUP\necho began\nwhile :; do echo x >> ${file}; sleep 0.1; done`);
}

/** Whether marks have stopped coming. */
export async function isSilent(file: string): Promise<boolean> {
  const before = statSync(file).size;
  await new Promise((resolve) => setTimeout(resolve, 400));
  return statSync(file).size === before;
}

/** The key files of a witness of `pay`, which says so in its trust. */
export function peerWitness(): ReturnType<typeof key> {
  const peer = key("pay.example/witness", "--cosigner");
  writeFileSync(path("pay-witnesses"), `witness w ${peer.vkey}\nquorum w\n`);
  must("domain", "witness", pay, path("pay-witnesses"), "--publish");
  return peer;
}
