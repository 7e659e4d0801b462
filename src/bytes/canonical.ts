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

/** Most text holds none of these, and a Unicode class is slow to look for. */
const SURROGATE = /[\ud800-\udfff]/;

function formatString(text: string): string {
  if (SURROGATE.test(text) && /\p{Surrogate}/u.test(text)) {
    throw new TypeError("a lone surrogate has no place in JSON");
  }
  return JSON.stringify(text);
}
