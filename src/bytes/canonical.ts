/** A value that JSON can hold. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Canonical JSON (RFC 8785): names sorted by UTF-16 code units, no white space, ECMAScript's numbers
 * and strings. Throws on what JSON cannot hold: non-finite numbers, lone surrogates, undefined.
 */
export function formatCanonical(value: Json): string {
  if (typeof value === "string") return formatString(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`${value} has no place in JSON`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    let text = "[";
    // By index, which also visits the holes of a sparse array: JSON cannot hold them.
    for (let i = 0; i < value.length; i++) {
      text += i === 0 ? formatCanonical(value[i]) : `,${formatCanonical(value[i])}`;
    }
    return `${text}]`;
  }
  if (typeof value !== "object") throw new TypeError(`${typeof value} has no place in JSON`);
  const object = value as { readonly [name: string]: Json };
  // The default order of sort() is that of UTF-16 code units.
  const names = Object.keys(object).sort();
  let text = "{";
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (i > 0) text += ",";
    text += `${formatString(name)}:${formatCanonical(object[name] as Json)}`;
  }
  return `${text}}`;
}

/** Arrays and objects in each other, of what is read here: no less than `parseJson` allows is needed. */
const MAX_DEPTH = 32;

/**
 * The value of a text that is canonical JSON, read by the platform's parser: what `parseJson` gives,
 * but that objects have the usual prototype. Undefined for every other text, and for rare ones that are
 * canonical and not worth a second look: whoever needs an answer asks `parseJson` then.
 */
export function parseCanonical(text: string): Json | undefined {
  // Of a lone surrogate, which JSON.stringify would write as the escape that was read.
  if (text.includes("\\ud")) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    // A name that stands twice, white space, another escape or form of a number: all come out otherwise.
    return isSorted(value, 0) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the names of each object are in order, and each number is one that JSON can be trusted with. */
function isSorted(value: Json, depth: number): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== "object" || value === null) return true;
  if (depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (const each of value) if (!isSorted(each, depth + 1)) return false;
    return true;
  }
  let before: string | undefined;
  for (const name in value) {
    if (before !== undefined && !(before < name)) return false;
    before = name;
    if (!isSorted((value as { readonly [name: string]: Json })[name] as Json, depth + 1)) {
      return false;
    }
  }
  return true;
}

/** Most text holds none of these, and a Unicode class is slow to look for. */
const SURROGATE = /[\ud800-\udfff]/;

function formatString(text: string): string {
  if (SURROGATE.test(text) && /\p{Surrogate}/u.test(text)) {
    throw new TypeError("a lone surrogate has no place in JSON");
  }
  return JSON.stringify(text);
}
