/** What a verdict on a bundle does not say, in sentences: nobody shall take it for more. */
import type { BundleDemand } from "./demand.js";
import type { GateReport, LogReport } from "./report.js";

export function notChecked(
  logs: readonly LogReport[],
  gates: readonly GateReport[],
  remembered: readonly { readonly origin: string }[],
  { asOf }: BundleDemand,
): readonly string[] {
  const published = new Set(
    logs.flatMap(({ kind, domain }) => (kind === "domain" ? [domain] : [])),
  );
  const issuers = gates.flatMap(({ reported }) => reported.flatMap(({ issuer }) => issuer ?? []));
  const concerned = logs.flatMap(({ kind, domain }) => (kind === "gate" ? [domain] : []));
  const silent = new Set([...concerned, ...issuers].filter((domain) => !published.has(domain)));
  const others = gates.reduce((sum, { decisions }) => sum + decisions.others, 0);
  const known = new Set(remembered.map(({ origin }) => origin));
  const begun = logs.filter(({ kind, from }) => kind === "gate" && from > 0);
  return [
    "Whether what ran did what its entries say: a gate can act without writing it down.",
    "Whether what a gate measured of its environment and confinement is so, where it measured itself.",
    ...(others > 0
      ? [
          `Decisions on runs that this is not about (${others}): what they changed is taken as written.`,
        ]
      : []),
    ...begun.map(
      ({ origin, from }) =>
        `What ${origin} was before its entry ${from}: its state there is the gate's own word.`,
    ),
    ...(asOf === undefined && !logs.every(({ origin }) => known.has(origin))
      ? [
          "Whether each log goes on behind its last entry here: no time was given, nor a checkpoint of each.",
        ]
      : []),
    ...(silent.size > 0 || concerned.length === 0
      ? [
          `When withdrawals were published: the bundle has no log of ${[...silent].join(", ") || "a domain"}.`,
        ]
      : []),
  ];
}
