/** Predicates with their values and outcomes, a line each, those below others indented. */
import type { Truth } from "../../authorization/policy/truth.js";
import { green, red, yellow, dim } from "../print.js";
import { formatJson, printable, shorten } from "../printable.js";
import { indent } from "../trust/table.js";
import type { ExplainedPredicate, PolicyExplanation } from "./policy-explanation.js";

/** Columns of predicates up to here are in line. */
const MAX_COLUMN = 40;
const MAX_VALUE = 60;

const MARKS: Readonly<Record<Truth, string>> = {
  true: green("true "),
  false: red("false"),
  error: yellow("error"),
};

export function formatPolicy({ predicates, omitted }: PolicyExplanation): string[] {
  return [
    ...formatPredicates(predicates),
    ...(omitted === undefined ? [] : [dim(`and ${omitted} more that are not shown`)]),
  ];
}

function formatPredicates(predicates: readonly ExplainedPredicate[]): string[] {
  const lengths = predicates.map(({ text }) => text.length).filter((each) => each <= MAX_COLUMN);
  const width = Math.max(0, ...lengths);
  return predicates.flatMap((each) => {
    const { truth, text, below = [], omitted } = each;
    const said = saidOf(each);
    const line = `${MARKS[truth]}  ${said === "" ? text : text.padEnd(width)}`;
    const fits = text.length <= width;
    return [
      fits && said !== "" ? `${line}  ${dim(said)}` : line,
      ...(fits || said === "" ? [] : [`${" ".repeat(7)}${dim(said)}`]),
      ...indent(formatPredicates(below), 7),
      ...(omitted === undefined ? [] : [dim(`${" ".repeat(7)}and ${omitted} more elements`)]),
    ];
  });
}

/** The value that was selected, and why it gives an error. */
function saidOf({ value, cut, reason, below = [] }: ExplainedPredicate): string {
  const shown = value === null && cut ? "too long to be shown" : shownOf(value);
  if (reason === undefined) return below.length > 0 && value === undefined ? "" : shown;
  const why = printable(reason);
  return shown === "" ? why : `${shown}: ${why}`;
}

function shownOf(value: ExplainedPredicate["value"]): string {
  return value === undefined ? "" : shorten(formatJson(value), MAX_VALUE);
}
