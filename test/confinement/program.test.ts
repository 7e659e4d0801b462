import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { processGroup } from "../../src/runtime/confinement/process.js";
import type { Prepared, ProgramOptions } from "../../src/runtime/confinement/program.js";
import { prepareModule, prepareProgram } from "../../src/runtime/confinement/program.js";
import { context, ENVIRONMENT, must, patient, Text } from "./fixture.js";

const folder = await mkdtemp(join(tmpdir(), "writ-program-"));
const scratch = join(folder, "scratch");
await mkdir(scratch);
afterAll(() => rm(folder, { recursive: true }));

const sha = (bytes: Uint8Array, algorithm = "sha256"): string =>
  createHash(algorithm).update(bytes).digest("hex");

async function file(name: string, text: string | Uint8Array, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const prepare = (program: string, options: Partial<ProgramOptions> = {}) =>
  prepareProgram({ program, arguments: [], environment: ENVIRONMENT, scratch, ...options });

async function outputOf(prepared: Prepared): Promise<string> {
  const text = new Text();
  await processGroup(prepared, patient(text)).start(context()).ended;
  return text.text;
}

/** Nothing of a refused preparation, or of an ended run, may stay. */
const left = (): string[] => readdirSync(scratch);

test("a program is copied and hashed with its interpreter, and the copies run", async () => {
  const script = await file("hello", '#!/bin/sh\necho "hello $1 $0"\n');
  const prepared = must(
    await prepare(script, { arguments: ["world"], digests: ["sha256", "sha512"] }),
  );
  const [shell, copy] = prepared.argv;
  expect(prepared.artifacts).toEqual(
    [script, "/bin/sh"].map((path) => {
      const bytes = readFileSync(path);
      return { path, digests: { sha256: sha(bytes), sha512: sha(bytes, "sha512") } };
    }),
  );
  for (const path of [shell, copy] as string[]) expect(path.startsWith(prepared.folder)).toBe(true);
  expect(statSync(prepared.folder).mode & 0o777).toBe(0o700);
  expect(statSync(shell as string).mode & 0o777).toBe(0o500);
  expect(await outputOf(prepared)).toBe(`hello world ${copy}\n`);
  expect(left()).toEqual([]);
});

test("a name is looked up in the given PATH, and in no other", async () => {
  await mkdir(join(folder, "one"));
  await mkdir(join(folder, "two"));
  await file("one/tool", "#!/bin/sh\necho one\n", 0o644);
  await file("two/tool", "#!/bin/sh\necho two\n");
  const PATH = `relative::${join(folder, "one")}:${join(folder, "two")}:/bin`;
  const prepared = must(await prepare("tool", { environment: { PATH } }));
  expect(prepared.artifacts[0]?.path).toBe(join(folder, "two/tool"));
  expect(await outputOf(prepared)).toBe("two\n");
  for (const environment of [{}, { PATH: "" }, { PATH: "." }]) {
    expect(await prepare("sh", { environment })).toMatchObject({ ok: false, code: "MISSING" });
  }
  for (const name of ["", ".", ".."]) {
    expect(await prepare(name), name).toMatchObject({ ok: false, code: "MISSING" });
  }
  expect(left()).toEqual([]);
});

test("env, and interpreters that are scripts, are followed to what really runs", async () => {
  await mkdir(join(folder, "bin"));
  const inner = await file("bin/inner", '#!/bin/sh -u\necho "inner $*"\n');
  const outer = await file("outer", "#!/usr/bin/env inner\nunused\n");
  const environment = { PATH: join(folder, "bin") };
  const prepared = must(await prepare(outer, { environment, arguments: ["x"] }));
  expect(prepared.artifacts.map(({ path }) => path)).toEqual([outer, inner, "/bin/sh"]);
  expect(prepared.argv.slice(1, 2)).toEqual(["-u"]);
  expect(await outputOf(prepared)).toBe(`inner ${prepared.argv[3]} x\n`);
  // The kernel, which hashes nothing, starts it just so.
  expect(execFileSync(outer, ["x"], { env: environment, encoding: "utf8" })).toBe(
    `inner ${outer} x\n`,
  );
});

test("what nobody could say the program of is refused", async () => {
  const loop = join(folder, "loop");
  const bad: [string, string][] = [
    ["no-magic", "echo a shell would run this\n"],
    ["empty", ""],
    ["no-path", "#!sh\n"],
    ["no-interpreter", "#! \n"],
    ["endless", `#!/bin/${"x".repeat(300)}\n`],
    ["no-line", "#!/bin/sh"],
    ["env-split", "#!/usr/bin/env -S sh -u\n"],
    ["env-variable", "#!/usr/bin/env A=1 sh\n"],
    ["env-variable-alone", "#!/usr/bin/env A=1\n"],
    ["loop", `#!${loop}\n`],
    ["odd", "#!/bin/sh \u0001\n"],
  ];
  for (const [name, text] of bad) {
    const path = await file(name, text);
    expect(await prepare(path), name).toMatchObject({ ok: false, code: "MALFORMED" });
  }
  expect(await prepare(await file("gone", "#!/nowhere/sh\n"))).toMatchObject({ code: "MISSING" });
  expect(await prepare(await file("plain", "#!/bin/sh\n", 0o644))).toMatchObject({
    code: "MISSING",
  });
  expect(left()).toEqual([]);
});

test("only regular files are taken, and a pipe without another end keeps nobody waiting", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await chmod(pipe, 0o755);
  for (const path of [pipe, folder, "/dev/zero", join(folder, "absent")]) {
    expect(await prepare(path), path).toMatchObject({ ok: false, code: "MISSING" });
    const subject = await prepare("/bin/sh", { arguments: [{ subject: path }] });
    expect(subject, path).toMatchObject({ ok: false, code: "MISSING" });
  }
  for (const path of ["relative/sh", "./sh", "/bin/sh\0x"]) {
    expect(await prepare(path)).toMatchObject({ ok: false, code: "MALFORMED" });
  }
  expect(left()).toEqual([]);
});

test("words and variables that cannot be handed on are refused, with their text made harmless", async () => {
  const hostile = "a\0\u001b[31m\u202e";
  const refused = [
    await prepare("/bin/sh", { arguments: [hostile] }),
    await prepare("/bin/sh", { environment: { A: hostile } }),
    await prepare("/bin/sh", { environment: { "A=B": "1" } }),
    await prepare("/bin/sh", { environment: { "": "1" } }),
  ];
  for (const each of refused) {
    expect(each).toMatchObject({ ok: false, code: "MALFORMED" });
    expect(Object.values(each).join(" ")).not.toMatch(/\p{C}/u);
  }
});

test("a subject is hashed, and the program gets its copy in its place", async () => {
  const subject = await file("data.txt", "what was decided on", 0o600);
  const prepared = must(
    await prepare("/bin/sh", {
      arguments: ["-c", 'cat "$1"; basename "$1"', "sh", { subject }],
    }),
  );
  const digests = { sha256: sha(Buffer.from("what was decided on")) };
  expect(prepared.artifacts[1]).toEqual({ path: subject, digests });
  expect(prepared.argv.at(-1)).not.toBe(subject);
  await writeFile(subject, "something else");
  expect(await outputOf(prepared)).toBe("what was decided ondata.txt\n");
});

test("the environment is what is listed, and nothing of this process", async () => {
  process.env["WRIT_TEST_LEAK"] = "leaked";
  const environment = { ...ENVIRONMENT, ONE: "1 2" };
  const prepared = must(await prepare("env", { environment }));
  const lines = (await outputOf(prepared)).trim().split("\n").sort();
  expect(lines).toEqual(["ONE=1 2", `PATH=${ENVIRONMENT.PATH}`]);
  delete process.env["WRIT_TEST_LEAK"];
});

test("a program that is swapped after it was hashed is not what runs: by name, by link, in place", async () => {
  const swaps: ((path: string) => Promise<void>)[] = [
    async (path) => rename(await file("evil", "#!/bin/sh\necho evil\n"), path),
    async (path) => writeFile(path, "#!/bin/sh\necho evil\n"),
    async (path) => {
      await rm(path);
      await symlink(await file("evil-target", "#!/bin/sh\necho evil\n"), path);
    },
    (path) => rm(path),
  ];
  for (const swap of swaps) {
    const good = "#!/bin/sh\necho good\n";
    const path = await file("swapped", good);
    const prepared = must(await prepare(path));
    await swap(path);
    expect(prepared.artifacts[0]?.digests["sha256"]).toBe(sha(Buffer.from(good)));
    expect(await outputOf(prepared)).toBe("good\n");
    await rm(path, { force: true });
  }
});

test("while a file is being written to, the copy still is what its digest says", async () => {
  const path = await file("moving", new Uint8Array(3_000_000));
  const handle = await open(path, "r+");
  const stop = new AbortController();
  const writer = (async () => {
    for (let writes = 0; !stop.signal.aborted; writes++) {
      await handle.write(Buffer.from(`#${writes}`), 0, null, (writes * 65_537) % 2_900_000);
    }
  })();
  const seen = new Set<string>();
  try {
    for (let i = 0; i < 20; i++) {
      const options = { program: path, arguments: [], environment: {}, scratch };
      const prepared = must(await prepareModule(options));
      const digest = prepared.artifacts[0]?.digests["sha256"] as string;
      expect(sha(await readFile(prepared.argv[0] as string))).toBe(digest);
      seen.add(digest);
      await prepared.discard();
    }
  } finally {
    stop.abort();
    await writer;
    await handle.close();
  }
  // Else nothing was raced.
  expect(seen.size).toBeGreaterThan(1);
  expect(left()).toEqual([]);
});

test("whoever starts nothing discards the copies, as often as he likes; a run does so itself", async () => {
  const prepared = must(await prepare("/bin/sh", { arguments: ["-c", "exit 3"] }));
  expect(left()).toHaveLength(1);
  const { ended } = processGroup(prepared, patient(new Text())).start(context());
  expect(await ended).toMatchObject({ outcome: "failed", exit: 3, signal: null });
  expect(existsSync(prepared.folder)).toBe(false);
  await prepared.discard();
  const second = processGroup(prepared, patient(new Text())).start(context());
  expect(await second.ended).toMatchObject({ outcome: "failed", exit: null });
});
