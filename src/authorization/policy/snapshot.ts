/** A copy of a JSON value that nobody can change. */
import type { Json } from "../../bytes/canonical.js";
import type { Result } from "../../verdict.js";
import { failure, ok } from "../../verdict.js";
import { kindOf } from "./value.js";

const MAX_DEPTH = 32;

/** Frozen through and through. Refuses what `parseJson` would not have given, so that any value may come. */
export function snapshot(json: Json): Result<Json> {
  return copy(json, 0);
}

function copy(json: Json, depth: number): Result<Json> {
  switch (typeof json) {
    case "boolean":
      return ok(json);
    case "number":
      if (Math.abs(json) <= Number.MAX_SAFE_INTEGER) return ok(json + 0);
      return malformed("numbers from -(2^53 - 1) to 2^53 - 1", `${json}`);
    case "string":
      if (!/\p{Surrogate}/u.test(json)) return ok(json);
      return malformed("text without lone surrogates", "a lone surrogate");
    case "object":
      break;
    default:
      return malformed("JSON", kindOf(json));
  }
  if (json === null) return ok(json);
  if (depth === MAX_DEPTH) {
    return malformed(`at most ${MAX_DEPTH} arrays and objects in each other`, "one more");
  }
  return Array.isArray(json) ? copyList(json, depth) : copyObject(json as JsonObject, depth);
}

type JsonObject = { readonly [name: string]: Json };

function copyList(list: readonly Json[], depth: number): Result<Json> {
  const items: Json[] = [];
  // By index, which sees the holes of a sparse array.
  for (let i = 0; i < list.length; i++) {
    const item = copy(list[i] as Json, depth + 1);
    if (!item.ok) return item;
    items.push(item.value);
  }
  return ok(Object.freeze(items));
}

function copyObject(object: JsonObject, depth: number): Result<Json> {
  // Without a prototype, where `__proto__` is a name like any other.
  const members = Object.create(null) as { [name: string]: Json };
  for (const name of Object.keys(object)) {
    const text = copy(name, depth);
    if (!text.ok) return text;
    const member = copy(object[name] as Json, depth + 1);
    if (!member.ok) return member;
    members[name] = member.value;
  }
  return ok(Object.freeze(members));
}

function malformed(expected: string, found: string) {
  return failure("MALFORMED", expected, found);
}
