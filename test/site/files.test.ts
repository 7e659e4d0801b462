/** What comes in: files told apart, text made visible, times, and where a byte stands. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { parseManifest } from "../../src/proof/manifest.js";
import { bytesOf, piecesOf } from "../../src/site/viewer/blob.js";
import { formatField, parseField, parseSeconds } from "../../src/site/viewer/clock.js";
import { kindOfFile } from "../../src/site/viewer/file-kind.js";
import { locate } from "../../src/site/viewer/locate.js";
import { shorten, visible } from "../../src/site/visible.js";
import { goodLog, prove, roots } from "../proof/fixture.js";
import { must } from "../domain/fixture.js";

const { bytes } = await prove(await goodLog());

describe("F66: a file is known by its content", () => {
  test.each([
    ["a bundle", bytes, "bundle"],
    ["its beginning", bytes.subarray(0, 1_000), "bundle"],
    ["a root", roots[0], "root"],
    ["nothing", new Uint8Array(), "unknown"],
    ["other JSON", encodeUtf8('{"signed":{"_type":"timestamp"}}'), "unknown"],
    ["a list", encodeUtf8("[]"), "unknown"],
    ["what is no text", Uint8Array.of(0xff, 0xfe, 0x00), "unknown"],
    ["another version", encodeUtf8('{"format":"writ-bundle/v2"}\n'), "unknown"],
    ["a damaged manifest", encodeUtf8('{"domaims":[],"format":"writ-bundle/v1"\n'), "bundle"],
  ])("%s", (_, content, kind) => {
    expect(kindOfFile(content as Uint8Array)).toBe(kind);
  });
});

test("F66: text of others hides nothing and turns nothing around", () => {
  expect(visible("a\u202Eb\u200Bc\n\u{E0041}\uD800")).toBe(
    "a\\u{202e}b\\u{200b}c\\u{a}\\u{e0041}\\u{d800}",
  );
  expect(visible("<b>Zürich 東京</b>")).toBe("<b>Zürich 東京</b>");
  expect(shorten("abcdef", 6)).toBe("abcdef");
  expect(shorten("😀😀😀😀", 3)).toBe("😀😀…");
});

test("F66: nothing of the site makes markup of text, or text of a program", () => {
  const folder = new URL("../../src/site/", import.meta.url);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = paths.filter((path) => /\.tsx?$/.test(path));
  expect(sources.length).toBeGreaterThan(20);
  for (const path of sources) {
    const text = readFileSync(new URL(path, folder), "utf8");
    const markup =
      /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|style=/i;
    expect(markup.exec(text)?.[0], path).toBeUndefined();
  }
});

test("F66: a time is read in UTC, with and without seconds", () => {
  const time = Date.parse("2026-11-26T03:07:30Z");
  expect(formatField(time + 999)).toBe("2026-11-26T03:07:30");
  expect(parseField("2026-11-26T03:07:30")).toBe(time);
  expect(parseField("2026-11-26T03:07")).toBe(time - 30_000);
  expect(parseField("2026-11-26T03:07:30.5")).toBe(time + 500);
  for (const text of ["", "2026-11-26", "2026-02-30T00:00", "26.11.2026 03:07", `${time}`]) {
    expect(parseField(text), text).toBeUndefined();
  }
  expect(parseSeconds(" 60 ")).toBe(60_000);
  expect(parseSeconds("0.25")).toBe(250);
  for (const text of ["", "-1", "1e3", "Infinity", "a"]) expect(parseSeconds(text)).toBeUndefined();
});

describe("F66: where a byte stands", () => {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const starts = lines.map((_, i) =>
    lines.slice(0, i).reduce((sum, { length }) => sum + length + 1, 0),
  );
  const manifest = must(parseManifest(encodeUtf8(lines[0] as string)));
  const [log] = manifest.logs;

  test.each([1, 7, 4096, 1 << 20])("in pieces of %i bytes", async (size) => {
    const at = (position: number) => locate(piecesOf(new Blob([bytes.slice()]), size), position);
    if (size < 4096) {
      expect(await at(5)).toMatchObject({ line: 1, column: 6, part: "the manifest" });
      return;
    }
    let entry = log?.from ?? 0;
    for (const [i, line] of lines.slice(0, -1).entries()) {
      const isOpening = /^\{"(?:name|request)":/.test(line);
      const isEntry = i > manifest.files.length && !isOpening;
      const part =
        i === 0
          ? "the manifest"
          : !isEntry && !isOpening
            ? `the file ${manifest.files[i - 1]?.sha256.slice(0, 16)}…`
            : isOpening
              ? `what opens arguments of entry ${entry - 1} of ${log?.origin}`
              : `entry ${entry} of ${log?.origin}`;
      const start = starts[i] as number;
      const first = { line: i + 1, column: 1, part };
      if (i % 5 === 0) expect(await at(start)).toEqual(first);
      const end = { line: i + 1, column: line.length + 1, part: `the end of ${part}` };
      if (i % 5 === 1) expect(await at(start + line.length)).toEqual(end);
      if (isEntry) entry += 1;
    }
    expect(await at(bytes.length)).toBeUndefined();
  });

  test("of what is no bundle", async () => {
    const text = encodeUtf8("one\ntwo");
    expect(await locate(text, 1)).toMatchObject({ line: 1, part: "the manifest" });
    expect(await locate(text, 5)).toMatchObject({
      line: 2,
      column: 2,
      part: "a line behind a manifest that cannot be read",
    });
  });
});

test("F66: a file is read whole, whatever the pieces", async () => {
  const blob = new Blob([bytes.slice()]);
  expect(await bytesOf(blob)).toEqual(bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(blob, 1_000)) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});
