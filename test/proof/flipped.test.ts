/** F19: a bundle in which any byte is another one, or that is written in another way. */
import { expect, test } from "vitest";
import { concatBytes } from "../../src/bytes/concat.js";
import { decodeUtf8, encodeUtf8 } from "../../src/bytes/utf8.js";
import { rootBy } from "../authorization/craft.js";
import { GRANT, ISSUERS, MILL, SHIP } from "../authorization/world.js";
import { openSeen, prove, runOnce, see, seen, verify } from "./fixture.js";
import { rememberSignatures } from "./attacker.js";
import { joinLines, linesOf } from "./remade.js";

rememberSignatures();
// Of two domains alone: a bundle of few bytes, of which each is another one once.
const { own, peers } = seen.domains;
const mill = peers.get(MILL);
if (!mill) throw new Error("a peer with a witness");
const bench = await openSeen({ domains: { own, peers: new Map([[MILL, mill]]) } });
await see(bench);
await runOnce(bench, { links: [rootBy(SHIP, ISSUERS.ship, GRANT)] }, 0);
await see(bench);
const { bytes, bundle } = await prove(bench);

test("F19: every byte flipped: never PROVEN, and mostly under another id or none", async () => {
  expect((await verify(bytes)).outcome).toBe("PROVEN");
  const caught = new Set<string>();
  let same = 0;
  const changed = bytes.slice();
  for (let at = 0; at < bytes.length; at++) {
    changed[at] = (bytes[at] as number) ^ (1 << (at % 8));
    const report = await verify(changed);
    expect(report.outcome, `byte ${at}`).not.toBe("PROVEN");
    if (report.id === bundle.id) same += 1;
    const by =
      report.checks
        .find(({ code }) => code !== undefined)
        ?.name.split(": ")
        .at(-1) ?? "";
    caught.add(by);
    changed[at] = bytes[at] as number;
  }
  // A flip in the manifest, or of its newline, makes another id or none, and no other does.
  expect(same).toBe(bytes.length - lines[0]!.length - 1);
  // Files are caught by their digests, entries by the tree and the last one's leaf hash, and what the
  // manifest says of trust and checkpoints by these.
  expect([...caught].sort()).toEqual([
    "checkpoints",
    "entries",
    "form",
    "pinned roots",
    "trust states",
  ]);
}, 240_000);

const text = decodeUtf8(bytes) as string;
const lines = linesOf(bytes);
const [first, ...rest] = text.split("\n") as [string, ...string[]];
const other = (line: string): Uint8Array => encodeUtf8([line, ...rest].join("\n"));

test.each([
  ["a space behind the manifest", other(`${first} `)],
  ["a space in the manifest", other(first.replace('"format":', '"format": '))],
  ["an escape that is not needed", other(first.replace('"gate"', '"\\u0067ate"'))],
  [
    "members in another order",
    other(
      `{${first
        .slice(1, -1)
        .split(/,(?="format")/)
        .reverse()
        .join(",")}}`,
    ),
  ],
  ["a number with a fraction", other(first.replace('"from":0', '"from":0.0'))],
  ["a number with an exponent", other(first.replace(/"count":(\d+)/, '"count":$1e0'))],
  ["a member twice", other(first.replace('"from":0', '"from":0,"from":0'))],
  [
    "upper-case digits",
    other(
      first.replace(/"last":"([0-9a-f]+)"/, (_, hex: string) => `"last":"${hex.toUpperCase()}"`),
    ),
  ],
  ["a member that is not known", other(first.replace('{"domains"', '{"also":1,"domains"'))],
  ["a byte-order mark", concatBytes(Uint8Array.of(0xef, 0xbb, 0xbf), bytes)],
  ["lines that end as on Windows", encodeUtf8(text.replaceAll("\n", "\r\n"))],
  ["an empty line at the end", concatBytes(bytes, Uint8Array.of(10))],
  ["a line more", concatBytes(bytes, encodeUtf8("{}\n"))],
  ["no newline at the end", bytes.subarray(0, -1)],
  [
    "a file's line with a space",
    joinLines([lines[0]!, concatBytes(lines[1]!, encodeUtf8(" ")), ...lines.slice(2)]),
  ],
  ["a file's line with an escape", encodeUtf8(text.replace('"{\\"', '"{\\u0022'))],
  [
    "a slash that is escaped",
    encodeUtf8(text.replace("ship.example/gate-1\\n", "ship.example\\/gate-1\\n")),
  ],
  [
    "an opening with a space",
    encodeUtf8(text.replace('"name":"amount","salt"', '"name":"amount", "salt"')),
  ],
  ["nothing", new Uint8Array()],
  ["the manifest alone", joinLines(lines.slice(0, 1))],
])("F19: written in another way: %s", async (_, changed) => {
  expect(changed).not.toEqual(bytes);
  const report = await verify(changed);
  expect(report.outcome).not.toBe("PROVEN");
  expect(report.checks[0]?.name).toBe("form");
});

test("its id is the digest of the manifest, which no part of it changes", async () => {
  expect((await verify(bytes)).id).toBe(bundle.id);
  const cut = joinLines(lines.slice(0, -1));
  expect(await verify(cut)).toMatchObject({
    id: bundle.id,
    outcome: "INCOMPLETE",
    code: "MISSING",
  });
});
