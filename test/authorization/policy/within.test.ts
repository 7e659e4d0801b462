import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPath, isWithin } from "../../../src/authorization/policy/within.js";
import { modelEvaluate } from "./model.js";
import { evaluate } from "./fixture.js";

test.each([
  "/",
  "/a",
  "/data",
  "/data/reports/2026/q1.csv",
  "/a.b/c.d.e",
  "/.hidden",
  "/..hidden",
  "/...x",
  "/a/.b",
  "/a b/c d",
  "/a-b_c~d",
  "/1:b",
  "/ab:c",
  "/%",
  "/100%",
  "/100%/x",
  "/%2",
  "/%zz",
  "/%2g",
  "/$HOME",
  "/*",
  "/a'\"b",
  "/é",
  "/日本語/ファイル",
  "/Ωmega",
  "/ß",
  "/😀",
  "/e\u0301x".normalize("NFC"),
  `/${"a".repeat(4095)}`,
  `/${"%".repeat(4095)}`,
  `/${"é".repeat(4095)}`,
])("the path %j is clean", (path) => {
  expect(checkPath(path)).toBeUndefined();
  expect(modelEvaluate([["within", ".", "/"]], path)).toBe("true");
  expect(modelEvaluate([["within", ".", path]], path)).toBe("true");
});

/** Each row breaks one rule alone. */
const UNCLEAN: readonly (readonly [string, string, string])[] = [
  ["relative", "data/x", "start with a slash"],
  ["empty", "", "start with a slash"],
  ["a home", "~/x", "start with a slash"],
  ["a dot", ".", "start with a slash"],
  ["a space before", " /x", "start with a slash"],
  ["over the limit", `/${"a".repeat(4096)}`, "longer than 4096"],
  ["over the limit, in Unicode", `/${"é".repeat(4096)}`, "longer than 4096"],
  ["a double slash", "/a//b", "empty segment"],
  ["a double slash at the start", "//a", "empty segment"],
  ["a trailing slash", "/a/", "ends in a slash"],
  ["two slashes alone", "//", "empty segment"],
  ["a dot segment", "/a/./b", ". or .. segment"],
  ["a dot at the end", "/a/.", ". or .. segment"],
  ["a parent", "/a/../b", ". or .. segment"],
  ["a parent at the start", "/../etc", ". or .. segment"],
  ["a parent at the end", "/a/..", ". or .. segment"],
  ["a segment that ends in a dot", "/a./b", "ends in a dot"],
  ["three dots", "/.../b", "ends in a dot"],
  ["a last segment that ends in a dot", "/a/b.", "ends in a dot"],
  ["a segment that ends in a space", "/a /b", "in a space"],
  ["a segment that starts with a space", "/a/ b", "in a space"],
  ["a space as a segment", "/a/ /b", "in a space"],
  ["dots and a space", "/a/.. /b", "in a space"],
  ["a backslash", "/a\\b", "a backslash"],
  ["a parent by backslashes", "/a/x\\..\\..\\b", "a backslash"],
  ["NUL", "/a\u0000b", "does not show"],
  ["a newline", "/a\nb", "does not show"],
  ["DEL", "/a\u007fb", "does not show"],
  ["a C1 control", "/a\u0085b", "does not show"],
  ["a soft hyphen", "/a\u00adb", "does not show"],
  ["a zero width space", "/a\u200bb", "does not show"],
  ["a right-to-left override", "/a\u202etxt", "does not show"],
  ["a byte order mark", "/a\ufeffb", "does not show"],
  ["a line separator", "/a\u2028b", "does not show"],
  ["a paragraph separator", "/a\u2029b", "does not show"],
  ["private use", "/a\ue000b", "does not show"],
  ["private use on plane 16", "/a\u{10fffd}b", "does not show"],
  ["a lone surrogate", "/a\ud800b", "does not show"],
  ["a noncharacter", "/a\uffffb", "does not show"],
  ["a hangul filler", "/a\u3164b", "does not show"],
  ["an empty braille pattern", "/a\u2800b", "does not show"],
  ["a variation selector", "/a\ufe0f", "does not show"],
  ["a grapheme joiner", "/.\u034f./b", "does not show"],
  ["a variation selector on plane 14", "/a\u{e0100}", "does not show"],
  ["a narrow hangul filler", "/a\uffa0b", "does not show"],
  ["an encoded slash", "/a%2fb", "percent escape"],
  ["an encoded dot", "/%2e%2e/b", "percent escape"],
  ["an encoded letter", "/%41", "percent escape"],
  ["an encoded percent", "/%252e", "percent escape"],
  ["a drive", "/C:/x", "drive letter"],
  ["a drive in lower case", "/c:", "drive letter"],
  ["a letter and a colon", "/a:b", "drive letter"],
  ["a drive further down", "/a/Z:x", "drive letter"],
  ["not in NFC", "/e\u0301", "normal form"],
  ["not in NFC by order", "/q\u0307\u0323", "normal form"],
  ["a singleton", "/\u212b", "normal form"],
  ["a fraction slash", "/a\u2044b", "looks like a slash"],
  ["a division slash", "/a\u2215b", "looks like a slash"],
  ["a set minus", "/a\u2216b", "looks like a slash"],
  ["a reverse solidus operator", "/a\u29f5b", "looks like a slash"],
  ["a big solidus", "/a\u29f8b", "looks like a slash"],
  ["a big reverse solidus", "/a\u29f9b", "looks like a slash"],
  ["a fullwidth slash", "/a\uff0fb", "looks like a slash"],
  ["a character with a slash in it", "/\u2100", "looks like a slash"],
  ["fullwidth dots", "/a/\uff0e\uff0e/b", "look-alikes replaced"],
  ["a one dot leader", "/a\u2024", "look-alikes replaced"],
  ["a two dot leader", "/\u2025/b", "look-alikes replaced"],
  ["an ellipsis", "/a\u2026", "look-alikes replaced"],
  ["a fullwidth backslash", "/a\uff3cb", "look-alikes replaced"],
  ["a small backslash", "/a\ufe68b", "look-alikes replaced"],
  ["a fullwidth percent", "/\uff052e", "look-alikes replaced"],
  ["fullwidth digits in an escape", "/%\uff12e", "look-alikes replaced"],
  ["a fullwidth colon after a letter", "/C\uff1ax", "look-alikes replaced"],
  ["a fullwidth letter before a colon", "/\uff23:x", "look-alikes replaced"],
  ["a no-break space at an end", "/a\u00a0", "look-alikes replaced"],
  ["an ideographic space at a start", "/\u3000a", "look-alikes replaced"],
  ["look-alikes over the limit", `/${"\ufdfa".repeat(300)}`, "look-alikes replaced"],
];

test.each(UNCLEAN)("%s is not clean: neither a value nor a root", (_, path, reason) => {
  expect(checkPath(path)).toContain(reason);
  for (const root of ["/", "/a", "/data"]) {
    // Under not, either.
    for (const policy of [[["within", ".", root]], [["not", ["within", ".", root]]]]) {
      expect(evaluate(policy, path)).toBe("error");
      expect(modelEvaluate(policy, path)).toBe("error");
    }
  }
  expect(modelEvaluate([["within", ".", path]], "/a")).toBe("invalid");
});

test.each<[string, string | string[], boolean]>([
  ["/data", "/data", true],
  ["/data/x", "/data", true],
  ["/data/x/y", "/data", true],
  ["/data/x/y", "/data/x", true],
  ["/database", "/data", false],
  ["/data.bak/x", "/data", false],
  ["/data-x", "/data", false],
  ["/dat", "/data", false],
  ["/", "/data", false],
  ["/Data/x", "/data", false],
  ["/x/data", "/data", false],
  ["/", "/", true],
  ["/x", "/", true],
  ["/é/x", "/é", true],
  ["/e/x", "/é", false],
  ["/b/x", ["/a", "/b"], true],
  ["/c/x", ["/a", "/b"], false],
  ["/a", ["/a/b", "/a/c"], false],
  ["/a/c", ["/a/b", "/a/c"], true],
])("%s within %j: %s", (path, root, expected) => {
  const policy = [["within", ".", root]];
  expect(evaluate(policy, path)).toBe(String(expected));
  expect(evaluate([["not", ...policy]], path)).toBe(String(!expected));
  expect(modelEvaluate(policy, path)).toBe(String(expected));
  expect([root].flat().some((each) => isWithin(path, each))).toBe(expected);
});

test("any text over the alphabet of paths: what another reading says", () => {
  const unit = fc.constantFrom(
    ..."//////aab..  \\%2eEC:é\u0301\uff0f\uff0e\u2025\u00a0\u3000\u200b\ufdfa~_-\n\u{1f600}\u1100\u1161",
  );
  const texts = fc.string({ unit, maxLength: 10 }).map((text) => `/${text}`);
  fc.assert(
    fc.property(texts, fc.constantFrom("/", "/a", "/a/b", "/é"), (text, root) => {
      const policy = [["within", ".", root]];
      expect(evaluate(policy, text)).toBe(modelEvaluate(policy, text));
    }),
    { numRuns: 20_000 },
  );
});

test("what is below a root stays below it for whoever resolves dots and separators", () => {
  const unit = fc.constantFrom(..."/.\\ ab%2ef:C");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (tail) => {
      const path = `/a${tail}`;
      if (checkPath(path) !== undefined || !isWithin(path, "/a")) return;
      const decoded = decodeURIComponent(path.replace(/%(?![0-9a-f]{2})/gi, "%25"));
      const resolved = new URL(decoded.replaceAll("\\", "/"), "file:///").pathname;
      expect(resolved === "/a" || resolved.startsWith("/a/"), path).toBe(true);
    }),
    { numRuns: 5000 },
  );
});
