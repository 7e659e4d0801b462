// @ts-check
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { exactly } from "../summary.js";

/** @import { Row } from "../row.js" */

const program = fileURLToPath(new URL("../cold/tree.js", import.meta.url));
const MIB = 1 << 20;

/** @type {Row} */
const tree10M = {
  name: "memory.tree10M",
  unit: "MiB",
  item: "process at its peak",
  measure({ quick }) {
    const entries = quick ? 500_000 : 10_000_000;
    const { stdout, stderr } = spawnSync(process.execPath, [program, String(entries)], {
      encoding: "utf8",
    });
    if (!stdout)
      throw new Error(/Error.*?: (.*)/.exec(stderr)?.[1] ?? "the process printed nothing");
    /** @type {{peak: number, before: number, after: number}} */
    const { peak, before, after } = JSON.parse(stdout);
    if (after !== before) {
      throw new Error(`the kernel's memory grew from ${before} to ${after} bytes`);
    }
    const size = `${before / MIB} MiB before, ${after / MIB} MiB after`;
    const count = entries.toLocaleString("en-US");
    return exactly(peak / MIB, {
      ours: `${count} entries in a process of their own; the kernel's memory: ${size}`,
    });
  },
};

export const rows = [tree10M];
