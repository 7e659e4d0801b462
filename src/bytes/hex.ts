/** Lowercase hexadecimal, two digits a byte. */

const DIGITS = "0123456789abcdef";
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0));
const decoder = new TextDecoder();
/** Most are digests. Decoding is three times as fast as joining strings. */
const room = new Uint8Array(128);

export function encodeHex(bytes: Uint8Array): string {
  const { length } = bytes;
  const text = 2 * length <= room.length ? room : new Uint8Array(2 * length);
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    text[2 * i] = CODES[byte >> 4] as number;
    text[2 * i + 1] = CODES[byte & 15] as number;
  }
  return decoder.decode(text.subarray(0, 2 * length));
}

const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 16; i++) VALUES[DIGITS.charCodeAt(i)] = i;

/** The bytes, or undefined: an odd length, capitals, or anything that is not a digit. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = VALUES[text.charCodeAt(2 * i)] ?? 255;
    const low = VALUES[text.charCodeAt(2 * i + 1)] ?? 255;
    if ((high | low) > 15) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}
