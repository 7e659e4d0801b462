// @ts-check
/** `npm run lint`: every static check, each to its end, so that one run shows all there is to mend. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The AssemblyScript compiler is the type checker of assembly/ and runs in every build. bench/ is
 * checked where its peers are installed.
 */
const STEPS = [
  ["node", "build/build.js", "--if-stale"],
  ["oxlint"],
  ["prettier", "--check", "."],
  ["tsc", "-p", "."],
  ["tsc", "-p", "assembly"],
  ...(existsSync(`${root}/bench/node_modules`) ? [["tsc", "-p", "bench"]] : []),
  ["knip"],
  ["publint", "--strict"],
  ["attw", "--pack", ".", "--profile", "esm-only"],
];

const failed = STEPS.filter(([command = "", ...args]) => {
  console.log(`\n> ${[command, ...args].join(" ")}`);
  const program = command === "node" ? process.execPath : `${root}/node_modules/.bin/${command}`;
  return spawnSync(program, args, { cwd: root, stdio: "inherit" }).status !== 0;
});
console.log(failed.length === 0 ? "\nlint: clean" : `\nlint: failed: ${failed.join("; ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
