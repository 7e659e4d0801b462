import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { deno, openDeno } from "../../src/runtime/confinement/deno.js";
import { denoPermissions, denoRefuses } from "../../src/runtime/confinement/deno-permissions.js";
import type { Effect, Sets } from "../../src/runtime/confinement/effect.js";
import type { ProcessOptions } from "../../src/runtime/confinement/process.js";
import type { Prepared, ProgramOptions } from "../../src/runtime/confinement/program.js";
import { prepareModule } from "../../src/runtime/confinement/program.js";
import { installed, INSTALL } from "../conformance/launch/installed.js";
import {
  context,
  ENVIRONMENT,
  impatient,
  killMarked,
  mark,
  marked,
  must,
  patient,
  testWith,
  Text,
  track,
} from "./fixture.js";

const path = installed("deno/deno");
const opened = path === undefined ? undefined : must(await openDeno(path));
const confined = testWith(opened ? undefined : `Deno is not there: ${INSTALL}`);
afterAll(() => opened?.discard());

const folder = await mkdtemp("/var/tmp/writ-deno-");
afterAll(() => rm(folder, { recursive: true }));
const inside = join(folder, "in");
const outside = join(folder, "out");
for (const each of [inside, outside]) {
  await mkdir(each);
  await writeFile(join(each, "data.json"), JSON.stringify({ content: each }));
  await writeFile(join(each, "code.js"), `export default ${JSON.stringify(each)};`);
}

/** None of each. */
const CLOSED: Sets = { read: [], write: [], net: [], run: [] };

let modules = 0;

async function prepare(text: string, options: Partial<ProgramOptions> = {}): Promise<Prepared> {
  modules += 1;
  const program = join(folder, `module-${modules}.js`);
  await writeFile(program, text);
  const defaults = { program, arguments: [], environment: {} };
  return track(must(await prepareModule({ ...defaults, ...options })));
}

async function effectOf(sets: Sets, options: ProcessOptions, prepared: Prepared): Promise<Effect> {
  return must(await deno(opened as NonNullable<typeof opened>, prepared, sets, options));
}

/** Runs a module that has `attempt(name, call)`, which says the error's name, or what came. */
async function say(
  sets: Sets,
  text: string,
  options: Partial<ProgramOptions> = {},
): Promise<Record<string, unknown>> {
  const said = new Text();
  const attempt = `const said = {};
    const attempt = async (name, call) => {
      try { said[name] = (await call()) ?? "done"; } catch (error) { said[name] = error.name; }
    };
    ${text}
    console.log(JSON.stringify(said));
    Deno.exit(0);`;
  const effect = await effectOf(sets, patient(said), await prepare(attempt, options));
  await effect.start(context()).ended;
  return JSON.parse(said.text.trim().split("\n").at(-1) ?? "");
}

const RIGHTS = `
  await attempt("read", () => Deno.readTextFileSync("/etc/hostname").length);
  await attempt("node:fs", async () => (await import("node:fs")).readFileSync("/etc/hostname").length);
  await attempt("write", () => Deno.writeTextFile("${outside}/new", "x"));
  await attempt("run", () => new Deno.Command("/bin/true").output().then(() => "ran"));
  await attempt("child_process", async () => (await import("node:child_process")).spawnSync("/bin/true").status);
  await attempt("kill", () => Deno.kill(Deno.ppid, "SIGCONT"));
  await attempt("native", () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}));
  await attempt("connect", () => Deno.connect({ port: 9 }));
  await attempt("unix", () => Deno.connect({ transport: "unix", path: "/tmp/socket" }));
  await attempt("resolve", () => Deno.resolveDns("example.com", "A"));
  await attempt("environment", () => Deno.env.toObject());
  await attempt("system", () => Deno.hostname());
  await attempt("ask", async () => (await Deno.permissions.request({ name: "read" })).state);
  await attempt("worker", () => new Promise((resolve) => {
    const text = "try { Deno.readTextFileSync('/etc/hostname'); postMessage('read') } catch (e) { postMessage(e.name) }";
    const worker = new Worker("data:text/javascript," + encodeURIComponent(text), { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
  }));
`;

confined("F37: without a single right, Deno refuses each", async () => {
  expect(await say(CLOSED, RIGHTS)).toEqual({
    ...Object.fromEntries(
      ["read", "node:fs", "write", "run", "kill", "native", "connect", "unix", "resolve"].map(
        (name) => [name, "NotCapable"],
      ),
    ),
    child_process: "NotCapable",
    environment: "NotCapable",
    system: "NotCapable",
    ask: "denied",
    worker: "NotCapable",
  });
});

confined("F37: static imports, too, read nothing that is not listed", async () => {
  const imports = (at: string): string[] => [
    `import data from "${pathToFileURL(at)}/data.json" with { type: "json" }; console.log(data.content);`,
    `import code from "${pathToFileURL(at)}/code.js"; console.log(code);`,
    `import text from "${pathToFileURL(at)}/code.js" with { type: "text" }; console.log(text);`,
    `const { default: d } = await import("${pathToFileURL(at)}/data.json", { with: { type: "json" } }); console.log(d.content);`,
    `import "data:text/javascript,import d from '${pathToFileURL(at)}/code.js'; console.log(d)";`,
  ];
  const sets = { ...CLOSED, read: [inside] };
  const run = async (text: string): Promise<string> => {
    const said = new Text();
    await (await effectOf(sets, patient(said), await prepare(text))).start(context()).ended;
    return said.text;
  };
  for (const text of imports(inside)) expect(await run(text), text).toContain(inside);
  for (const text of imports(outside)) {
    const said = await run(text);
    expect(said, text).toContain("Requires read access");
    expect(said.replaceAll(/file:\/\/\S+|"[^"]*"/g, ""), text).not.toContain(outside);
  }
});

confined("F37: it reads and writes just what is listed", async () => {
  const sets = { ...CLOSED, read: [inside], write: [outside] };
  const said = await say(
    sets,
    `await attempt("in", () => JSON.parse(Deno.readTextFileSync("${inside}/data.json")).content);
     await attempt("out", () => Deno.readTextFileSync("${outside}/data.json"));
     await attempt("write in", () => Deno.writeTextFileSync("${inside}/new", "x"));
     await attempt("write out", () => Deno.writeTextFileSync("${outside}/new", "x"));
     await attempt("link", () => Deno.symlinkSync("/etc/hostname", "${outside}/link"));`,
  );
  expect(said).toEqual({
    in: inside,
    out: "NotCapable",
    "write in": "NotCapable",
    "write out": "done",
    link: "NotCapable",
  });
  expect(await readFile(join(outside, "new"), "utf8")).toBe("x");
});

confined(
  "F37: it connects to just the hosts that are listed, also when one of them redirects",
  async () => {
    const server = createServer((request, response) => {
      const { port } = server.address() as AddressInfo;
      if (request.url === "/away")
        response.writeHead(302, { location: `http://127.0.0.1:${port}/` });
      response.end("reached");
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const text = `const get = (url) => fetch(url).then((answer) => answer.text());
      await attempt("listed", () => get("http://localhost:${port}/"));
      await attempt("redirected", () => get("http://localhost:${port}/away"));
      await attempt("other", () => get("http://127.0.0.1:${port}/"));`;
      expect(await say({ ...CLOSED, net: [`localhost:${port}`] }, text)).toEqual({
        listed: "reached",
        redirected: "NotCapable",
        other: "NotCapable",
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
);

confined(
  "a module gets its words, its copies and its environment, and nothing of this process",
  async () => {
    process.env["WRIT_TEST_LEAK"] = "leaked";
    const text = `console.log(JSON.stringify({
    words: Deno.args.length, subject: Deno.readTextFileSync(Deno.args[1]),
    one: Deno.env.get("ONE"), leak: await Promise.resolve().then(() => Deno.env.get("WRIT_TEST_LEAK")).catch((e) => e.name),
  }));`;
    const prepared = await prepare(text, {
      arguments: ["-A", { subject: join(inside, "code.js") }],
      environment: { ONE: "1" },
    });
    expect(prepared.artifacts).toHaveLength(2);
    const said = new Text();
    expect(await (await effectOf(CLOSED, patient(said), prepared)).start(context()).ended).toEqual({
      outcome: "done",
      exit: 0,
      signal: null,
    });
    expect(JSON.parse(said.text)).toEqual({
      words: 2,
      subject: await readFile(join(inside, "code.js"), "utf8"),
      one: "1",
      leak: "NotCapable",
    });
    delete process.env["WRIT_TEST_LEAK"];
  },
);

confined(
  "F37: variables that steer Deno are refused, as are copies where a run may write",
  async () => {
    const refused = async (sets: Sets, options: Partial<ProgramOptions>) => {
      const prepared = await prepare("", options);
      const answer = await deno(
        opened as NonNullable<typeof opened>,
        prepared,
        sets,
        patient(new Text()),
      );
      await prepared.discard();
      return answer;
    };
    for (const name of [
      "DENO_DIR",
      "LD_PRELOAD",
      "HTTPS_PROXY",
      "http_proxy",
      "NODE_OPTIONS",
      "A*",
    ]) {
      const environment = { [name]: "x" };
      expect(await refused(CLOSED, { environment }), name).toMatchObject({ code: "ISOLATION" });
    }
    expect(await refused({ ...CLOSED, write: ["/tmp"] }, {})).toMatchObject({ code: "ISOLATION" });
    const beside = { ...CLOSED, write: [folder] };
    expect(await refused(beside, { scratch: folder })).toMatchObject({ code: "ISOLATION" });
    expect(await refused({ ...CLOSED, write: ["/"] }, {})).toMatchObject({ code: "ISOLATION" });
  },
);

confined("F35: a hung or busy module is stopped, for it can have no child", async () => {
  for (const text of ["await new Promise((r) => setTimeout(r, 1e6));", "for (;;);"]) {
    const said = new Text();
    const ready = `Deno.addSignalListener("SIGTERM", () => {}); console.log("ready"); ${text}`;
    const effect = await effectOf(CLOSED, impatient(said), await prepare(ready));
    expect(effect.isolation).toEqual({ level: "sandbox", ...CLOSED });
    const running = effect.start(context());
    await said.says("ready");
    const { answer, steps } = await running.interrupt();
    expect([answer, steps]).toEqual(["stopped", ["signalled", "killed", "closed"]]);
    expect((await running.ended).signal).toBe("SIGKILL");
  }
});

confined(
  "F35, F37: with a program to run it is a process: no set is claimed, and its child lives on",
  async () => {
    const word = mark();
    const text = `new Deno.Command("/bin/sh", {
      args: ["-c", "cat /etc/hostname; setsid sh -c 'echo apart; while :; do sleep 0.05; done' $0 & wait", ${JSON.stringify(word)}],
    }).spawn();
    await new Promise((r) => setTimeout(r, 1e6));`;
    const said = new Text();
    const sets = { ...CLOSED, run: ["/bin/sh"] };
    const prepared = await prepare(text, { environment: ENVIRONMENT });
    const effect = await effectOf(sets, impatient(said), prepared);
    expect(effect.isolation).toEqual({ level: "process" });
    const running = effect.start(context());
    try {
      await said.says("apart");
      expect((await running.interrupt()).answer).toBe("unknown");
      expect(marked(word)).toHaveLength(1);
    } finally {
      killMarked(word);
    }
  },
);

confined("F37: without a list of programs anything can be run: a process too", async () => {
  const { read, write, net } = CLOSED;
  const effect = await effectOf({ read, write, net }, patient(new Text()), await prepare(""));
  expect(effect.isolation).toEqual({ level: "process" });
});

test("F37: permissions are the sets, and sets that cannot be told are refused", () => {
  expect(denoPermissions(CLOSED, "/copies", [])).toEqual(["--allow-read=/copies"]);
  expect(denoPermissions({}, "/copies", ["A", "B"])).toEqual([
    "--allow-read",
    "--allow-write",
    "--allow-net",
    "--allow-run",
    "--allow-env=A,B",
  ]);
  const sets = { read: ["/a", "/b"], write: ["/c"], net: ["h:1", "i"], run: ["/bin/true"] };
  expect(denoPermissions(sets, "/copies", [])).toEqual([
    "--allow-read=/a,/b,/copies",
    "--allow-write=/c",
    "--allow-net=h:1,i",
    "--allow-run=/bin/true",
  ]);
  const refused: Sets[] = [
    { read: ["/a,/etc"] },
    { read: [""] },
    { read: ["a"] },
    { write: ["./a"] },
    { net: ["a.example,b.example"] },
    { net: [""] },
    { run: ["true\0"] },
  ];
  for (const each of refused) expect(denoRefuses(each), JSON.stringify(each)).toBeDefined();
  expect(denoRefuses(sets)).toBeUndefined();
});

confined("what is no Deno is none", async () => {
  expect(await openDeno("/nowhere/deno")).toMatchObject({ ok: false, code: "ISOLATION" });
  expect(await openDeno("/bin/echo")).toMatchObject({ ok: false, code: "ISOLATION" });
});
