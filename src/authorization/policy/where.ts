/**
 * The form of a predicate for the command line: a selector, an operator, an operand.
 *
 *     amount <= 1000
 *     currency == EUR
 *     to.name == "Bob B"
 *     path within [/data, /tmp]
 *     not email like *@example.com
 *
 * The selector may go without its first dot. A number, true, false, null, and what stands in quotation
 * marks, brackets or braces are JSON; a word that can be nothing else is a string, as it stands.
 */
import type { Json } from "../../bytes/canonical.js";
import { isList } from "../../bytes/json-kind.js";
import { escapeJson, INVISIBLE } from "../../bytes/invisible.js";
import { parseJson } from "../../bytes/json.js";
import type { Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import { Budget } from "./budget.js";
import { COMPARISONS } from "./comparison.js";
import { parseSelector } from "./selector.js";
import { equal } from "./value.js";

const MAX_LENGTH = 16_384;

const NOT = /^not\s+/;
const SELECTOR = /^(?:"(?:[^"\\]|\\.)*"|[^\s"<>=!])+/;
const OPERATOR = /^\s*([<>=!]+|[^\s]+)\s*/;
const OPERATORS = [...COMPARISONS.keys()].join(", ");

/** Operators whose operands are text, so that a word is never anything else. */
const OF_TEXT = ["like", "within", "url"];
const OF_LISTS = ["within", "url"];

const WORD = /^[^\s"'`()[\]{},;<>=!\p{C}\p{Z}]+$/u;
/** What could be meant as a number or a word of JSON. */
const AMBIGUOUS = /^(?:[-+.]?[0-9]|(?:true|false|null|nan|[-+]?infinity)$)/i;
/** The items of a list: strings in quotation marks, or words. */
const ITEMS =
  /^\[\s*(?:"(?:[^"\\]|\\.)*"|[^\s"',[\]]+)(?:\s*,\s*(?:"(?:[^"\\]|\\.)*"|[^\s"',[\]]+))*\s*\]$/;
const ITEM = /"(?:[^"\\]|\\.)*"|[^\s"',[\]]+/g;

/** A predicate, in JSON, that compiles. What is expected in a failure is what to write. */
export function parseWhere(text: string): Result<Json> {
  if (text.length > MAX_LENGTH) {
    return failure("TOO_LARGE", `a condition of at most ${MAX_LENGTH} units`, `${text.length}`);
  }
  const condition = text.trim();
  const negation = NOT.exec(condition)?.[0] ?? "";
  const comparison = parseComparison(condition.slice(negation.length));
  return comparison.ok && negation !== "" ? ok(["not", comparison.value]) : comparison;
}

function parseComparison(text: string): Result<Json> {
  const written = SELECTOR.exec(text)?.[0];
  if (written === undefined) {
    return malformed("a selector, an operator and an operand: amount <= 1000", text);
  }
  const selector = parseSelector(written.startsWith(".") ? written : `.${written}`);
  if (!selector.ok) return selector;
  const rest = text.slice(written.length);
  const match = OPERATOR.exec(rest);
  const operator = match?.[1] ?? "";
  const read = COMPARISONS.get(operator);
  if (!match || !read) {
    return malformed(`after ${abbreviate(written)}, one of ${OPERATORS}`, operator);
  }
  const operand = parseOperand(operator, rest.slice(match[0].length));
  if (!operand.ok) return operand;
  const test = read(operand.value);
  if (!test.ok) return failure(test.code, `after ${operator}, ${test.expected}`, test.found);
  return ok([operator, selector.value.text, operand.value]);
}

function parseOperand(operator: string, text: string): Result<Json> {
  if (text === "") return malformed(`an operand after ${operator}`, "");
  if (OF_LISTS.includes(operator) && ITEMS.test(text)) {
    return parseItems(operator, text.match(ITEM) as string[]);
  }
  const ofText = OF_TEXT.includes(operator);
  const word = WORD.test(text) && (ofText || !AMBIGUOUS.test(text));
  const json = parseJson(text);
  if (json.ok && !(ofText && word)) return ok(json.value);
  if (word) return ok(text);
  return malformed(
    ofText
      ? `after ${operator}, a word, or a string in double quotation marks`
      : "a number, true, false, null, a word, a string in double quotation marks, or other JSON",
    text,
  );
}

function parseItems(operator: string, texts: readonly string[]): Result<Json> {
  const items: Json[] = [];
  for (const text of texts) {
    const item = parseOperand(operator, text);
    if (!item.ok) return item;
    items.push(item.value);
  }
  return ok(items);
}

/**
 * A predicate of a compiled policy for people: in the form that `parseWhere` reads back to the same
 * predicate, else as JSON, which starts with a bracket. Nothing in it is obeyed by a terminal.
 */
export function formatPredicate(predicate: Json): string {
  const text = formatCondition(predicate);
  if (text === undefined || INVISIBLE.test(text)) return formatJson(predicate);
  const read = parseWhere(text);
  return read.ok && equal(predicate, read.value, new Budget()) ? text : formatJson(predicate);
}

/** What might be read back to the predicate. */
function formatCondition(predicate: Json): string | undefined {
  if (!isList(predicate)) return undefined;
  if (predicate[0] !== "not" || predicate.length !== 2) return formatComparison(predicate);
  const comparison = formatComparison(predicate[1] as Json);
  return comparison === undefined ? undefined : `not ${comparison}`;
}

function formatComparison(predicate: Json): string | undefined {
  if (!isList(predicate)) return undefined;
  const [operator, selector, operand] = predicate;
  if (typeof operator !== "string" || typeof selector !== "string" || operand === undefined) {
    return undefined;
  }
  // `not == 1` would be a negation of nothing.
  const short = /^\.[A-Za-z_]/.test(selector) && selector !== ".not";
  return `${short ? selector.slice(1) : selector} ${operator} ${formatOperand(operator, operand)}`;
}

function formatOperand(operator: string, operand: Json): string {
  if (typeof operand === "string") return formatString(operator, operand);
  if (OF_LISTS.includes(operator) && isList(operand)) {
    const items = operand.map((item) =>
      typeof item === "string" ? formatString(operator, item) : formatJson(item),
    );
    return `[${items.join(", ")}]`;
  }
  return formatJson(operand);
}

function formatString(operator: string, text: string): string {
  const bare = parseOperand(operator, text);
  return bare.ok && bare.value === text ? text : formatJson(text);
}

/** JSON in which the characters that do not show are escaped. */
function formatJson(value: Json): string {
  return escapeJson(JSON.stringify(value));
}

function malformed(expected: string, found: string) {
  return failure("MALFORMED", expected, found === "" ? "nothing" : abbreviate(found));
}
