/** A decision for people: the answer first, and last where there is more between than a screen holds. */
import type { Permission } from "../../authorization/check.js";
import { CODES } from "../../verdict.js";
import { formatDuration } from "../domain/durations.js";
import { timeOf } from "../domain/published.js";
import { bold, dim, formatFailure, formatOutcome, green, red, yellow } from "../print.js";
import { formatJson, printable, shorten } from "../printable.js";
import { formatAge } from "../trust/answer.js";
import { count, indent } from "../trust/table.js";
import type { Decision, Inquiry, Reported } from "./decision.js";
import type { ExplainedLink, Explanation } from "./explanation.js";
import { formatPolicy } from "./explanation-text.js";
import type { Row } from "./link-text.js";
import {
  formatIsolation,
  formatIssuer,
  formatLimits,
  formatNoPolicy,
  formatRows,
} from "./link-text.js";
import { seenBy } from "./seen.js";

const MARKS: Readonly<Record<Reported["outcome"], string>> = {
  passed: green("ok         "),
  failed: red("FAILED     "),
  "not-run": yellow("not run    "),
  "not-checked": yellow("not checked"),
};

/** The answer, with what it rests on and what a gate would keep to, or why not. */
export function formatDecision(decision: Decision, now: number, next: readonly string[]): string {
  const { permission } = decision;
  return lines(
    formatAnswer(decision),
    permission
      ? indent(formatRows([...groundRows(permission, false), ...keptRows(permission, now)]))
      : indent(formatReason(decision)),
    next.map(dim),
  );
}

/** The answer with every step, every link and every predicate. */
export function formatExplained(
  decision: Decision,
  explanation: Explanation,
  inquiry: Inquiry,
  next: readonly string[],
): string {
  const { authorization, request, permission } = decision;
  const { links } = explanation;
  return lines(
    formatAnswer(decision),
    ...(request
      ? [
          "",
          `${bold("request")}  ${request.principal} ${request.command}`,
          `  ${shorten(formatJson(request.input), 500)}`,
        ]
      : []),
    "",
    bold("steps"),
    indent(formatSteps(decision, inquiry)),
    ...links.flatMap((link, i) => ["", ...formatLink(link, i, links.length)]),
    ...(authorization ? formatRules(explanation) : []),
    ...(permission ? formatKept(permission, inquiry.now) : []),
    "",
    formatAnswer(decision),
    permission ? [] : indent(formatReason(decision)),
    next.map(dim),
  );
}

function lines(...parts: readonly (string | readonly string[])[]): string {
  return `${parts.flat().join("\n")}\n`;
}

function formatAnswer({ outcome, failure, request, unchecked }: Decision): string[] {
  const asked = request ? `${request.principal} ${request.command}` : "";
  const head = formatOutcome(outcome);
  if (outcome === "ALLOW") return [`${head}  ${asked}`];
  if (outcome === "INCOMPLETE") {
    const left = unchecked.map((each) => `${each} not checked`).join(", ");
    return [`${head}  ${left}`, `  all else allows ${asked}`];
  }
  return [failure ? `${head}  ${failure.code}: ${CODES[failure.code]}` : head];
}

function formatReason({ failure }: Decision): string[] {
  return failure ? formatFailure(failure) : [];
}

function formatSteps(decision: Decision, inquiry: Inquiry): string[] {
  const { steps } = decision;
  const width = Math.max(...steps.map(({ name }) => name.length));
  const format = (step: Reported): string[] =>
    formatStep(step, seenBy(step, decision, inquiry), width);
  const ran = steps.findLastIndex(({ outcome }) => outcome !== "not-run") + 1;
  const rest = steps.length - ran > 1 ? [`${MARKS["not-run"]}  all others`] : [];
  return [...steps.slice(0, rest.length > 0 ? ran : steps.length).flatMap(format), ...rest];
}

function formatStep({ name, outcome, failure }: Reported, seen: string, width: number): string[] {
  const line = `${MARKS[outcome]}  ${name.padEnd(width)}`;
  if (!failure) return [`${line}  ${dim(printable(seen))}`.trimEnd()];
  return [`${line}  ${failure.code}`, ...indent(formatFailure(failure), 13)];
}

function formatLink(explained: ExplainedLink, at: number, of: number): string[] {
  const { link, admitted, signature, policy } = explained;
  const { principal, command, audience, limits, notBefore, expires } = link.authorization;
  const from = notBefore === undefined ? "" : `from ${notBefore} `;
  const state = admitted ? "" : `  ${red("NOT ADMITTED")}: nobody vouches for what it says`;
  const truth = policy ? policy.truth : "not evaluated";
  const rows = formatRows([
    [
      "signed",
      admitted
        ? []
        : [signature ? red("not by the key that it names") : "by the key that it names"],
    ],
    ["identity", [link.sha256]],
    ["issuer", [formatIssuer(link), dim(link.authorization.issuer.key)]],
    ["principal", [principal.id]],
    ["command", [command]],
    ["audience", [audience.join(", ")]],
    ["window", [`${from}until ${expires}`]],
    ["limits", limits ? formatLimits(limits) : []],
    ["policy", [link.policy.predicates.length === 0 ? formatNoPolicy(link) : truth]],
  ]);
  return [
    `${bold(`link ${at + 1} of ${of}`)}${state}`,
    ...indent(rows),
    ...indent(policy ? formatPolicy(policy) : [], 4),
  ];
}

function formatRules({ rules }: Explanation): string[] {
  if (rules.length === 0) return ["", `${bold("own rules")}  none`];
  return rules.flatMap((rule) => [
    "",
    `${bold(`own rule for ${rule.command}`)}  ${rule.truth}`,
    ...indent(formatPolicy(rule), 4),
  ]);
}

function formatKept(permission: Permission, now: number): string[] {
  return [
    "",
    bold("rests on"),
    ...indent(formatRows(groundRows(permission, true))),
    "",
    bold("for the gate to keep"),
    ...indent(formatRows(keptRows(permission, now))),
  ];
}

function groundRows({ authorization, gate, evidence }: Permission, withKeys: boolean): Row[] {
  const { links, issuer, principal, sha256 } = authorization;
  const named = (name: string, key: string): string[] => (withKeys ? [name, dim(key)] : [name]);
  const trust = evidence.map(({ domain, age }) => `${domain} ${formatAge(age)}`);
  return [
    ["identity", [sha256]],
    ["issuer", named(`${issuer.domain}, ${count(links.length, "link")}`, issuer.key)],
    ["principal", withKeys ? named(principal.id, principal.key) : []],
    ["gate", gate ? named(gate.origin, gate.key) : []],
    ["trust", withKeys ? trust : [trust.join(", ")]],
  ];
}

function keptRows(permission: Permission, now: number): Row[] {
  const { validUntil, recheck, duration, isolation, witnessed } = permission;
  return [
    ["valid", [`until ${timeOf(validUntil)}, for ${formatDuration(validUntil - now)}`]],
    ["recheck", [`every ${formatDuration(recheck)}`]],
    ["duration", duration === undefined ? [] : [`at most ${formatDuration(duration)}`]],
    ["isolation", isolation ? formatIsolation(isolation) : []],
    ["witnessed", witnessed ? ["the intent, by a peer, before the effect"] : []],
    ["charges", formatCharges(permission)],
  ];
}

function formatCharges({ charges, authorization }: Permission): string[] {
  return charges.map(({ link, counter, amount, most }) => {
    const number = authorization.links.findIndex(({ sha256 }) => sha256 === link) + 1;
    const what = counter === "uses" ? "uses" : `at ${printable(counter.argument)}`;
    return `${amount} of ${most} ${what}, counted for link ${number}`;
  });
}
