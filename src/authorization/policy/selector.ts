/**
 * Selectors (UCAN delegation, "Selectors"): which part of the arguments a predicate is about.
 *
 *     .                    the whole value
 *     .name  ["any name"]  a member of an object
 *     [2]  [-1]            an element of a list, from its start or its end
 *     [1:3]  [1:]  [:-1]   a part of a list, cut off at its ends
 *     []                   a list itself; an object's values, in the order of their names
 *
 * A selector starts with a dot, and its segments follow each other directly: `.a["b"][0]`, `.[0]`. A
 * segment that finds nothing leaves the whole selector unresolved, unless `?` follows it: then it
 * gives null. Only own members count, so that `__proto__` is a name like any other.
 */
import type { Json } from "../../bytes/canonical.js";
import { isList, isObject } from "../../bytes/json-kind.js";
import { parseJson } from "../../bytes/json.js";
import type { Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import type { Budget } from "./budget.js";
import { elements } from "./value.js";

const MAX_LENGTH = 1024;
const MAX_SEGMENTS = 64;

type Place =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "element"; readonly index: number }
  | { readonly kind: "slice"; readonly from: number; readonly to: number | undefined }
  | { readonly kind: "values" };

interface Segment {
  readonly place: Place;
  readonly optional: boolean;
}

export interface Selector {
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** A name after a dot, or what stands in brackets; then any number of question marks. */
const SEGMENT =
  /(?:\.([A-Za-z_][A-Za-z0-9_]*)|\[("(?:[^"\\]|\\.)*"|-?[0-9]+|-?[0-9]*:-?[0-9]*|)\])(\?*)/y;
const INDEX = /^(?:0|-?[1-9][0-9]*)$/;

export function parseSelector(text: string): Result<Selector> {
  if (text.length > MAX_LENGTH) {
    return failure("TOO_LARGE", `a selector of at most ${MAX_LENGTH} units`, `${text.length}`);
  }
  if (!text.startsWith(".")) return malformed("a selector that starts with a dot", text);
  const segments: Segment[] = [];
  // The first dot stands alone, as identity or before a bracket, or belongs to a name.
  let at = text === "." || text.startsWith(".[") ? 1 : 0;
  while (at < text.length) {
    SEGMENT.lastIndex = at;
    const match = SEGMENT.exec(text);
    const place =
      match && (match[1] === undefined ? inBrackets(match[2] as string) : member(match[1]));
    if (!match || !place) {
      return malformed('a segment: .name, ["name"], [0], [-1], [1:3] or []', text.slice(at));
    }
    if (segments.length === MAX_SEGMENTS) {
      return failure("TOO_LARGE", `a selector of at most ${MAX_SEGMENTS} segments`, "one more");
    }
    segments.push(Object.freeze({ place, optional: match[3] !== "" }));
    at = SEGMENT.lastIndex;
  }
  return ok(Object.freeze({ text, segments: Object.freeze(segments) }));
}

function inBrackets(text: string): Place | undefined {
  if (text === "") return Object.freeze({ kind: "values" });
  if (text.startsWith('"')) {
    const name = parseJson(text);
    return name.ok ? member(name.value as string) : undefined;
  }
  const colon = text.indexOf(":");
  if (colon < 0) {
    const index = readIndex(text);
    return index === undefined ? undefined : Object.freeze({ kind: "element", index });
  }
  const start = text.slice(0, colon);
  const end = text.slice(colon + 1);
  const from = start === "" ? 0 : readIndex(start);
  const to = end === "" ? undefined : readIndex(end);
  if (text === ":" || from === undefined || (to === undefined && end !== "")) return undefined;
  return Object.freeze({ kind: "slice", from, to });
}

function member(name: string): Place {
  return Object.freeze({ kind: "member", name });
}

/** One spelling each, of 32 bits. */
function readIndex(text: string): number | undefined {
  const index = Number(text);
  return INDEX.test(text) && (index | 0) === index ? index : undefined;
}

/** What the selector finds in a value; undefined where it does not resolve. */
export function resolve(selector: Selector, value: Json, budget: Budget): Json | undefined {
  const { segments } = selector;
  let found = value;
  for (let i = 0; i < segments.length; i++) {
    const { place, optional } = segments[i] as Segment;
    if (!budget.spend(1)) return undefined;
    const next = take(place, found, budget);
    if (next === undefined && !optional) return undefined;
    found = next === undefined ? null : next;
  }
  return found;
}

function take(place: Place, value: Json, budget: Budget): Json | undefined {
  switch (place.kind) {
    case "member":
      return isObject(value) && Object.hasOwn(value, place.name) ? value[place.name] : undefined;
    case "element":
      // What Array.at does with an index beyond either end.
      return isList(value)
        ? value[place.index < 0 ? value.length + place.index : place.index]
        : undefined;
    case "slice":
      return isList(value) ? slice(value, place.from, place.to, budget) : undefined;
    case "values":
      return isList(value) ? value : elements(value, budget);
  }
}

function slice(list: readonly Json[], from: number, to: number | undefined, budget: Budget) {
  const part = list.slice(from, to);
  return budget.spend(part.length) ? part : undefined;
}

function malformed(expected: string, found: string) {
  return failure("MALFORMED", expected, found === "" ? "nothing" : abbreviate(found));
}
