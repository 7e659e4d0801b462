/** Where in a bundle a byte stands: the line, and what that line is. */
import type { BundleSource } from "../../proof/line-reader.js";
import { LineReader } from "../../proof/line-reader.js";
import type { Manifest } from "../../proof/manifest.js";
import { parseManifest } from "../../proof/manifest.js";
import { isOpenedLine } from "../../proof/opened.js";
import { ok } from "../../verdict.js";

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
  /** For people: what the line is in the bundle. */
  readonly part: string;
}

const NO_LIMITS = { bytes: Number.POSITIVE_INFINITY, line: Number.POSITIVE_INFINITY };

/** `source`: the bundle from its beginning. Undefined behind its end. */
export async function locate(source: BundleSource, position: number): Promise<Place | undefined> {
  const lines = new LineReader(source, NO_LIMITS);
  let manifest: Manifest | undefined;
  let [start, entries] = [0, 0];
  for (let line = 1; ; line++) {
    const ready = lines.buffered();
    const next = ready ? ok(ready) : await lines.next();
    if (next.ok && !next.value) return undefined;
    // What has no newline at its end is the last line.
    const text = next.ok ? next.value : undefined;
    const isOpening = text !== undefined && isOpenedLine(text);
    if (text === undefined || position <= start + text.length) {
      const part = partOf(manifest, line, entries, isOpening);
      const isEnd = text !== undefined && position === start + text.length;
      return { line, column: position - start + 1, part: isEnd ? `the end of ${part}` : part };
    }
    if (line === 1) {
      const parsed = parseManifest(text);
      manifest = parsed.ok ? parsed.value : undefined;
    } else if (line > 1 + (manifest?.files.length ?? 0) && !isOpening) entries += 1;
    start += text.length + 1;
  }
}

/** `entries`: how many of all logs stand before this line. */
function partOf(
  manifest: Manifest | undefined,
  line: number,
  entries: number,
  isOpening: boolean,
): string {
  if (line === 1) return "the manifest";
  if (!manifest) return "a line behind a manifest that cannot be read";
  const file = manifest.files[line - 2];
  if (file) return `the file ${file.sha256.slice(0, 16)}…`;
  let at = isOpening ? entries - 1 : entries;
  for (const { origin, from, count } of manifest.logs) {
    const entry = `entry ${from + at} of ${origin}`;
    if (at < count) return isOpening ? `what opens arguments of ${entry}` : entry;
    at -= count;
  }
  return "a line behind the last entry";
}
