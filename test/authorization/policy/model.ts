/**
 * A second reading of the policy language, as plain as can be: it interprets the JSON of a policy step
 * by step, and shares no code with src/. It counts no steps, so it does not know of a budget.
 */

type Outcome = "true" | "false" | "error";

export function modelEvaluate(policy: unknown, value: unknown): Outcome | "invalid" {
  if (!isJson(policy, 32) || !Array.isArray(policy)) return "invalid";
  if (!policy.every(isPredicate)) return "invalid";
  if (policy.reduce<number>((sum, each) => sum + size(each), 0) > 1024) return "invalid";
  return word(least(policy.map((each) => truth(each, value))));
}

/* Kleene's logic in numbers: false 0, error 1, true 2. */

const word = (n: number): Outcome => (["false", "error", "true"] as const)[n] as Outcome;
const least = (all: number[]): number => Math.min(2, ...all);
const most = (all: number[]): number => Math.max(0, ...all);

function truth(predicate: unknown, value: unknown): number {
  const [operator, a, b] = predicate as [string, unknown, unknown];
  if (operator === "not") return 2 - truth(a, value);
  if (operator === "and") return least((a as unknown[]).map((each) => truth(each, value)));
  if (operator === "or") {
    const all = (a as unknown[]).map((each) => truth(each, value));
    return all.length === 0 ? 2 : most(all);
  }
  const found = find(readSelector(a as string)!, value);
  if (found === undefined) return 1;
  const it = found.value;
  const decide = (holds: boolean) => (holds ? 2 : 0);
  if (operator === "all" || operator === "any") {
    const children = valuesOf(it);
    if (!children) return 1;
    const all = children.map((child) => truth(b, child));
    return operator === "all" ? least(all) : most(all);
  }
  if (operator === "==") return decide(canonical(it) === canonical(b));
  if (operator === "!=") return decide(canonical(it) !== canonical(b));
  if (["<", "<=", ">", ">="].includes(operator)) {
    if (typeof it !== "number") return 1;
    const difference = it - (b as number);
    if (operator === "<") return decide(difference < 0);
    if (operator === "<=") return decide(difference <= 0);
    if (operator === ">") return decide(difference > 0);
    return decide(difference >= 0);
  }
  if (typeof it !== "string") return 1;
  if (operator === "like") return decide(matches(b as string, it));
  const roots = (Array.isArray(b) ? b : [b]) as string[];
  if (operator === "within") {
    if (!isCleanPath(it)) return 1;
    return decide(roots.some((root) => root === "/" || `${it}/`.startsWith(`${root}/`)));
  }
  const url = readUrl(it);
  const operands = roots.map((root) => readUrl(root)!);
  if (!url) return 1;
  if (url.address && !operands.some((operand) => operand.host === url.host)) return 1;
  return decide(
    operands.some(
      (operand) =>
        operand.scheme === url.scheme &&
        operand.host === url.host &&
        operand.port === url.port &&
        (url.path === operand.path || url.path.startsWith(`${operand.path.replace(/\/$/, "")}/`)),
    ),
  );
}

/* What is a policy. */

function isPredicate(json: unknown): boolean {
  if (!Array.isArray(json)) return false;
  const [operator, a, b] = json as unknown[];
  if (operator === "not") return json.length === 2 && isPredicate(a);
  if (operator === "and" || operator === "or") {
    return json.length === 2 && Array.isArray(a) && a.every(isPredicate);
  }
  if (json.length !== 3 || typeof a !== "string" || readSelector(a) === undefined) return false;
  const roots = Array.isArray(b) ? (b as unknown[]) : [b];
  const strings =
    roots.length >= 1 && roots.length <= 64 && roots.every((r) => typeof r === "string");
  switch (operator) {
    case "all":
    case "any":
      return isPredicate(b);
    case "==":
    case "!=":
      return true;
    case "<":
    case "<=":
    case ">":
    case ">=":
      return typeof b === "number";
    case "like":
      return typeof b === "string" && b.length <= 4096;
    case "within":
      return strings && roots.every((root) => isCleanPath(root as string));
    case "url":
      return strings && roots.every((root) => readUrl(root as string)?.tail === false);
    default:
      return false;
  }
}

function size(predicate: unknown): number {
  const [operator, a, b] = predicate as [string, unknown, unknown];
  if (operator === "not") return 1 + size(a);
  if (operator === "and" || operator === "or") {
    return (a as unknown[]).reduce<number>((sum, each) => sum + size(each), 1);
  }
  return operator === "all" || operator === "any" ? 1 + size(b) : 1;
}

function isJson(json: unknown, depth: number): boolean {
  if (json === null || typeof json === "boolean") return true;
  if (typeof json === "number") return Math.abs(json) <= 2 ** 53 - 1;
  if (typeof json === "string") return !hasLoneSurrogate(json);
  if (typeof json !== "object" || depth === 0) return false;
  if (Array.isArray(json)) return Array.from(json).every((item) => isJson(item, depth - 1));
  return Object.entries(json).every(
    ([name, item]) => !hasLoneSurrogate(name) && isJson(item, depth - 1),
  );
}

/** encodeURIComponent throws on lone surrogates alone. */
function hasLoneSurrogate(text: string): boolean {
  try {
    encodeURIComponent(text);
    return false;
  } catch {
    return true;
  }
}

/* Selectors. */

type Step = { optional: boolean } & (
  | { name: string }
  | { index: number }
  | { from: number | undefined; to: number | undefined }
  | { values: true }
);

function readSelector(text: string): Step[] | undefined {
  if (text.length > 1024 || text[0] !== ".") return undefined;
  const steps: Step[] = [];
  let rest = text === "." || text[1] === "[" ? text.slice(1) : text;
  while (rest !== "") {
    const token = /^(\.[a-z_][a-z_0-9]*|\[(?:[^"\]]*|"(?:\\.|[^\\"])*")\])(\?*)/i.exec(rest);
    const step = token ? readStep(token[1] as string) : undefined;
    if (!token || !step) return undefined;
    steps.push({ ...step, optional: token[2] !== "" } as Step);
    rest = rest.slice(token[0].length);
  }
  return steps.length <= 64 ? steps : undefined;
}

function readStep(token: string) {
  if (token.startsWith(".")) return { name: token.slice(1) };
  const inner = token.slice(1, -1);
  if (inner === "") return { values: true as const };
  if (inner.startsWith('"')) {
    try {
      const name = JSON.parse(inner) as string;
      return hasLoneSurrogate(name) ? undefined : { name };
    } catch {
      return undefined;
    }
  }
  const isInteger = (part: string) =>
    String(parseInt(part, 10)) === part && Number(part) >= -(2 ** 31) && Number(part) < 2 ** 31;
  const parts = inner.split(":");
  if (parts.length === 1) return isInteger(inner) ? { index: Number(inner) } : undefined;
  if (parts.length > 2 || inner === ":") return undefined;
  if (!parts.every((part) => part === "" || isInteger(part))) return undefined;
  const [from, to] = parts.map((part) => (part === "" ? undefined : Number(part)));
  return { from, to };
}

function find(steps: readonly Step[], value: unknown): { value: unknown } | undefined {
  const [step, ...rest] = steps;
  if (!step) return { value };
  const next = walk(step, value);
  if (next) return find(rest, next.value);
  return step.optional ? find(rest, null) : undefined;
}

function walk(step: Step, value: unknown): { value: unknown } | undefined {
  if ("name" in step) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const entry = Object.entries(value).find(([name]) => name === step.name);
    return entry && { value: entry[1] };
  }
  if ("values" in step) {
    const values = valuesOf(value);
    return values && { value: values };
  }
  if (!Array.isArray(value)) return undefined;
  if ("index" in step) {
    const index = step.index < 0 ? value.length + step.index : step.index;
    return index >= 0 && index < value.length ? { value: value[index] } : undefined;
  }
  // As in Python: a negative bound counts from the end, and both are cut off at the ends.
  const bound = (n: number) => Math.min(Math.max(n < 0 ? n + value.length : n, 0), value.length);
  const from = bound(step.from ?? 0);
  const to = bound(step.to ?? value.length);
  return { value: value.filter((_, i) => i >= from && i < to) };
}

function valuesOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return undefined;
  const entries = Object.entries(value);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each as unknown);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).sort();
    const members = value as Record<string, unknown>;
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/* like: the places in the text that the pattern can have reached, one unit of it after the other. */

function matches(pattern: string, text: string): boolean {
  let reached = new Set([0]);
  const tokens = pattern.match(/\\\*|[^]/g) ?? [];
  for (const token of tokens) {
    if (token === "*") {
      const first = Math.min(...reached);
      reached = new Set(
        reached.size === 0
          ? []
          : Array.from({ length: text.length - first + 1 }, (_, i) => first + i),
      );
    } else {
      const literal = token === "\\*" ? "*" : token;
      reached = new Set([...reached].filter((i) => text[i] === literal).map((i) => i + 1));
    }
  }
  return reached.has(text.length);
}

/** Nothing in it is drawn as nothing, or obeyed instead of drawn. */
export function isVisible(text: string): boolean {
  return [...text].every((each) => !/\p{C}|\p{Zl}|\p{Zp}|\p{DI}/u.test(each) && each !== "\u2800");
}

/* within: a path that is the same path to everyone. */

function isCleanPath(text: string): boolean {
  const compatible = text.normalize("NFKC");
  return (
    text.normalize("NFC") === text &&
    isPlainPath(text) &&
    isPlainPath(compatible) &&
    !isDisguised(text, "/")
  );
}

/** A look-alike of a slash, or more of these marks once it is folded. */
function isDisguised(text: string, marks: string): boolean {
  const count = (of: string) =>
    [...of]
      .filter((each) => marks.includes(each))
      .sort()
      .join("");
  return (
    /[\u2044\u2215\u2216\u29f5\u29f8\u29f9]/.test(text) ||
    count(text) !== count(text.normalize("NFKC"))
  );
}

function isPlainPath(text: string): boolean {
  if (text === "/") return true;
  const [before, ...segments] = text.split("/");
  return (
    text.length <= 4096 &&
    before === "" &&
    segments.length > 0 &&
    !text.includes("\\") &&
    !/%[\da-f]{2}/i.test(text) &&
    isVisible(text) &&
    segments.every(
      (segment) =>
        segment !== "" &&
        !segment.startsWith(" ") &&
        !segment.endsWith(" ") &&
        !segment.endsWith(".") &&
        !/^[a-z]:/i.test(segment),
    )
  );
}

/* url: the WHATWG's parser takes it apart, and finds it spelt as it would spell it. */

function readUrl(text: string) {
  if (text.length > 8192 || [...text].some((c) => c < "!" || c > "~" || c === "\\"))
    return undefined;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if (url.href !== text && url.href !== `${text}/`) return undefined;
  if (!["http:", "https:", "ws:", "wss:"].includes(url.protocol)) return undefined;
  if (url.username !== "" || url.password !== "") return undefined;
  const labels = url.hostname.split(".");
  const bracketed = url.hostname.startsWith("[");
  if (!bracketed && !labels.every((label) => /^[a-z\d_-]+$/.test(label))) return undefined;
  if (url.pathname.includes("//") || url.pathname.includes("^")) return undefined;
  for (const [i, part] of url.pathname.split("%").entries()) {
    if (i === 0) continue;
    if (!/^[\da-f]{2}/i.test(part)) return undefined;
    const character = String.fromCharCode(parseInt(part.slice(0, 2), 16));
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f%/\\A-Za-z\d._~-]/.test(character)) return undefined;
  }
  if (url.pathname.split("/").some((each) => /^\.\.?(?:;|%3b)/i.test(each))) return undefined;
  const bytes = url.pathname.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  let meant: string;
  try {
    meant = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(bytes, "latin1"),
    );
  } catch {
    return undefined;
  }
  if (isDisguised(meant, "/\\.%") || !isVisible(meant)) return undefined;
  for (const segment of meant.normalize("NFKC").split("/")) {
    const bare = segment.trim();
    const rest = [...bare].filter((each) => each !== "." && each.trim() !== "");
    if (bare !== segment || (/\s/.test(bare) && rest.length === 0)) return undefined;
  }
  return {
    scheme: url.protocol,
    host: url.hostname,
    port: url.port,
    path: url.pathname,
    address: bracketed || /^\d+$/.test(labels.at(-1) as string),
    tail: /[?#]/.test(text),
  };
}
