import type { Json } from "./canonical.js";

/**
 * OLPC canonical JSON, over whose UTF-8 bytes TUF signs (TUF specification, section 4.2.1): names
 * sorted by code points, no white space, integers only; in strings `"` and `\` are escaped and all
 * else stands as it is, line feeds and zero characters too, so that the text need not be JSON.
 *
 * Throws a RangeError on a fraction, on -0 and on an integer beyond 2^53 - 1, and a TypeError on a
 * lone surrogate, which has no UTF-8, and on what JSON cannot hold.
 */
export function formatOlpc(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      throw new RangeError(`${Object.is(value, -0) ? "-0" : value} has no place in OLPC JSON`);
    }
    return String(value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError("a lone surrogate has no place in JSON");
    return `"${value.replace(/["\\]/g, "\\$&")}"`;
  }
  // Array.from also visits the holes of a sparse array, which JSON cannot hold.
  if (Array.isArray(value)) return `[${Array.from(value, formatOlpc).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`${typeof value} has no place in JSON`);
  const object = value as { readonly [name: string]: Json };
  const members = Object.keys(object)
    .sort(compareCodePoints)
    .map((name) => `${formatOlpc(name)}:${formatOlpc(object[name] as Json)}`);
  return `{${members.join(",")}}`;
}

/** The order of code points is that of UTF-8 bytes; UTF-16 puts U+10000 before U+E000. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === length) return a.length - b.length;
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
}

/** Moves the surrogates, D800 to DFFF, behind the units of other characters, E000 to FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
