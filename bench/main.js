// @ts-check
/** Runs every row in a process of its own, prints the table, and writes the JSON. */
import { fork } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import { fileURLToPath } from "node:url";
import { parseOptions } from "./options.js";
import { runRuntimes } from "./neutral/runtimes.js";
import { rows } from "./rows/all.js";
import { formatTable } from "./table.js";

/** @import { Answer } from "./row.js" */
/** @import { Outcome } from "./summary.js" */

const program = fileURLToPath(new URL("row.js", import.meta.url));
const args = process.argv.slice(2);
const options = parseOptions(args);
const chosen = rows.filter((row) => row.name.startsWith(options.only));
if (chosen.length === 0) {
  console.error(`bench: no row starts with ${options.only}; there are:`);
  for (const row of rows) console.error(`  ${row.name}`);
  process.exit(1);
}

/**
 * A process a row: the types that one row's calls have seen, its heap and its compiled code would
 * else change the next row's numbers, and `--only` would measure something else than a full run.
 * @param {string} name @returns {Promise<Answer>}
 */
function runRow(name) {
  return new Promise((resolve, reject) => {
    const child = fork(program, [name, ...(options.quick ? ["--quick"] : [])], {
      execArgv: ["--expose-gc"],
      stdio: ["ignore", 2, 2, "ipc"],
    });
    /** @type {Answer | undefined} */
    let answer;
    child.on("message", (message) => (answer = /** @type {Answer} */ (message)));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0 && answer) resolve(answer);
      else reject(new Error(`the row ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** Where report.js looks for it. */
const LATEST = new URL("../dist/bench.json", import.meta.url);

/** @type {Outcome[]} */
const outcomes = [];
/** @type {Record<string, string>} */
const failed = {};
/** @type {Record<string, string>} */
const notRun = {};
/** @type {string | undefined} */
let kernel;
for (const { name } of chosen) {
  const start = performance.now();
  process.stderr.write(`${name.padEnd(26)}`);
  try {
    const answer = await runRow(name);
    if ("failure" in answer) throw new Error(answer.failure);
    if ("notRun" in answer) {
      notRun[name] = answer.notRun;
      process.stderr.write(`not run: ${answer.notRun}\n`);
      continue;
    }
    const { outcome, kernelDigest } = answer;
    kernel ??= kernelDigest;
    if (kernel !== kernelDigest) {
      throw new Error("dist was rebuilt to another kernel during the run; run the benchmark again");
    }
    outcomes.push(outcome);
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s\n`);
  } catch (error) {
    failed[name] = error instanceof Error ? error.message : String(error);
    process.stderr.write(`failed: ${failed[name]}\n`);
    process.exitCode = 1;
  }
}

const runtimes = options.runtimes ? await runRuntimes(options) : [];
if (runtimes.some((other) => Object.keys(other.failed).length > 0)) process.exitCode = 1;

/** @typedef {typeof report} Report */
const report = {
  machine: {
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    memory: os.totalmem(),
  },
  runtime: { name: "node", version: process.versions.node },
  date: new Date().toISOString(),
  command: ["npm run bench", ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
  kernel,
  rows: outcomes,
  notRun,
  failed,
  runtimes,
};
const { machine, runtime } = report;
console.log(`${report.command}   ${report.date}`);
console.log(
  `${machine.cpu}, ${machine.cores} cores, ${machine.os}, ${runtime.name} ${runtime.version}`,
);
console.log(`\n${formatTable(outcomes)}`);
for (const [name, reason] of Object.entries(notRun)) console.log(`${name} not run: ${reason}`);
for (const [name, reason] of Object.entries(failed)) console.log(`${name} failed: ${reason}`);
for (const other of runtimes) {
  console.log(`\n${other.runtime.name} ${other.runtime.version}`.trimEnd());
  if (other.rows.length > 0) console.log(formatTable(other.rows));
  if (other.notRun !== undefined) console.log(`not run: ${other.notRun}`);
  for (const [name, reason] of Object.entries(other.failed)) {
    console.log(`${name} failed: ${reason}`);
  }
}
const json = `${JSON.stringify(report, null, 2)}\n`;
mkdirSync(new URL(".", LATEST), { recursive: true });
for (const file of [LATEST, options.json]) if (file !== undefined) writeFileSync(file, json);
