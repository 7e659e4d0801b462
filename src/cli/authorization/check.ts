import type { Arguments, Command } from "../command.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { advise } from "./advice.js";
import { CHAIN_HELP } from "./chain-argument.js";
import type { Inquiry } from "./decision.js";
import { decide } from "./decision.js";
import { jsonOfDecision, jsonOfExplanation } from "./decision-json.js";
import { formatDecision, formatExplained } from "./decision-text.js";
import { explanationOf } from "./explanation.js";
import { gateOf, NONCE_HELP, nonceOf } from "./gate-options.js";
import { readKnownDomains } from "./known-domains.js";
import { durationOf, nowOf } from "../time.js";

export const check: Command = {
  name: "check",
  usage:
    "check CHAIN --request FILE --trust STORE [--gate ORIGIN [--proof FILE --nonce HEX]] [--artifact FILE...] [--max-staleness DURATION] [--now TIME] [--explain]",
  summary: "Decide whether a chain allows a request, as a gate would; with --explain, why.",
  help: `${CHAIN_HELP}
  --request FILE            what is asked, in AuthZEN's form: {"subject": {"type": "agent", "id": "bot"},
                            "action": {"name": "/pay/transfer"}, "resource": {"type": "account", "id": "7"},
                            "context": {"amount": 250}}; policies see the members of the context, and
                            the resource as .resource
  --trust STORE             a trust store, from "writ sync": the gate is of the domain that it pinned first
  --gate ORIGIN             the gate that decides, like ship.example/gate-1
  --proof FILE              the proof of possession, from "writ possess"
${NONCE_HELP}
  --artifact FILE           what would run; may be repeated, and each must be one that the chain names
  --max-staleness DURATION  how old trust state may be, where that is less than the pin and the chain say
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --explain                 print every step with what it saw, and of every link each predicate
                            with its value; also of links that are not admitted
  --json                    one JSON object: command, outcome, code, decision (true for ALLOW alone),
                            expected, found, authorization, principal, issuer, gate, links, validUntil, recheck,
                            duration, isolation, witnessed, charges, evidence, unchecked, and with
                            --explain explain: steps, links, rules. Durations are milliseconds
Nothing is fetched, and nothing is counted: uses and totals are for the gate to keep. Exit code: 0 ALLOW;
1 DENY; 2 INCOMPLETE: without a gate, or a proof of possession for it, nothing is allowed.`,
  options: {
    request: { type: "string" },
    trust: { type: "string" },
    gate: { type: "string" },
    proof: { type: "string" },
    nonce: { type: "string" },
    artifact: { type: "string", multiple: true },
    "max-staleness": { type: "string" },
    now: { type: "string" },
    explain: { type: "boolean" },
  },
  run: async (args) => {
    const [path] = args.exactly("CHAIN") as [string];
    args.requireAll("request", "trust");
    const [requestPath, store] = [args.required("request"), args.required("trust")];
    const [gate, nonce, proof] = [gateOf(args), nonceOf(args), args.text("proof")];
    requireTogether(args);
    const now = nowOf(args);
    const staleness = durationOf(args, "max-staleness") ?? Number.POSITIVE_INFINITY;
    const kernel = await loadKernel();
    const known = await readKnownDomains(kernel, store);
    const inquiry: Inquiry = {
      chain: await readInput(path),
      request: await readInput(requestPath),
      gate,
      possession:
        proof === undefined || nonce === undefined
          ? undefined
          : { proof: await readInput(proof), nonce },
      artifacts: args.list("artifact"),
      known,
      maxStaleness: Math.min(staleness, known.terms.maxStaleness),
      now,
    };
    const decision = await decide(kernel, inquiry);
    const explained = args.flag("explain");
    const next = advise(kernel, decision, inquiry, { chain: path, store, explained });
    const { outcome } = decision;
    const json = jsonOfDecision(decision);
    if (!explained) return { outcome, json, text: formatDecision(decision, now, next) };
    const explanation = explanationOf(kernel, decision, inquiry);
    return {
      outcome,
      json: { ...json, explain: jsonOfExplanation(decision, explanation) },
      text: formatExplained(decision, explanation, inquiry, next),
    };
  },
};

function requireTogether(args: Arguments): void {
  const given = (name: string): boolean => args.text(name) !== undefined;
  if (given("proof") && !given("gate")) {
    throw new UsageError("--proof is for a gate: name it with --gate ORIGIN");
  }
  if (given("proof") !== given("nonce")) {
    throw new UsageError("--proof FILE and --nonce HEX, the gate's nonce, go together");
  }
}
