/** The options that limit how much may be done. */
import type { Limits, Total } from "../../authorization/predicate.js";
import { parseSelector } from "../../authorization/policy/selector.js";
import { sortBy } from "../../trust/contents/sorted.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { wholeOf } from "../numbers.js";
import { describe } from "../print.js";
import { durationOf } from "../time.js";

export const LIMITS_OPTIONS = {
  uses: { type: "string" },
  total: { type: "string", multiple: true },
  duration: { type: "string" },
  delegations: { type: "string" },
} as const;

export const LIMITS_HELP = `  --uses N                  how often it may be used. Uses and totals are counted by one gate: it alone is
                            the audience then, and all that narrow this count with it
  --total SELECTOR=MOST     what an argument may add up to, like amount=5000; may be repeated
  --duration DURATION       how long a run may last
  --delegations N           how many may narrow it, one below the other, from 0 to 7`;

/** What the predicate's schema allows. */
const MOST_DELEGATIONS = 7;

export function limitsOf(args: Arguments): Limits | undefined {
  const [uses, delegations] = [args.text("uses"), args.text("delegations")];
  const duration = durationOf(args, "duration");
  const totals = totalsOf(args);
  const limits: Limits = {
    ...(uses === undefined ? {} : { uses: wholeOf("--uses", uses, 1) }),
    ...(duration === undefined ? {} : { duration }),
    ...(delegations === undefined
      ? {}
      : { delegations: wholeOf("--delegations", delegations, 0, MOST_DELEGATIONS) }),
    ...(totals.length === 0 ? {} : { totals }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function totalsOf(args: Arguments): Total[] {
  const totals = args.list("total").map(parseTotal);
  const sorted = sortBy(totals, ({ argument }) => argument);
  if (sorted.length === totals.length) return sorted;
  throw new UsageError("--total states one total for each argument");
}

/** A selector may hold an equals sign in quotation marks; a number holds none. */
function parseTotal(text: string): Total {
  const at = text.lastIndexOf("=");
  if (at <= 0) throw new UsageError(`--total is like amount=5000, not "${text}"`);
  const written = text.slice(0, at);
  const selector = parseSelector(written.startsWith(".") ? written : `.${written}`);
  if (!selector.ok) throw new UsageError(`--total: ${describe(selector)}`);
  return {
    argument: selector.value.text,
    most: wholeOf(`--total ${written}`, text.slice(at + 1), 0),
  };
}

/** What is counted is counted at one gate, which alone is the audience then. */
export function requireOneGate(args: Arguments, audience: readonly string[]): void {
  const counted = ["uses", "total"].find((name) => args.has(name));
  if (counted === undefined || (audience.length === 1 && audience[0]?.includes("/"))) return;
  throw new UsageError(
    `--${counted} is counted by one gate: name one gate, like --audience a.example/gate-1, not ${audience.join(", ")}`,
  );
}
