import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  cosigned,
  entries,
  mlDsaCosign,
  mlDsaKey,
  policyText,
  proofOf,
  TIME,
} from "../tlog/fixture.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { vectors } from "../vectors.js";
import { scratch, writ, writJson } from "./writ.js";

const at = scratch();
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};
const policy = file("policy", policyText("group g 2 w2 w3 w4; quorum g"));
const proof = file("proof", proofOf(4, await cosigned(TIME, TIME - 30n)));
const entry = file("entry", entries[4] as Uint8Array);
const base = ["verify", proof, "--entry", entry, "--policy", policy];
const now = ["--now", String(TIME)];

test("0 proven, 1 refuted, 2 undecided", () => {
  expect(writ([...base, ...now]).code).toBe(0);
  expect(writ(["verify", proof, "--entry", policy, "--policy", policy, ...now]).code).toBe(1);
  expect(writ([...base, ...now, "--max-staleness", "29s"]).code).toBe(2);
  expect(writ([...base, ...now, "--max-staleness", "30s"]).code).toBe(0);
});

test("times are RFC 3339 or seconds", () => {
  const iso = new Date(Number(TIME) * 1000).toISOString();
  expect(writ([...base, "--now", iso, "--max-staleness", "30s"]).code).toBe(0);
  expect(writ([...base, "--now", "2020-01-01T00:00:00Z"])).toMatchObject({ code: 2 });
  expect(writ([...base, "--now", "2027-02-31T00:00:00Z"]).err).toContain("a time is like");
});

test("--json holds the outcome, the code and every check", () => {
  const stale = writJson([...base, ...now, "--max-staleness", "1s"]);
  expect(stale).toMatchObject({ command: "verify", outcome: "INCOMPLETE", code: "STALE" });
  expect((stale["checks"] as { name: string }[]).map((check) => check.name)).toEqual([
    "proof format",
    "origin",
    "log signature",
    "cosignatures",
    "quorum",
    "inclusion",
  ]);
});

test("the expected origin is stated whole", () => {
  expect(writ([...base, ...now, "--origin", "log.example/one"]).code).toBe(0);
  expect(writ([...base, ...now, "--origin", "log.example"])).toMatchObject({ code: 1 });
});

test("an ML-DSA-44 witness in the policy is verified without being asked for", () => {
  const pq = `${policyText("")}witness pq ${formatVkey(mlDsaKey)}\nquorum pq\n`;
  return cosigned(TIME).then((bytes) => {
    const good = file("pq", proofOf(4, mlDsaCosign(bytes, TIME)));
    const bad = file("pq-bad", proofOf(4, mlDsaCosign(bytes, TIME, true)));
    const trust = ["--entry", entry, "--policy", file("pq-policy", pq), ...now];
    expect(writ(["verify", good, ...trust]).code).toBe(0);
    expect(writ(["verify", bad, ...trust]).code).toBe(1);
  });
});

test.each([
  ["empty", ""],
  ["binary", Uint8Array.from({ length: 300 }, (_, i) => i)],
  ["a long line", "x".repeat(3 << 20)],
  ["another format", '{"json": true}'],
])("a proof that is %s is refused with a code", (_, content) => {
  const ended = writJson(["verify", file("bad", content), "--entry", entry, "--policy", policy]);
  expect(ended["code"]).toMatch(/MALFORMED|TOO_LARGE/);
  expect(ended).toMatchObject({ outcome: "REFUTED" });
});

test.each([
  ["empty", ""],
  ["binary", Uint8Array.from({ length: 300 }, (_, i) => i)],
  ["without a quorum", "# nothing\n"],
  ["with a key that is not supported", "log a+b+c\nquorum none\n"],
])("a policy that is %s is the caller's mistake: exit 2", (_, content) => {
  const ran = writ(["verify", proof, "--entry", entry, "--policy", file("bad", content)]);
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(/not a usable policy: (?:MALFORMED|UNSUPPORTED_KEY)/);
});

test("a folder, and a file that is not there, are said to be that", () => {
  expect(writ(["verify", at(), "--entry", entry, "--policy", policy]).err).toContain("folder");
  expect(writ(["verify", at("no"), "--entry", entry, "--policy", policy]).err).toContain(
    "no such file",
  );
});

test.skipIf(!vectors.present)(
  "a record of the Go checksum database, from its tiles to PROVEN",
  () => {
    const folder = vectors.path("go-checksum-database");
    const line = vectors.text("go-checksum-database", "lookups.jsonl").split("\n")[100] as string;
    const { response } = JSON.parse(line) as { response: string };
    const [, index, record, note] = /^([0-9]+)\n([^]*?\n)\n([^]*)$/.exec(response) as string[];
    const vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    const checkpoint = file("go-checkpoint", note as string);
    const made = writ([
      "log",
      "prove",
      folder,
      index as string,
      "--layout",
      "go",
      "--checkpoint",
      checkpoint,
    ]);
    expect(made.code, made.err).toBe(0);
    const trust = ["--policy", file("go-policy", `log ${vkey}\nquorum none\n`)];
    const words = ["verify", "-", "--entry", file("record", record as string), ...trust];
    expect(writ([...words, "--origin", "go.sum database tree"], made.out).code).toBe(0);
    expect(writ(words, made.out)).toMatchObject({ code: 1 });
  },
);
