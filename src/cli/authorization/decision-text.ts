/** A decision for people: the answer first, and last where there is more between than a screen holds. */
import type { Permission } from "../../authorization/check.js";
import type { Link } from "../../authorization/link.js";
import type { Failure } from "../../verdict.js";
import { CODES } from "../../verdict.js";
import { formatDuration } from "../domain/durations.js";
import { timeOf } from "../domain/published.js";
import { bold, dim, formatOutcome, green, red, yellow } from "../print.js";
import { formatJson, printable, shorten } from "../printable.js";
import { formatAge } from "../trust/answer.js";
import { count, indent } from "../trust/table.js";
import type { Decision, Reported } from "./decision.js";
import type { Explanation } from "./decision-json.js";
import { formatPolicy } from "./explanation-text.js";
import type { Row } from "./link-text.js";
import { formatIsolation, formatIssuer, formatRows } from "./link-text.js";

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
  now: number,
  next: readonly string[],
): string {
  const { authorization, request, permission, steps } = decision;
  const links = authorization?.links ?? [];
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
    indent(formatSteps(steps)),
    ...links.flatMap((link, i) => ["", ...formatLink(link, i, links.length, explanation)]),
    ...(authorization ? formatRules(explanation) : []),
    ...(permission ? formatKept(permission, now) : []),
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

function formatFailure({ expected, found }: Failure): string[] {
  return [`expected  ${printable(expected)}`, `found     ${printable(found)}`];
}

function formatSteps(steps: readonly Reported[]): string[] {
  const ran = steps.findLastIndex(({ outcome }) => outcome !== "not-run") + 1;
  const rest = steps.length - ran > 1 ? [`${MARKS["not-run"]}  all others`] : [];
  return [...steps.slice(0, rest.length > 0 ? ran : steps.length).flatMap(formatStep), ...rest];
}

function formatStep({ name, outcome, failure }: Reported): string[] {
  const line = `${MARKS[outcome]}  ${name}`;
  if (!failure) return [line];
  return [`${line}  ${failure.code}`, ...indent(formatFailure(failure), 13)];
}

function formatLink(link: Link, at: number, of: number, { links }: Explanation): string[] {
  const { sha256, authorization, policy } = link;
  const { principal, command, notBefore, expires } = authorization;
  const explained = links[at];
  const from = notBefore === undefined ? "" : `from ${notBefore} `;
  const rows = formatRows([
    ["identity", [sha256]],
    ["issuer", [formatIssuer(link), dim(link.authorization.issuer.key)]],
    ["principal", [principal.id]],
    ["command", [command]],
    ["window", [`${from}until ${expires}`]],
    ["policy", policy.predicates.length === 0 ? ["any arguments"] : [explained?.truth ?? ""]],
  ]);
  return [
    bold(`link ${at + 1} of ${of}`),
    ...indent(rows),
    ...indent(explained ? formatPolicy(explained) : [], 4),
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
