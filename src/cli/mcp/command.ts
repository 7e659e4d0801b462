import { readEnvelopeSigner } from "../authorization/envelope-signer.js";
import type { Arguments, Command } from "../command.js";
import { UsageError } from "../command.js";
import { readAuthorization } from "../gate/ask.js";
import { governCalls } from "../gate/call-governor.js";
import type { GateHost } from "../gate/host.js";
import { HOST_HELP, HOST_OPTIONS, HOST_REQUIRED, openHost } from "../gate/host.js";
import { EXITS } from "../gate/outcome.js";
import { Signals } from "../gate/signals.js";
import { loadKernel } from "../kernel.js";
import { describe } from "../print.js";
import { printable } from "../printable.js";
import { requireServerName } from "./route.js";
import { serve } from "./serve.js";

export const mcp: Command = {
  name: "mcp",
  usage:
    "mcp --server NAME --authorization CHAIN --key KEYFILE --gate-key KEYFILE --trust STORE --log DIR (--witness DIR --witness-key KEYFILE | --unwitnessed) [OPTION...] -- SERVER ARGS",
  summary: "Stand between an MCP client and a server: each call is decided on, and logged.",
  help: `  --server NAME             what commands name the server by: one segment, like files
  --authorization CHAIN     a chain of authorizations, from "writ authorize" or "writ attenuate"
  --key KEYFILE             the key of the principal whom the chain names, from "writ key new"
${HOST_HELP}
  SERVER ARGS               the server: a program that speaks MCP on stdin and stdout. It gets this
                            program's environment, and is not confined
Put this in the place of the server into the client's configuration. A call of the tool read is the
command /mcp/NAME/tools/call/read with the tool's arguments, which policies select; prompts are
/mcp/NAME/prompts/get/PROMPT, other methods /mcp/NAME/METHOD, and what the server asks of the client
/mcp/NAME/client/METHOD. Handshake, lists and pings pass. Letters in upper case are two dots and the
letter in lower case: getWeather is get..weather.
A call that is denied is answered with an error of code -32003 and its reason in data.code; one that is
interrupted with -32004, and the server is told that it was cancelled.
Exit code: 0 the client ended, and nothing was left unanswered; 77 the gate could not be opened; 78 the
session broke; 128 and the number of a signal that ended writ; 2 misused.`,
  options: {
    server: { type: "string" },
    authorization: { type: "string" },
    key: { type: "string" },
    ...HOST_OPTIONS,
  },
  run: async (args) => {
    args.requireAll("server", "authorization", "key", ...HOST_REQUIRED);
    const server = serverName(args);
    const [program, ...words] = args.positionals;
    if (program === undefined) throw new UsageError("expected a server after --: -- SERVER ARGS");
    if (args.flag("json")) throw new UsageError("stdout is the client's: there is no --json here");
    const kernel = await loadKernel();
    const authorization = await readAuthorization(kernel, args.required("authorization"));
    const signer = await readEnvelopeSigner(kernel, args);
    const opened = await openHost(kernel, args);
    if (!opened.ok) {
      process.stderr.write(`writ: no gate, ${describe(opened)}\n`);
      return { outcome: "DENY", json: {}, text: "", exit: EXITS.denied };
    }
    const host = opened.value;
    const govern = governCalls(host, signer, authorization);
    const exit = await session(host, { server, program, args: words, govern });
    return { outcome: exit === 0 ? "DONE" : "DENY", json: {}, text: "", exit };
  },
};

function serverName(args: Arguments): string {
  const name = args.required("server");
  try {
    requireServerName(name);
  } catch (error) {
    throw new UsageError(`--server ${name}: ${error instanceof Error ? error.message : ""}`, {
      cause: error,
    });
  }
  return name;
}

type Served = Pick<Parameters<typeof serve>[0], "server" | "program" | "args" | "govern">;

/** The exit code. The gate is closed, whatever comes of it. */
async function session(host: GateHost, served: Served): Promise<number> {
  const stop = new AbortController();
  const signals = new Signals();
  signals.onFirst(() => stop.abort());
  const isWhole = keepThroughErrors();
  try {
    const { isClean, reason } = await serve({
      ...served,
      input: process.stdin,
      output: process.stdout,
      signal: stop.signal,
      onLog: (line) => process.stderr.write(`${line}\n`),
    });
    if (!isClean) process.stderr.write(`writ: the session ended: ${printable(reason)}\n`);
    return signals.exit ?? (isClean ? 0 : EXITS.interrupted);
  } finally {
    await host.close();
    if (!isWhole()) process.exit(EXITS.interrupted);
  }
}

/** A client that is gone ends the session, not this program: the log is to be closed. */
function keepThroughErrors(): () => boolean {
  let isWhole = true;
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", () => {
      isWhole = false;
    });
  }
  return () => isWhole;
}
