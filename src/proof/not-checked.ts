/** What a verdict on a bundle does not say, in sentences: nobody shall take it for more. */
import type { BundleDemand } from "./demand.js";
import type { LogReport } from "./report.js";

export function notChecked(
  logs: readonly LogReport[],
  others: number,
  remembered: readonly { readonly origin: string }[],
  { asOf }: BundleDemand,
): readonly string[] {
  const published = new Set(
    logs.flatMap(({ kind, domain }) => (kind === "domain" ? [domain] : [])),
  );
  const gates = logs.filter(({ kind }) => kind === "gate");
  const silent = gates.map(({ domain }) => domain).filter((domain) => !published.has(domain));
  const known = new Set(remembered.map(({ origin }) => origin));
  const begun = logs.filter(({ kind, from }) => kind === "gate" && from > 0);
  return [
    "Whether what ran did what its entries say: a gate can act without writing it down.",
    "Whether what a gate measured of its environment and confinement is so, where it measured itself.",
    ...(others > 0
      ? [
          `The ${others} decisions on runs that this is not about: what they changed is taken as written.`,
        ]
      : []),
    ...begun.map(
      ({ origin, from }) =>
        `What ${origin} was before its entry ${from}: its state there is the gate's own word.`,
    ),
    ...(asOf === undefined && !logs.every(({ origin }) => known.has(origin))
      ? ["Whether a log goes on behind its last entry here: no time and no checkpoint was given."]
      : []),
    ...(silent.length > 0 || gates.length === 0
      ? [
          `When withdrawals were published: the bundle has no log of ${[...new Set(silent)].join(", ") || "a domain"}.`,
        ]
      : []),
  ];
}
