import { expect, test } from "vitest";
import { wrap } from "../../src/cli/wrap.js";

const HELP = `Usage: writ do FILE [--one TEXT] [--another TEXT]

Do it.

  FILE            the file
  --one TEXT      text that is said, and that goes on for long
                  on a second line
  --another TEXT  short
A note that follows, and that
is a paragraph.
`;

test("without a terminal, and on one that is wide enough, lines stay as they are written", () => {
  expect(wrap(HELP, undefined)).toBe(HELP);
  expect(wrap(HELP, 64)).toBe(HELP);
});

test("descriptions stay in their column, and paragraphs are filled", () => {
  expect(wrap(HELP, 40)).toBe(`Usage: writ do FILE [--one TEXT]
[--another TEXT]

Do it.

  FILE            the file
  --one TEXT      text that is said, and
                  that goes on for long
                  on a second line
  --another TEXT  short
A note that follows, and that
is a paragraph.
`);
  expect(wrap("one two\nthree four", 9)).toBe("one two\nthree\nfour");
});

test("nothing is lost, however narrow it is", () => {
  const words = HELP.split(/\s+/);
  for (let columns = 1; columns < 80; columns++) {
    const wrapped = wrap(HELP, columns);
    expect(wrapped.split(/\s+/)).toEqual(words);
    if (columns < 24) continue;
    for (const line of wrapped.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
  }
});
