const encoder = new TextEncoder();
// A byte-order mark is content here, and an invalid sequence is an error, not U+FFFD.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of a string without lone surrogates; one with them throws, since no bytes stand for it. */
export function encodeUtf8(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError("a lone surrogate has no UTF-8 encoding");
  return encoder.encode(text);
}

/** The text, or undefined when the bytes are not valid UTF-8. Encoding it again gives the same bytes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
