/**
 * Signed notes (C2SP signed-note): a text that ends in a newline, an empty line, then signature lines
 * `— <name> <base64 (key id[4] || signature)>`. A signature covers the text with its last newline.
 */
import { decodeBase64, encodeBase64 } from "../bytes/base64.js";
import { concatBytes } from "../bytes/concat.js";
import { decodeHex, encodeHex } from "../bytes/hex.js";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.js";
import type { Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { isKeyName } from "./vkey.js";

/** A signature as it stands in a note: nothing of it is verified. */
export interface NoteSignature {
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** A note taken apart, its signatures unverified. */
export interface UnverifiedNote {
  /** The signed text, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export const MAX_NOTE_BYTES = 1 << 20;
export const MAX_SIGNATURES = 64;

export function parseNote(bytes: Uint8Array): Result<UnverifiedNote> {
  if (bytes.length > MAX_NOTE_BYTES) {
    return failure("TOO_LARGE", `a note of at most ${MAX_NOTE_BYTES} bytes`, `${bytes.length}`);
  }
  const whole = decodeUtf8(bytes);
  if (whole === undefined) return failure("MALFORMED", "a note in UTF-8", "invalid UTF-8");
  // signed-note forbids the ASCII control characters below U+0020 other than newline.
  // oxlint-disable-next-line no-control-regex
  const control = /[\x00-\x09\x0b-\x1f]/.exec(whole);
  if (control) {
    return failure("MALFORMED", "no control character but newline", abbreviate(control[0]));
  }
  // Text may hold empty lines: the last one separates it from the signatures.
  const split = whole.lastIndexOf("\n\n");
  if (split < 0) return failure("MALFORMED", "a text, an empty line, signatures", "no empty line");
  const lines = whole.slice(split + 2).split("\n");
  if (lines.pop() !== "") {
    return failure("MALFORMED", "a newline at the end of the note", "none");
  }
  if (lines.length === 0) return failure("MALFORMED", "at least one signature line", "none");
  if (lines.length > MAX_SIGNATURES) {
    return failure("TOO_LARGE", `at most ${MAX_SIGNATURES} signatures`, `${lines.length}`);
  }
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (!signature) {
      return failure("MALFORMED", "a line: — <name> <base64>", abbreviate(line));
    }
    signatures.push(signature);
  }
  return ok({ text: whole.slice(0, split + 1), signatures });
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [dash, name, base64, ...rest] = line.split(" ");
  if (dash !== "—" || name === undefined || base64 === undefined || rest.length > 0)
    return undefined;
  const bytes = decodeBase64(base64);
  if (!isKeyName(name) || !bytes || bytes.length < 5) return undefined;
  return { name, keyId: encodeHex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

/** The note's bytes. The text must end in a newline and hold no other control character. */
export function formatNote(text: string, signatures: readonly NoteSignature[]): Uint8Array {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const id = decodeHex(keyId);
    if (id?.length !== 4)
      throw new TypeError(`expected a key id of 8 hexadecimal digits: ${keyId}`);
    return `— ${name} ${encodeBase64(concatBytes(id, signature))}\n`;
  });
  const bytes = encodeUtf8(`${text}\n${lines.join("")}`);
  const parsed = parseNote(bytes);
  if (!parsed.ok || parsed.value.text !== text) {
    throw new TypeError(`not a note: ${parsed.ok ? "the text ends elsewhere" : parsed.expected}`);
  }
  return bytes;
}
