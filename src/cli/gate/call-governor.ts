/** Calls of an MCP session as runs of a gate: each is decided on, and its outcome stands in the log. */
import type { Effect, Ended, Interrupted } from "../../gate/confinement.js";
import type { RunRequest } from "../../gate/run-request.js";
import type { NamedSigner } from "../authorization/envelope-signer.js";
import type { Call, Denial, Govern, Grant, Outcome } from "../mcp/govern.js";
import type { GivenAuthorization } from "./ask.js";
import { ask } from "./ask.js";
import type { GateHost } from "./host.js";

/** All calls are asked for under one chain, by its holder. */
export function governCalls(
  { gate, kernel }: GateHost,
  signer: NamedSigner,
  authorization: GivenAuthorization,
): Govern {
  const { principal } = authorization.last.authorization;
  return async (call: Call): Promise<Grant | Denial> => {
    const { command } = call;
    const request = { principal: principal.id, command, arguments: call.arguments };
    const effect = new CallEffect();
    const asked: RunRequest = {
      ...(await ask(gate, kernel, signer, authorization, request)),
      effect,
    };
    const started = await gate.start(asked);
    if (started.outcome === "deny") {
      const { code, expected, found } = started;
      return { allow: false, code, message: `${code}: expected ${expected}, found ${found}` };
    }
    const { run } = started;
    const ended = async (outcome: Outcome): Promise<void> => {
      effect.end(outcome);
      const result = await run.finished;
      if (result.outcome === "unrecorded") {
        throw new Error(`the log does not tell how a call ended (${result.code})`);
      }
    };
    return { allow: true, ended, signal: run.signal };
  };
}

/** The proxy sends the call once it is granted, tells the server of an interruption, and tells here of the end. */
class CallEffect implements Effect {
  readonly isolation = { level: "cooperative" } as const;
  #end: (ended: Ended) => void = () => {};
  readonly #ended = new Promise<Ended>((resolve) => {
    this.#end = resolve;
  });

  start(): { readonly ended: Promise<Ended>; interrupt(): Promise<Interrupted> } {
    return {
      ended: this.#ended,
      // The server is told that it was cancelled; what it does then, nobody here knows.
      interrupt: async () => ({ answer: "unknown", steps: ["signalled"], took: 0 }),
    };
  }

  /** A tool that answers with an error has failed; so has a call of which nobody heard an answer. */
  end(outcome: Outcome): void {
    const done = outcome.kind === "result" && outcome.result["isError"] !== true;
    this.#end({ outcome: done ? "done" : "failed", exit: null, signal: null });
  }
}
