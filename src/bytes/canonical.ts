/** A value that JSON can hold. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Canonical JSON (RFC 8785): names sorted by UTF-16 code units, no white space, ECMAScript's numbers
 * and strings. Throws on what JSON cannot hold: non-finite numbers, lone surrogates, undefined.
 */
export function formatCanonical(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new RangeError(`${value} has no place in JSON`);
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError("a lone surrogate has no place in JSON");
    return JSON.stringify(value);
  }
  // Array.from also visits the holes of a sparse array, which JSON cannot hold.
  if (Array.isArray(value)) return `[${Array.from(value, formatCanonical).join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`${typeof value} has no place in JSON`);
  const object = value as { readonly [name: string]: Json };
  // The default order of sort() is that of UTF-16 code units.
  const members = Object.keys(object)
    .sort()
    .map((name) => `${formatCanonical(name)}:${formatCanonical(object[name] as Json)}`);
  return `{${members.join(",")}}`;
}
