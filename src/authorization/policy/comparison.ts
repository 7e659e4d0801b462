/** The operators that compare one selected value with the policy's own, by name. */
import type { Json } from "../../bytes/canonical.js";
import { isList, kindOf } from "../../bytes/json-kind.js";
import type { Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import type { Budget } from "./budget.js";
import { like, MAX_PATTERN, parsePattern } from "./like.js";
import type { Truth } from "./truth.js";
import { negate, truthOf } from "./truth.js";
import type { CleanUrl } from "./url.js";
import { isBelow, MAX_URL, parseCleanUrl } from "./url.js";
import { equal } from "./value.js";
import { checkPath, isWithin, MAX_PATH } from "./within.js";

const MAX_ROOTS = 64;

/** An operator with its operand. */
export interface Test {
  readonly holds: (value: Json, budget: Budget) => Truth;
  /** For people, why the value gives an error; undefined where it does not. */
  readonly objection: (value: Json) => string | undefined;
}

/** Reads an operand. */
type Operator = (operand: Json) => Result<Test>;

export const COMPARISONS: ReadonlyMap<string, Operator> = new Map([
  ["==", (operand) => ok(equality(operand, (truth) => truth))],
  ["!=", (operand) => ok(equality(operand, negate))],
  ["<", order((value, limit) => value < limit)],
  ["<=", order((value, limit) => value <= limit)],
  [">", order((value, limit) => value > limit)],
  [">=", order((value, limit) => value >= limit)],
  ["like", likeOperator],
  ["within", withinOperator],
  ["url", urlOperator],
]);

/** There is no value that it objects to. */
function equality(operand: Json, finish: (truth: Truth) => Truth): Test {
  return {
    holds: (value, budget) => finish(truthOf(equal(operand, value, budget))),
    objection: () => undefined,
  };
}

function order(holds: (value: number, limit: number) => boolean): Operator {
  return (operand) => {
    if (typeof operand !== "number") return malformed("a number", kindOf(operand));
    return ok({
      holds: (value) =>
        typeof value === "number" && Number.isFinite(value)
          ? truthOf(holds(value, operand))
          : "error",
      objection: (value) => needs("number", value),
    });
  };
}

function likeOperator(operand: Json): Result<Test> {
  if (typeof operand !== "string") return malformed("a pattern as a string", kindOf(operand));
  if (operand.length > MAX_PATTERN) {
    return failure("TOO_LARGE", `a pattern of at most ${MAX_PATTERN} units`, `${operand.length}`);
  }
  const pattern = parsePattern(operand);
  return ok(
    ofText(
      (text, budget) => truthOf(like(pattern, text, budget)),
      () => undefined,
    ),
  );
}

function withinOperator(operand: Json): Result<Test> {
  const roots = readRoots(operand, "a path", (text) => {
    const reason = checkPath(text);
    return reason === undefined
      ? ok(text)
      : malformed("a clean absolute path", `${abbreviate(text)}: ${reason}`);
  });
  if (!roots.ok) return roots;
  return ok(
    ofText((text, budget) => {
      if (!budget.spend(Math.min(text.length, MAX_PATH)) || checkPath(text) !== undefined) {
        return "error";
      }
      return truthOf(roots.value.some((root) => isWithin(text, root)));
    }, checkPath),
  );
}

function urlOperator(operand: Json): Result<Test> {
  const roots = readRoots(operand, "a URL", (text) => {
    const url = parseCleanUrl(text);
    if (!url.ok || !url.value.hasQuery) return url;
    return malformed("a URL without query and fragment", abbreviate(text));
  });
  if (!roots.ok) return roots;
  const isNamed = (url: CleanUrl) =>
    !url.isAddress || roots.value.some((root) => root.host === url.host);
  return ok(
    ofText(
      (text, budget) => {
        if (!budget.spend(Math.min(text.length, MAX_URL))) return "error";
        const url = parseCleanUrl(text);
        if (!url.ok || !isNamed(url.value)) return "error";
        return truthOf(roots.value.some((root) => isBelow(url.value, root)));
      },
      (text) => {
        const url = parseCleanUrl(text);
        if (!url.ok) return `${url.expected} is needed`;
        return isNamed(url.value) ? undefined : "it names an address that the policy does not name";
      },
    ),
  );
}

function ofText(
  holds: (text: string, budget: Budget) => Truth,
  objection: (text: string) => string | undefined,
): Test {
  return {
    holds: (value, budget) => (typeof value === "string" ? holds(value, budget) : "error"),
    objection: (value) => (typeof value === "string" ? objection(value) : needs("string", value)),
  };
}

function needs(kind: "number" | "string", value: Json): string | undefined {
  return typeof value === kind ? undefined : `a ${kind} is needed, and it is ${kindOf(value)}`;
}

/** One root, or a list of them. */
function readRoots<T>(
  operand: Json,
  what: string,
  read: (text: string) => Result<T>,
): Result<readonly T[]> {
  const texts = isList(operand) ? operand : [operand];
  if (texts.length > MAX_ROOTS) {
    return failure("TOO_LARGE", `a list of at most ${MAX_ROOTS}`, `${texts.length}`);
  }
  if (texts.length === 0) return malformed(`${what}, or a list of one or more`, "an empty list");
  const roots: T[] = [];
  for (const text of texts) {
    if (typeof text !== "string") return malformed(`${what} as a string`, kindOf(text));
    const root = read(text);
    if (!root.ok) return root;
    roots.push(root.value);
  }
  return ok(roots);
}

function malformed(expected: string, found: string) {
  return failure("MALFORMED", expected, found);
}
