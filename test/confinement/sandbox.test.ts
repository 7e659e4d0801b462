import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { bubblewrapRefuses } from "../../src/runtime/confinement/bubblewrap-arguments.js";
import type { Running, Sets } from "../../src/runtime/confinement/effect.js";
import type { ProcessOptions } from "../../src/runtime/confinement/process.js";
import type { Argument } from "../../src/runtime/confinement/program.js";
import { bubblewrap, findBubblewrap, systemPaths } from "../../src/runtime/confinement/sandbox.js";
import { hostIsolation } from "../../src/runtime/confinement/system.js";
import {
  context,
  eventually,
  IMPATIENCE,
  impatient,
  killMarked,
  mark,
  marked,
  must,
  patient,
  shell,
  testWith,
  Text,
} from "./fixture.js";

const found = await findBubblewrap();
const missing = found.ok ? undefined : `bubblewrap: ${found.found}`;
const sandboxed = testWith(missing);

/** Not below /tmp, of which a sandbox has its own. */
const folder = await mkdtemp("/var/tmp/writ-sandbox-");
const inside = join(folder, "in");
const outside = join(folder, "out");
for (const each of [inside, outside]) {
  await mkdir(each);
  await writeFile(join(each, "file"), `content of ${each}`);
}
afterAll(() => rm(folder, { recursive: true }));

async function begin(
  sets: Sets,
  options: ProcessOptions,
  text: string,
  ...words: Argument[]
): Promise<Running> {
  const prepared = await shell(text, ...words);
  return must(bubblewrap(must(found), prepared, sets, options)).start(context());
}

/** What a shell says in a sandbox; errors included. */
async function say(sets: Sets, text: string, ...words: Argument[]): Promise<string> {
  const said = new Text();
  await (
    await begin(sets, patient(said), text, ...words)
  ).ended;
  return said.text;
}

const CLOSED: Sets = { read: systemPaths(), write: [], net: [] };

sandboxed(
  "a program gives its exit code and its output, and has ended when its namespace has",
  async () => {
    const text = new Text();
    const word = mark();
    const running = await begin(
      CLOSED,
      { ...patient(text), input: Buffer.from("given\n") },
      'setsid sh -c "while :; do sleep 0.05; done" "$0" & cat; echo err >&2; sleep 0.2; exit 7',
      word,
    );
    await eventually(() => marked(word).length > 1, "the grandchild");
    expect(await running.ended).toEqual({ outcome: "failed", exit: 7, signal: null });
    expect(marked(word)).toEqual([]);
    expect(text.text.split("\n").sort()).toEqual(["", "err", "given"]);
  },
);

sandboxed("very short programs end like long ones", async () => {
  for (let i = 0; i < 30; i++) {
    const running = await begin(CLOSED, patient(new Text()), "exit 0");
    expect(await running.ended).toEqual({ outcome: "done", exit: 0, signal: null });
    expect((await running.interrupt()).answer).toBe("stopped");
  }
});

sandboxed("when a program is said to have ended, nobody of its namespace is there", async () => {
  const word = mark();
  const text = `for i in 1 2 3 4 5 6 7 8; do setsid sh -c "while :; do :; done" "$0" > /dev/null 2>&1 & done`;
  for (let i = 0; i < 20; i++) {
    const running = await begin(CLOSED, IMPATIENCE, text, word);
    await running.ended;
    expect(marked(word)).toEqual([]);
  }
});

sandboxed(
  "F35: SIGTERM reaches a program in a session of its own, which may end in order",
  async () => {
    const text = new Text();
    const running = await begin(
      CLOSED,
      patient(text),
      'trap "echo orderly; exit 5" TERM; echo ready; while :; do sleep 0.01; done',
    );
    await text.says("ready");
    const { answer, steps } = await running.interrupt();
    expect([answer, steps]).toEqual(["stopped", ["signalled"]]);
    expect((await running.ended).exit).toBe(5);
    expect(text.text).toContain("orderly");
  },
);

sandboxed("F35: a hung handler and a setsid grandchild are gone at level sandbox", async () => {
  const text = new Text();
  const word = mark();
  const running = await begin(
    CLOSED,
    impatient(text),
    `trap "" TERM; (setsid sh -c 'trap "" TERM HUP; while :; do sleep 0.05; done' "$0" &); echo ready; while :; do sleep 0.05; done`,
    word,
  );
  await text.says("ready");
  await eventually(() => marked(word).length >= 2, "both are there");
  const { answer, steps } = await running.interrupt();
  expect([answer, steps]).toEqual(["stopped", ["signalled", "killed"]]);
  expect(marked(word)).toEqual([]);
});

sandboxed(
  "F35: a program that stops the first process of its namespace is stopped all the same",
  async () => {
    const text = new Text();
    const running = await begin(
      CLOSED,
      impatient(text),
      'kill -STOP 1; kill -TERM 1; kill -KILL 1; echo "still $$"; while :; do :; done',
    );
    await text.says("still");
    expect((await running.interrupt()).answer).toBe("stopped");
  },
);

sandboxed("F35: an interruption at once, or twice, is answered, and nothing is left", async () => {
  const word = mark();
  for (let i = 0; i < 20; i++) {
    const running = await begin(CLOSED, impatient(new Text()), "while :; do :; done", word);
    const first = running.interrupt();
    expect(running.interrupt()).toBe(first);
    expect((await first).answer).toBe("stopped");
    expect(marked(word)).toEqual([]);
  }
});

sandboxed("F37: the sets are recorded as they were", async () => {
  const read = [...systemPaths(), inside];
  const sets = { read, write: [] as string[], net: [] as string[] };
  const effect = must(bubblewrap(must(found), await shell(""), sets, patient(new Text())));
  read.push("/later");
  expect(effect.isolation).toEqual({
    level: "sandbox",
    read: [...systemPaths(), inside],
    write: [],
    net: [],
  });
  const bare = must(bubblewrap(must(found), await shell(""), {}, patient(new Text())));
  expect(bare.isolation).toEqual({ level: "sandbox" });
});

sandboxed("F37: it reads what is listed, and nothing else of the host", async () => {
  const sets = { ...CLOSED, read: [...systemPaths(), inside] };
  const text = `cat "$0/file"; echo; cat "$1/file"; ls -A / | tr "\\n" " "; cat /etc/hostname`;
  const said = await say(sets, text, inside, outside);
  expect(said).toContain(`content of ${inside}`);
  expect(said).not.toContain("content of " + outside);
  expect(said).toMatch(/\b(?:etc|usr)\b/);
  expect(said).not.toMatch(/\b(?:root|home|boot|sys|opt|srv|run|work)\b/);
  expect(said).toContain("/etc/hostname: No such file");
});

sandboxed("F37: it writes where it is allowed to, and nowhere else", async () => {
  const sets = { read: [...systemPaths(), folder], write: [outside], net: [] };
  const text = `echo changed > "$0/file"; echo new > "$1/new"; echo x > /usr/x; echo x > /tmp/x && cat /tmp/x`;
  const said = await say(sets, text, inside, outside);
  expect(await readFile(join(inside, "file"), "utf8")).toBe(`content of ${inside}`);
  expect(await readFile(join(outside, "new"), "utf8")).toBe("new\n");
  expect(said.match(/Read-only file system/g)).toHaveLength(2);
  // Its own /tmp, which goes with it.
  expect(said).toContain("x\n");
  expect(await readFile("/tmp/x", "utf8").catch(() => "none")).toBe("none");
});

sandboxed("F37: without limits on reading, what may be written still is the list", async () => {
  const sets = { write: [outside] };
  const said = await say(
    sets,
    `cat "$0/file"; touch "$0/no" /etc/no; touch "$1/yes" && echo yes`,
    inside,
    outside,
  );
  expect(said).toContain(`content of ${inside}`);
  expect(said.match(/Read-only file system/g)).toHaveLength(2);
  expect(said).toContain("yes\n");
});

sandboxed("F37: an empty list of hosts is no network; no list is the host's", async () => {
  const server = createServer((socket) => socket.end("reached"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const text = `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die "none: $!"; print <$s>' "$0"`;
  try {
    expect(await say({ ...CLOSED }, text, String(port))).toContain("none: ");
    const { read, write } = CLOSED;
    expect(await say({ read, write }, text, String(port))).toBe("reached");
  } finally {
    server.close();
  }
});

sandboxed(
  "F37: a run holds no capability, makes no namespaces, and sees its own processes alone",
  async () => {
    const said = await say(
      CLOSED,
      `grep -E "^(Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs)" /proc/self/status; unshare -U true; ls /proc | grep -cE "^[0-9]+$"; for d in /proc/self/fd/*; do [ -e "$d" ] && readlink "$d"; done`,
    );
    expect(said.match(/^Cap\w+:\t0+$/gm)).toHaveLength(4);
    expect(said).toContain("NoNewPrivs:\t1");
    expect(said).toMatch(/unshare failed/);
    const [, processes, descriptors] = /^([0-9]+)\n([^]*)$/m.exec(said) ?? [];
    expect(Number(processes)).toBeLessThan(10);
    // Output, and nothing; none of bubblewrap's, and none of this process.
    const ours = /^(?:\/dev\/null|(?:socket|pipe):\[\d+\])$/;
    expect(
      descriptors
        ?.trim()
        .split("\n")
        .filter((each) => !ours.test(each)),
    ).toEqual([]);
  },
);

sandboxed(
  "F37: its environment is the list (and where it is), and stands on no command line",
  async () => {
    const prepared = await shell("env; sleep 0.3");
    const secret = { ...prepared, environment: { ...prepared.environment, SECRET: mark() } };
    const text = new Text();
    const running = must(bubblewrap(must(found), secret, CLOSED, patient(text))).start(context());
    await text.says("SECRET");
    expect(marked(secret.environment.SECRET)).toEqual([]);
    await running.ended;
    const lines = text.text.trim().split("\n").sort();
    expect(lines).toEqual(
      [
        "PWD=/",
        `PATH=${prepared.environment["PATH"]}`,
        `SECRET=${secret.environment.SECRET}`,
      ].sort(),
    );
  },
);

sandboxed("F37: without a network, sockets of services in /run are out of sight too", async () => {
  expect(await say({ write: [], net: [] }, "ls -A /run | wc -l")).toBe("0\n");
  expect(await say({ write: [] }, "ls -A /run | wc -l")).not.toBe("0\n");
});

sandboxed("copies can be read in the sandbox, and not be changed there", async () => {
  const subject = join(inside, "file");
  const said = await say(CLOSED, 'cat "$0"; echo; echo x > "$0"', { subject });
  expect(said).toContain(`content of ${inside}`);
  expect(said).toMatch(/Read-only file system|Permission denied/);
});

sandboxed("copies of runs may not lie where a run may write, by whatever name", async () => {
  const prepared = await shell("exit 0");
  const link = join(folder, "link");
  await symlink(tmpdir(), link);
  for (const path of [tmpdir(), "/", link]) {
    const sets = { read: [...systemPaths(), path], write: [path], net: [] };
    const answer = bubblewrap(must(found), prepared, sets, patient(new Text()));
    expect(answer, path).toMatchObject({ ok: false, code: "ISOLATION" });
  }
});

sandboxed("paths that are not there are refused, before anything runs", async () => {
  const prepared = await shell("exit 0");
  const sets = { ...CLOSED, read: [...systemPaths(), "/nowhere"] };
  const refused = bubblewrap(must(found), prepared, sets, patient(new Text()));
  expect(refused).toMatchObject({ ok: false, code: "ISOLATION", found: '"/nowhere"' });
  await prepared.discard();
});

test("F37: sets that bubblewrap cannot enforce exactly are refused", () => {
  const refused: Sets[] = [
    { run: [] },
    { run: ["/bin/true"] },
    { net: ["api.example"] },
    { read: ["/usr"] },
    { read: ["/usr"], write: ["/data"] },
    { read: ["/usr", "/proc"], write: [] },
    { read: ["/dev/shm"], write: [] },
    { read: ["/usr/../etc"], write: [] },
    { read: ["usr"], write: [] },
    { read: ["/usr/"], write: [] },
    { write: ["/a//b"] },
    { write: ["/a\0b"] },
  ];
  for (const sets of refused) {
    expect(bubblewrapRefuses(sets), JSON.stringify(sets)).toMatchObject({ code: "ISOLATION" });
  }
  const enforced: Sets[] = [
    {},
    { net: [] },
    { write: [] },
    { read: [], write: [] },
    { read: ["/"], write: ["/data"] },
    { read: ["/data"], write: ["/data/out"], net: [] },
    { read: ["/processes"], write: [] },
  ];
  for (const sets of enforced)
    expect(bubblewrapRefuses(sets), JSON.stringify(sets)).toBeUndefined();
});

sandboxed(
  "F39: a busy loop in a sandbox is ended, with one answer every time: 100 runs",
  async () => {
    const word = mark();
    const answers = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const text = new Text();
      const options = { ...impatient(text), grace: 1 };
      const busy =
        'trap "" TERM; setsid sh -c "while :; do :; done" "$0" & echo ready; while :; do :; done';
      const running = await begin(CLOSED, options, busy, word);
      await text.says("ready");
      const { answer, steps } = await running.interrupt();
      answers.add(`${answer} ${steps.join()}`);
    }
    expect([...answers]).toEqual(["stopped signalled,killed"]);
    expect(marked(word)).toEqual([]);
  },
);

/** A process that confines one program in a sandbox and one in a process group, as this one does. */
async function buildHost(): Promise<string> {
  const host = join(folder, "host.mjs");
  await build({
    stdin: {
      contents: `
        import { systemClock } from "./src/runtime/clock.js";
        import { prepareProgram } from "./src/runtime/confinement/program.js";
        import { processGroup } from "./src/runtime/confinement/process.js";
        import { bubblewrap, findBubblewrap, systemPaths } from "./src/runtime/confinement/sandbox.js";
        const [text, boxed, free] = process.argv.slice(2);
        const prepare = async (word) => (await prepareProgram({
          program: "/bin/sh",
          arguments: ["-c", text, word],
          environment: { PATH: "/usr/bin:/bin" },
        })).value;
        const options = { clock: systemClock, grace: 1000, output: "inherit" };
        const context = { request: {}, signal: new AbortController().signal, checkpoint: async () => {} };
        const sets = { read: systemPaths(), write: [], net: [] };
        const one = processGroup(await prepare(free), options).start(context);
        const box = bubblewrap((await findBubblewrap()).value, await prepare(boxed), sets, options);
        await Promise.all([one.ended, box.value.start(context).ended]);`,
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    outfile: host,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "error",
  });
  return host;
}

sandboxed(
  "when this process is killed, a sandbox goes with it, and a process group does not",
  async () => {
    const [boxed, free] = [mark(), mark()];
    const text = `setsid sh -c 'while :; do sleep 0.05; done' $0 & echo ready; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [await buildHost(), text, boxed, free], {
      stdio: ["ignore", "pipe", "ignore"],
      // What is killed leaves its copies.
      env: { ...process.env, TMPDIR: folder },
    });
    let said = "";
    child.stdout.on("data", (chunk) => (said += String(chunk)));
    try {
      const there = (word: string) => marked(word).filter((pid) => pid !== child.pid).length;
      await eventually(() => said === "ready\nready\n", "both run");
      await eventually(() => there(boxed) >= 4 && there(free) === 2, "both have a grandchild");
      child.kill("SIGKILL");
      await eventually(() => there(boxed) === 0, "the sandbox is gone");
      expect(there(free)).toBe(2);
    } finally {
      child.kill("SIGKILL");
      killMarked(free);
      killMarked(boxed);
    }
  },
);

sandboxed("F37: what this process itself inherited is handed on to nobody", async () => {
  const opened = await open(join(inside, "file"));
  try {
    const text = "for d in 7 9 40 41; do cat /proc/self/fd/$d; done; echo over";
    const stdio = Array.from({ length: 42 }, (_, i) => {
      if (i === 1) return "pipe" as const;
      return [7, 9, 40, 41].includes(i) ? opened.fd : ("ignore" as const);
    });
    const child = spawn(process.execPath, [await buildHost(), text, "-", "-"], { stdio });
    let said = "";
    child.stdout?.on("data", (chunk) => (said += String(chunk)));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).toBe("over\nover\n");
  } finally {
    await opened.close();
  }
});

test("F37: a host says which levels it has, and why it has no bubblewrap", async () => {
  const none = await hostIsolation("/nowhere/bwrap");
  expect(none.levels).toEqual(["cooperative", "worker", "process"]);
  expect(none.bubblewrap).toMatchObject({ ok: false, code: "ISOLATION" });
  const broken = await hostIsolation("/bin/false");
  expect(broken.bubblewrap.ok).toBe(false);
});

sandboxed("F37: a host with bubblewrap has a sandbox", async () => {
  const { levels, bubblewrap: it } = await hostIsolation();
  expect(levels).toEqual(["cooperative", "worker", "process", "sandbox"]);
  const version = execFileSync("/usr/bin/bwrap", ["--version"], { encoding: "utf8" });
  expect(version).toContain(must(it).version);
});
