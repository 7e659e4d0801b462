/** What a file is, by its content: its name says nothing, and the order in which files come neither. */
import { isObject } from "../../bytes/json-kind.js";
import { parseJson } from "../../bytes/json.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import { BUNDLE_FORMAT } from "../../proof/manifest.js";

/** Bytes at the beginning of a file that are looked at: no root is longer. */
export const HEAD_BYTES = 1 << 20;

export type FileKind = "bundle" | "root" | "unknown";

const NEWLINE = 0x0a;

/** `head`: the first `HEAD_BYTES`, or all of it. A damaged bundle still counts as one, to be refuted. */
export function kindOfFile(head: Uint8Array): FileKind {
  if (isRoot(head)) return "root";
  const end = head.indexOf(NEWLINE);
  const line = new TextDecoder().decode(end < 0 ? head : head.subarray(0, end));
  // Names are sorted: a manifest begins with its domains, and its format may be far behind.
  const isManifest = line.startsWith('{"domains":') || line.includes(`"format":"${BUNDLE_FORMAT}"`);
  return isManifest ? "bundle" : "unknown";
}

function isRoot(bytes: Uint8Array): boolean {
  const text = bytes.length < HEAD_BYTES ? decodeUtf8(bytes) : undefined;
  const json = text === undefined ? undefined : parseJson(text);
  const signed = json?.ok && isObject(json.value) ? json.value["signed"] : undefined;
  return isObject(signed) && signed["_type"] === "root";
}
