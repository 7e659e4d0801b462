/** Two domains: one has a log, and each has a witness. Everything goes the way their users go. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { CLI, scratch, writ, writJson } from "./writ.js";

const at = scratch();
const LOG = at("log");

function key(name: string, ...options: string[]): { file: string; vkey: string } {
  const file = at(`${name.replace("/", "-")}.key`);
  const ran = writ(["key", "new", name, "--out", file, ...options]);
  expect(ran.code, ran.err).toBe(0);
  return { file, vkey: ran.out.trim() };
}

const log = key("alpha.example/log");
const alpha = key("alpha.example/witness", "--cosigner");
const beta = key("beta.example/witness", "--cosigner");

function append(folder: string, from: number, to: number): void {
  const files = Array.from({ length: to - from }, (_, i) => {
    writeFileSync(at(`entry-${from + i}`), `entry ${from + i}`);
    return at(`entry-${from + i}`);
  });
  const ran = writ(["log", "append", folder, ...files, "--key", log.file]);
  expect(ran.code, ran.err).toBe(0);
}

const checkpointOf = (folder: string): string => `${folder}/checkpoint`;

interface Witness {
  readonly key: { readonly file: string };
  readonly state: string;
}

function cosign(by: Witness, checkpoint: string, old: number, ...options: string[]): string[] {
  const witness = ["--state", at(by.state), "--key", by.key.file, "--vkey", log.vkey];
  return ["witness", "cosign", checkpoint, "--old", `${old}`, ...witness, ...options];
}

const ALPHA: Witness = { key: alpha, state: "state-alpha" };
const BETA: Witness = { key: beta, state: "state-beta" };

/** A witness with a state of its own, for a test that must not disturb another. */
const fresh = (name: string): Witness => ({ key: beta, state: `state-${name}` });

const lines = at("lines");

test("from keys to a proof that two witnesses vouch for", () => {
  append(LOG, 0, 5);
  const policy = at("policy");
  writeFileSync(
    policy,
    [
      `log ${log.vkey}`,
      `witness alpha ${alpha.vkey}`,
      `witness beta ${beta.vkey}`,
      "group both all alpha beta",
      "quorum both",
      "",
    ].join("\n"),
  );
  const verify = (index: number) => {
    const proof = writ(["log", "prove", LOG, `${index}`]);
    expect(proof.code).toBe(0);
    const args = ["verify", "-", "--entry", at(`entry-${index}`), "--policy", policy];
    return writ([...args, "--max-staleness", "1h"], proof.out);
  };
  expect(verify(3)).toMatchObject({ code: 2, out: expect.stringContaining("QUORUM") });

  for (const [witness, { vkey }] of [
    [ALPHA, alpha],
    [BETA, beta],
  ] as const) {
    const ran = writ(cosign(witness, checkpointOf(LOG), 0));
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out).toMatch(/^— (?:alpha|beta)\.example\/witness [A-Za-z0-9+/]+=*\n$/);
    writeFileSync(lines, ran.out);
    const added = writ(["log", "cosign", LOG, lines, "--vkey", vkey]);
    expect(added.code, added.err).toBe(0);
    expect(added.out).toBe(readFileSync(checkpointOf(LOG), "utf8"));
  }
  expect(verify(3)).toMatchObject({ code: 0, out: expect.stringMatching(/both|alpha/) });
  expect(verify(3).out).toMatch(/PROVEN\n$/);

  // The log grows, and with it the need for cosignatures.
  append(LOG, 5, 300);
  expect(verify(299).code).toBe(2);
  const proof = writ(["log", "consistency", LOG, "5", "300"]);
  const both = [ALPHA, BETA].map((witness) =>
    writ(cosign(witness, checkpointOf(LOG), 5, "--proof", "-"), proof.out),
  );
  for (const { code, err } of both) expect(code, err).toBe(0);
  writeFileSync(lines, both.map(({ out }) => out).join(""));
  const keys = ["--vkey", alpha.vkey, "--vkey", beta.vkey];
  expect(writ(["log", "cosign", LOG, lines, ...keys]).code).toBe(0);
  expect(verify(299).out).toMatch(/PROVEN\n$/);
  expect(verify(3).out).toMatch(/PROVEN\n$/);
  const check = writ(["log", "check", LOG, "--vkey", log.vkey]);
  expect(check.code, check.out).toBe(0);
});

describe("a witness", () => {
  const grown = at("grown");
  const small = at("small-checkpoint");
  const other = at("other");

  beforeAll(() => {
    append(grown, 0, 5);
    cpSync(checkpointOf(grown), small);
    append(grown, 5, 9);
    append(other, 100, 109);
  });

  const proofFile = (from: number, to: number, folder = grown): string => {
    const file = at(`proof-${from}-${to}`);
    writeFileSync(file, writ(["log", "consistency", folder, `${from}`, `${to}`]).out);
    return file;
  };

  test("says which size it remembers, and cosigns from there", () => {
    const witness = fresh("told");
    expect(writ(cosign(witness, small, 0)).code).toBe(0);
    const told = writ(cosign(witness, checkpointOf(grown), 0));
    expect(told).toMatchObject({ code: 1, out: "" });
    expect(told.err).toContain("ask again with --old 5");
    expect(writJson(cosign(witness, checkpointOf(grown), 0))).toEqual({
      exit: 1,
      command: "witness cosign",
      outcome: "REFUTED",
      code: "ROLLBACK",
      status: 409,
      size: "5",
      cosignature: null,
      contradicted: null,
    });
    const proof = ["--proof", proofFile(5, 9)];
    expect(writJson(cosign(witness, checkpointOf(grown), 5, ...proof))).toEqual({
      exit: 0,
      command: "witness cosign",
      outcome: "DONE",
      code: null,
      status: 200,
      size: "9",
      cosignature: expect.stringMatching(/^— beta\.example\/witness \S+\n$/),
      contradicted: null,
    });
    // Whoever lost the answer asks with the new size; the proof is then empty.
    expect(writ(cosign(witness, checkpointOf(grown), 9)).code).toBe(0);
    const empty = at("empty");
    writeFileSync(empty, "");
    expect(writ(cosign(witness, checkpointOf(grown), 9, "--proof", empty)).code).toBe(0);
    // And never again a smaller tree.
    const shrunk = writ(cosign(witness, small, 5));
    expect(shrunk).toMatchObject({ code: 1, out: "" });
    expect(shrunk.err).toContain("cosigns no smaller tree");
    expect(writJson(cosign(witness, small, 9))).toMatchObject({ exit: 1, status: 400 });
  });

  test("refuses a bad proof, and a log that contradicts itself with what it signed before", () => {
    const witness = fresh("refusing");
    expect(writ(cosign(witness, small, 0)).code).toBe(0);
    const wrong = ["--proof", proofFile(4, 9)];
    expect(writJson(cosign(witness, checkpointOf(grown), 5, ...wrong))).toMatchObject({
      exit: 1,
      code: "CONSISTENCY",
      status: 422,
    });
    const fork = ["--proof", proofFile(5, 9, other)];
    expect(writJson(cosign(witness, checkpointOf(other), 5, ...fork))).toMatchObject({
      exit: 1,
      code: "EQUIVOCATION",
      status: 422,
      contradicted: readFileSync(small, "utf8"),
    });
    const shown = writ(cosign(witness, checkpointOf(other), 5, ...fork));
    expect(shown.err).toContain(readFileSync(small, "utf8"));
    expect(writ(cosign(witness, checkpointOf(grown), 5, "--proof", proofFile(5, 9))).code).toBe(0);
  });

  test("asked by many processes at once for two trees of one log cosigns one of them", async () => {
    const run = async (args: readonly string[]): Promise<number | null> =>
      await new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [CLI, ...args], { stdio: "ignore" });
        child.on("error", reject).on("exit", resolve);
      });
    const honest = ["--proof", proofFile(5, 9)];
    const honestTo9 = cosign(fresh("busy"), checkpointOf(grown), 5, ...honest);
    expect(writ(cosign(fresh("busy"), small, 0)).code).toBe(0);
    // The first five entries are the same, so that both continue what is remembered.
    const fork = at("fork");
    append(fork, 0, 5);
    append(fork, 200, 207);
    const forked = ["--proof", at("fork-proof")];
    writeFileSync(at("fork-proof"), writ(["log", "consistency", fork, "5", "12"]).out);
    const forkedTo12 = cosign(fresh("busy"), checkpointOf(fork), 5, ...forked);
    const asked = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? honestTo9 : forkedTo12));
    const codes = await Promise.all(asked.map(run));
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 1)).toHaveLength(9);
    const size = codes.indexOf(0) % 2 === 0 ? "9" : "12";
    expect(writJson(cosign(fresh("busy"), checkpointOf(fork), 0))).toMatchObject({ size });
  });

  test("cosigns for the logs that it was told of alone", () => {
    const witness = fresh("choosy");
    const stranger = key("gamma.example/log");
    const own = ["--old", "0", "--state", at(witness.state), "--key", beta.file];
    const foreign = (...options: string[]) =>
      writJson(["witness", "cosign", small, ...own, ...options]);
    expect(foreign("--vkey", stranger.vkey)).toMatchObject({
      exit: 1,
      code: "ORIGIN",
      status: 404,
    });
    const posing = ["--vkey", stranger.vkey, "--origin", "alpha.example/log"];
    expect(foreign(...posing)).toMatchObject({ exit: 1, code: "UNSIGNED", status: 403 });
    expect(existsSync(at(witness.state))).toBe(false);
    const policy = at("logs-policy");
    writeFileSync(policy, `log ${stranger.vkey}\nlog ${log.vkey}\nquorum none\n`);
    expect(foreign("--policy", policy)).toMatchObject({ exit: 0, status: 200 });
    expect(foreign("--vkey", stranger.vkey, "--vkey", log.vkey)).toMatchObject({ status: 409 });
    expect(foreign()).toMatchObject({ exit: 2, outcome: "ERROR" });
    const both = ["--policy", policy, "--origin", "alpha.example/log"];
    expect(foreign(...both)).toMatchObject({ exit: 2, outcome: "ERROR" });
  });

  test("writes the cosigned checkpoint where --out says, also over the one that it read", () => {
    const witness = fresh("writing");
    const out = at("cosigned");
    const ran = writ(cosign(witness, small, 0, "--out", out));
    expect(readFileSync(out, "utf8")).toBe(readFileSync(small, "utf8") + ran.out);
    const again = writ(cosign(witness, out, 5, "--out", out));
    expect(again.code, again.err).toBe(0);
    // The same key twice would be one cosignature too many.
    expect(readFileSync(out, "utf8").match(/^— beta/gm)).toHaveLength(1);
    const lost = writ(cosign(witness, small, 5, "--out", at("no", "such", "folder")));
    expect(lost).toMatchObject({ code: 2, out: "" });
    expect(lost.err).toMatch(/— beta\.example\/witness \S+\n.*cannot write/s);
    expect(writ(cosign(witness, small, 5, "--out", "/dev/null")).code).toBe(0);
    expect(readFileSync("/dev/null", "utf8")).toBe("");
  });

  test("with a damaged state signs nothing", () => {
    const witness = fresh("damaged");
    expect(writ(cosign(witness, small, 0)).code).toBe(0);
    const [name] = writ(["key", "vkey", beta.file]).out.split("+");
    expect(name).toBe("beta.example/witness");
    const files = readdirSync(at(witness.state, "witness"));
    expect(files).toHaveLength(1);
    const file = at(witness.state, "witness", files[0] as string);
    for (const damage of ["", readFileSync(file, "utf8").slice(0, -9), "{}"]) {
      writeFileSync(file, damage);
      const ran = writ(cosign(witness, small, 0));
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toContain("signed nothing");
    }
  });

  test("with another state than before is warned", () => {
    const ran = writ(cosign(fresh("mistyped"), checkpointOf(grown), 5, "--proof", proofFile(5, 9)));
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain("only if this key never cosigned it");
  });

  test.each([
    ["no --old", (args: string[]) => args.filter((_, i) => i !== 3 && i !== 4), "--old is missing"],
    ["a bad --old", (args: string[]) => args.with(4, "05"), "--old is a tree size"],
    ["no --proof", (args: string[]) => args.with(4, "5"), "writ log consistency DIR 5 9"],
    ["a bad --proof", (args: string[]) => [...args, "--proof", small], "--proof"],
    ["no file for --proof", (args: string[]) => [...args, "--proof", at("none")], "no such file"],
    ["a log's key", (args: string[]) => [...args, "--key", log.file], "of type 04"],
    ["no key", (args: string[]) => [...args, "--key", at("none")], "no such file"],
    ["a bad vkey", (args: string[]) => [...args, "--vkey", "a+b"], "--vkey"],
    ["two checkpoints", (args: string[]) => [...args, small], "expected CHECKPOINT"],
    ["no checkpoint", (args: string[]) => args.with(2, at("none")), "no such file"],
  ])("misused with %s says what to do, and signs nothing", (_, change, message) => {
    const ran = writ(change(cosign(fresh("misused"), checkpointOf(grown), 0)));
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain(message);
    expect(existsSync(at("state-misused"))).toBe(false);
  });

  test.each([
    ["a text", "hello\n", 400],
    ["nothing", "", 400],
    ["a text and no signature", `alpha.example/log\n1\n${"A".repeat(43)}=\n\n`, 403],
  ])("given %s for a checkpoint refuses it", (_, text, status) => {
    const file = at("no-checkpoint");
    writeFileSync(file, text);
    expect(writJson(cosign(fresh("given"), file, 0))).toMatchObject({ exit: 1, status });
  });

  test("with another clock than before is told so", () => {
    const witness = fresh("clock");
    expect(writ(cosign(witness, small, 0)).code).toBe(0);
    const file = at(
      witness.state,
      "witness",
      readdirSync(at(witness.state, "witness"))[0] as string,
    );
    writeFileSync(file, readFileSync(file, "utf8").replace(/^time [0-9]+/, "time 9999999999"));
    const ran = writ(cosign(witness, small, 5));
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("CLOCK");
  });
});

describe("a stored log", () => {
  const folder = at("stored");
  const cosigned = (old: number): string =>
    writ(cosign(fresh("stored"), checkpointOf(folder), old)).out;
  const add = (text: string, ...vkeys: string[]) => {
    writeFileSync(lines, text);
    return writJson(["log", "cosign", folder, lines, ...vkeys.flatMap((vkey) => ["--vkey", vkey])]);
  };
  const stored = (): string => readFileSync(checkpointOf(folder), "utf8");

  test("takes cosignatures of its checkpoint by the keys given, and nothing else", () => {
    append(folder, 0, 5);
    const line = cosigned(0);
    const before = stored();
    const refused = (text: string, code: string, ...vkeys: string[]) => {
      expect(add(text, ...vkeys)).toMatchObject({ exit: 1, code, changed: false });
      expect(stored()).toBe(before);
    };
    refused(line, "KEY", alpha.vkey);
    refused(line.replace(/AAAA/, "AAAB"), "SIGNATURE", beta.vkey);
    refused(line + line.replace("beta", "gamma"), "KEY", beta.vkey);
    refused("", "MALFORMED", beta.vkey);
    refused("hello\n", "MALFORMED", beta.vkey);
    refused(line.trimEnd(), "MALFORMED", beta.vkey);
    refused(`\n\n${line}`, "MALFORMED", beta.vkey);
    refused(`more text\n\n${line}`, "MALFORMED", beta.vkey);
    expect(add(line, log.vkey)).toMatchObject({ exit: 2, outcome: "ERROR" });
    expect(add(line)).toMatchObject({ exit: 2, outcome: "ERROR" });

    expect(add(line, beta.vkey)).toEqual({
      exit: 0,
      command: "log cosign",
      outcome: "DONE",
      code: null,
      size: "5",
      changed: true,
      checkpoint: before + line,
    });
    expect(add(line, beta.vkey)).toMatchObject({ exit: 0, changed: false });
    expect(stored()).toBe(before + line);
  });

  test("does not take cosignatures of a checkpoint that it has grown past", () => {
    const line = cosigned(5);
    append(folder, 5, 6);
    const before = stored();
    expect(before).not.toContain("beta");
    expect(add(line, beta.vkey)).toMatchObject({ exit: 1, code: "SIGNATURE" });
    expect(stored()).toBe(before);
  });

  test("that is not there is not made, and one that is written is waited for by nobody", () => {
    writeFileSync(lines, cosigned(5));
    const absent = writ(["log", "cosign", at("nowhere"), lines, "--vkey", beta.vkey]);
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining("holds no file") });
    expect(existsSync(at("nowhere"))).toBe(false);
  });
});
