/**
 * The proxy on stdin and stdout with a list in the gate's place:
 *
 *     node host.js RULES LOG -- SERVER ARGS
 *
 * RULES is JSON: commands to allow, and of these the ones to interrupt. LOG gets a line a call and a
 * line an outcome. Exit code: 0 after a clean end, else 1.
 */
import { appendFileSync } from "node:fs";
import type { Grant } from "../../../src/cli/mcp/govern.js";
import { serve } from "../../../src/cli/mcp/serve.js";

const [rules = "", log = "", , program = "", ...args] = process.argv.slice(2);
const { allow, interrupt } = JSON.parse(rules) as { allow: string[]; interrupt: string[] };
const note = (line: object): void => appendFileSync(log, `${JSON.stringify(line)}\n`);

// As in `writ` itself.
process.once("SIGTERM", () => process.exit(143));
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

const end = await serve({
  server: "example",
  program,
  args,
  govern: async ({ id, command, arguments: given }) => {
    note({ id, command, arguments: given });
    if (!allow.includes(command)) {
      return { allow: false, code: "SCOPE", message: "the authorization does not cover this" };
    }
    const controller = new AbortController();
    if (interrupt.includes(command)) setTimeout(() => controller.abort({ code: "REVOKED" }), 100);
    const ended: Grant["ended"] = async (outcome) => note({ id, outcome: outcome.kind });
    return { allow: true, ended, signal: controller.signal };
  },
  input: process.stdin,
  output: process.stdout,
  signal: stop.signal,
  onLog: (line) => process.stderr.write(`${line}\n`),
});
process.stderr.write(`ended: ${end.reason}\n`);
process.exit(end.isClean ? 0 : 1);
