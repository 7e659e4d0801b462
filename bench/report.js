// @ts-check
/**
 * `npm run bench:report [-- FILE ...]`: writes BENCHMARKS.md from what `npm run bench` measured, by
 * default its last run. Further files, such as one of another Node, follow with tables of their own.
 * The same files give the same bytes.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { goals } from "./goals.js";
import { NOISY, quotedRatio } from "./summary.js";
import { formatShare, formatValue } from "./table.js";

/** @import { Report } from "./main.js" */
/** @import { Outcome } from "./summary.js" */

const TARGET = fileURLToPath(new URL("../BENCHMARKS.md", import.meta.url));
const LATEST = fileURLToPath(new URL("../dist/bench.json", import.meta.url));

/** @type {Record<string, string>} */
const FAMILIES = {
  sha256: "SHA-256",
  merkle: "Merkle trees",
  chain: "Chains",
  ed25519: "Ed25519",
  authorization: "Authorizations",
  gate: "The gate",
  bundle: "Proof bundles",
  policy: "Policies",
  kernel: "The kernel itself",
  memory: "Memory",
};

/** A table's cell. @param {string} text */
const cell = (text) => text.replaceAll("|", "\\|").replaceAll("*", "\\*").replaceAll("\n", " ");

/** Cut and not rounded, so that no ratio looks like a goal that it misses. @param {number} ratio */
const cut = (ratio) => (Math.floor(ratio * 100) / 100).toFixed(2);

/** @param {Outcome} row */
const unitOf = (row) => (row.unit === "ns/item" ? `ns/${row.item}` : row.unit);

/** @param {Outcome} row @param {string} peer @param {boolean} judged */
function goalOf(row, peer, judged) {
  const goal = judged ? goals[row.name]?.ratio?.[peer] : undefined;
  if (goal === undefined) return "";
  return `${goal}: ${quotedRatio(row, peer).ratio >= goal ? "met" : "**missed**"}`;
}

/** @param {Outcome} row @param {boolean} judged */
function limitOf(row, judged) {
  const most = judged ? goals[row.name]?.most : undefined;
  if (most === undefined) return "";
  return `at most ${formatValue(most)}: ${row.ours <= most ? "met" : "**missed**"}`;
}

/** @param {readonly Outcome[]} rows @param {boolean} judged against the goals */
function table(rows, judged) {
  const lines = [
    "| row | unit | ours | noise | peer | value | noise | ratio | goal |",
    "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |",
  ];
  const notes = [];
  for (const row of rows) {
    const star = row.notes["ours"] ? " \\*" : "";
    const exact = row.rounds === 1;
    const start = [
      `\`${row.name}\`${star}`,
      cell(unitOf(row)),
      formatValue(row.ours),
      exact ? "" : formatShare(row.noise),
    ];
    const peers = Object.entries(row.peers).map(([peer, value]) => {
      const { byRound, ratio } = quotedRatio(row, peer);
      return [
        cell(peer) + (row.notes[peer] ? " \\*" : ""),
        formatValue(value),
        formatShare(row.peerNoise[peer] ?? NaN),
        cut(ratio) + (byRound ? " r" : ""),
        goalOf(row, peer, judged),
      ];
    });
    for (const [peer, reason] of Object.entries(row.notRun)) {
      const goal = judged ? goals[row.name]?.ratio?.[peer] : undefined;
      peers.push([cell(peer), `not run: ${cell(reason)}`, "", "", goal ? `${goal}: not run` : ""]);
    }
    const limit = limitOf(row, judged);
    if (peers.length === 0 || limit !== "") peers.unshift(["", "", "", "", limit]);
    peers.forEach((peer, i) => {
      lines.push(`| ${[...(i === 0 ? start : ["", "", "", ""]), ...peer].join(" | ")} |`);
    });
    for (const [name, note] of Object.entries(row.notes)) {
      notes.push(`- \\* \`${row.name}\`, ${name}: ${note}.`);
    }
  }
  return [...lines, "", ...notes].join("\n").trimEnd();
}

/** @param {readonly Outcome[]} rows @param {boolean} judged */
function families(rows, judged) {
  const names = new Set(rows.map(({ name }) => name.split(".")[0] ?? name));
  return [...names].map((family) => {
    const own = rows.filter(({ name }) => name.split(".")[0] === family);
    return `### ${FAMILIES[family] ?? family}\n\n${table(own, judged)}`;
  });
}

/** What a reader must not have to look for. @param {Report} report @param {readonly string[]} names */
function losses(report, names) {
  /** @type {string[]} */
  const slower = [];
  /** @param {string} where @param {readonly Outcome[]} rows */
  const add = (where, rows) => {
    for (const row of rows) {
      for (const peer of Object.keys(row.peers)) {
        const { ratio } = quotedRatio(row, peer);
        if (ratio >= 1) continue;
        const times = (1 / ratio).toFixed(2);
        slower.push(`- \`${row.name}\`${where}: ${peer} is ${times} times as fast as we are.`);
      }
    }
  };
  add("", report.rows);
  for (const { runtime, rows } of report.runtimes) add(` on ${runtime.name}`, rows);

  const missed = report.rows.flatMap((row) => {
    const goal = goals[row.name];
    const ratios = Object.entries(goal?.ratio ?? {}).flatMap(([peer, least]) => {
      const { ratio } = quotedRatio(row, peer);
      return ratio < least ? [`- \`${row.name}\`: ${cut(ratio)} of ${least} over ${peer}.`] : [];
    });
    if (goal?.most === undefined || row.ours <= goal.most) return ratios;
    return [...ratios, `- \`${row.name}\`: ${formatValue(row.ours)}, at most ${goal.most} wanted.`];
  });
  const open = names.filter((name) => goals[name] && !report.rows.some((row) => row.name === name));
  return [
    "## Where we lose",
    slower.length > 0 ? slower.join("\n") : "In no row of this run.",
    "## Goals missed",
    missed.length > 0 ? missed.join("\n") : "None of those measured.",
    ...(open.length > 0
      ? [`Not measured in this run: ${open.map((name) => `\`${name}\``).join(", ")}.`]
      : []),
  ];
}

/** @param {Report} report */
function facts({ date, machine, runtime, command, kernel }) {
  const memory = `${Math.round(machine.memory / 2 ** 30)} GiB`;
  return [
    `- Date: ${date}`,
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${memory}, ${machine.os}`,
    `- Runtime: ${runtime.name} ${runtime.version}`,
    // The file's path is of no interest, and a machine's own.
    `- Command: \`${command.replace(/--json \S+/, "--json FILE")}\``,
    `- Kernel, SHA-256: \`${kernel ?? "unknown"}\``,
  ].join("\n");
}

/** Rows that gave nothing. @param {Record<string, string>} notRun @param {Record<string, string>} failed */
function absent(notRun, failed) {
  const lines = [
    ...Object.entries(notRun).map(([name, reason]) => `- \`${name}\` not run: ${reason}`),
    ...Object.entries(failed).map(([name, reason]) => `- \`${name}\` failed: ${reason}`),
  ];
  return lines.length > 0 ? [lines.join("\n")] : [];
}

/** @param {Report} report */
function runtimeSections({ runtimes }) {
  if (runtimes.length === 0) return [];
  return [
    "## Other runtimes",
    "Ours against what runs everywhere. WebCrypto answers with promises only.",
    ...runtimes.flatMap(({ runtime, rows, notRun, failed }) => [
      `### ${runtime.name} ${runtime.version}`.trimEnd(),
      ...(notRun === undefined ? [] : [`Not run: ${notRun}.`]),
      ...(rows.length > 0 ? [table(rows, false)] : []),
      ...absent({}, failed),
    ]),
  ];
}

/** @param {readonly [Report, ...Report[]]} reports */
function markdown([report, ...others]) {
  const quick = [report, ...others].some(({ command }) => command.includes("--quick"));
  return [
    "# Benchmarks",
    "Written by `npm run bench:report`; do not edit.",
    facts(report),
    ...(quick ? ["**Measured with `--quick`: too short to be quoted.**"] : []),
    "Ours and the peers of a row are timed in turns, in one process that runs nothing else; values " +
      "are medians over at least 7 rounds, noise is the median absolute deviation over the median. " +
      "Ratio is the peer's value over ours: above 1 we are faster. Where the noise of either is " +
      `above ${NOISY * 100} %, it is the median of the ratios within each round, marked r.`,
    ...losses(report, Object.keys(goals)),
    "## Results",
    ...families(report.rows, true),
    ...absent(report.notRun, report.failed),
    ...runtimeSections(report),
    ...others.flatMap((other) => [
      `## ${other.runtime.name} ${other.runtime.version}`,
      facts(other),
      ...families(other.rows, false),
      ...absent(other.notRun, other.failed),
    ]),
  ].join("\n\n");
}

/** @param {string} file @returns {Report} */
function read(file) {
  if (!existsSync(file)) throw new Error(`${file} is not there: run \`npm run bench\` first`);
  return JSON.parse(readFileSync(file, "utf8"));
}

try {
  const [first = LATEST, ...rest] = process.argv.slice(2);
  const text = markdown([read(first), ...rest.map(read)]);
  writeFileSync(TARGET, await format(text, { parser: "markdown", printWidth: 100 }));
  console.log(`wrote ${TARGET}`);
} catch (error) {
  console.error(`bench:report: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
