/** Values from bad data or good, in the shape of `Result` of src/verdict.ts, which this floor may not import. */

export interface Refusal {
  readonly ok: false;
  readonly code: "MALFORMED" | "MISSING" | "ISOLATION";
  readonly expected: string;
  readonly found: string;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

export function refusal(code: Refusal["code"], expected: string, found: string): Refusal {
  return { ok: false, code, expected, found };
}

/** Hostile text for a message: at most 100 characters of it, and none that a terminal obeys. */
export function quote(text: string): string {
  const json = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
  return json.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
