/** The proxy as a program, before servers that crash, hang, shout and flood. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { eventually, Hosted, script } from "./hosted.js";
import type { Message } from "./session.js";
import { notification, request, toolCall } from "./session.js";

const ALLOW = { allow: ["/mcp/example/tools/call/a"] };

/** A server that answers, and does what the text says with each message `m`. */
function server(text: string): string {
  return script(`
    import { createInterface } from "node:readline";
    import { spawn } from "node:child_process";
    const say = (m) => process.stdout.write(JSON.stringify(m) + "\\n");
    const answer = ({ id }, result = {}) => say({ jsonrpc: "2.0", id, result });
    let onLine = (m) => answer(m);
    ${text}
    createInterface({ input: process.stdin }).on("line", (line) => onLine(JSON.parse(line)));
  `);
}

class Running {
  readonly exit: Promise<number | null>;
  out = "";
  err = "";

  constructor(readonly child: ChildProcessWithoutNullStreams) {
    child.stdout.on("data", (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (this.err += chunk.toString()));
    child.stdin.on("error", () => undefined);
    this.exit = new Promise((resolve) => child.once("close", resolve));
  }

  say(...messages: readonly (Message | string)[]): void {
    for (const each of messages) {
      this.child.stdin.write(typeof each === "string" ? each : `${JSON.stringify(each)}\n`);
    }
  }

  get messages(): Message[] {
    return this.out.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as never]));
  }
}

function run(program: string): { running: Running; hosted: Hosted } {
  const hosted = new Hosted(ALLOW, { script: program });
  return { running: new Running(hosted.start()), hosted };
}

function isAlive(pid: string): boolean {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return false;
  try {
    return !/\) Z /.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

/** The pids that a server printed. */
async function pidsOf(running: Running): Promise<string[]> {
  await eventually(() => running.err).toMatch(/pids \d+ \d+/);
  return (/pids (\d+) (\d+)/.exec(running.err) as string[]).slice(1);
}

/** A server that hears no signal that can be ignored, goes on after its stdin's end, and has a child. */
const STUBBORN = `
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1000);
  const child = spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: "ignore" });
  process.stderr.write("pids " + process.pid + " " + child.pid + "\\n");
`;

test("in a pipe: what was asked before the end is answered, and the exit code is 0", async () => {
  const { running, hosted } = run(
    server("onLine = (m) => m.id !== undefined && setTimeout(() => answer(m, { m }), 300);"),
  );
  running.say(request(1, "initialize", {}), toolCall(2, "a"), toolCall(3, "b"));
  running.child.stdin.end();
  expect(await running.exit).toBe(0);
  expect(running.messages.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
  expect(running.messages.find(({ id }) => id === 3)).toHaveProperty("error.code", -32003);
  expect(hosted.received.map(({ method }) => method)).toEqual(["initialize", "tools/call"]);
  expect(running.err).toContain("ended: the server has ended");
});

test("a server that crashes: calls are answered with errors, and the exit code is not 0", async () => {
  const { running, hosted } = run(server("onLine = () => process.exit(0);"));
  running.say(toolCall(1, "a"));
  expect(await running.exit).toBe(1);
  expect(running.messages).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  expect(hosted.log.at(-1)).toEqual({ id: 1, outcome: "lost" });
});

test("a server that crashes and leaves a program behind that holds its stdout", async () => {
  const { running } = run(
    server(`
      const child = spawn("sleep", ["600"], { stdio: ["ignore", "inherit", "inherit"] });
      process.stderr.write("pids " + process.pid + " " + child.pid + "\\n");
      onLine = () => process.exit(1);
    `),
  );
  const [, child = ""] = await pidsOf(running);
  running.say(toolCall(1, "a"));
  expect(await running.exit).toBe(1);
  expect(isAlive(child)).toBe(false);
});

test("a server that does not start", async () => {
  const hosted = new Hosted(ALLOW, { program: "/no/such/program" });
  const running = new Running(hosted.start());
  running.say(request(1, "initialize", {}));
  expect(await running.exit).toBe(1);
  expect(running.err).toContain("ENOENT");
});

test("a client that breaks the protocol: server and all it started are gone, whatever they ignore", async () => {
  const { running, hosted } = run(server(STUBBORN));
  const [parent = "", child = ""] = await pidsOf(running);
  running.say(toolCall(1, "a"), "rubbish\n", toolCall(2, "a"));
  expect(await running.exit).toBe(1);
  expect(hosted.received.filter(({ id }) => id !== 1)).toEqual([]);
  expect(running.messages.find(({ id }) => id === null)).toHaveProperty("error.code", -32700);
  await eventually(() => [isAlive(parent), isAlive(child)]).toEqual([false, false]);
});

test("SIGTERM takes the server and all it started along", async () => {
  const { running } = run(server(STUBBORN));
  const [parent = "", child = ""] = await pidsOf(running);
  running.child.kill("SIGTERM");
  expect(await running.exit).toBe(143);
  await eventually(() => [isAlive(parent), isAlive(child)]).toEqual([false, false]);
});

test("told to end, it answers calls with errors and keeps their outcome", async () => {
  const { running, hosted } = run(server("onLine = () => {};"));
  running.say(toolCall(1, "a"));
  await eventually(() => hosted.received).toHaveLength(1);
  running.child.kill("SIGINT");
  expect(await running.exit).toBe(1);
  expect(running.messages).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  expect(hosted.log.at(-1)).toEqual({ id: 1, outcome: "lost" });
});

test("a server that goes on after the client's end is ended", async () => {
  const { running } = run(server(STUBBORN));
  const [parent = "", child = ""] = await pidsOf(running);
  running.say(toolCall(1, "a"));
  running.child.stdin.end();
  expect(await running.exit).toBe(0);
  expect(running.messages).toMatchObject([{ id: 1, result: {} }]);
  await eventually(() => [isAlive(parent), isAlive(child)]).toEqual([false, false]);
});

test("a call that takes too long after the client's end is lost", async () => {
  const { running, hosted } = run(server("onLine = () => setInterval(() => {}, 1000);"));
  running.say(toolCall(1, "a"));
  running.child.stdin.end();
  expect(await running.exit).toBe(1);
  expect(running.err).toContain("took too long");
  expect(running.messages).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  expect(hosted.log.at(-1)).toEqual({ id: 1, outcome: "lost" });
});

test("a text that some take for lines is one message to them too", async () => {
  const inner = JSON.stringify(toolCall(9, "forbidden"));
  const { running, hosted } = run(
    script(`
      process.stdin.setEncoding("utf8").on("data", (text) => {
        for (const line of text.split(/\\r\\n|[\\n\\r\\u0085\\u2028\\u2029]/)) {
          if (line === "") continue;
          let message;
          try { message = JSON.parse(line); } catch { continue; }
          const said = message.params.name;
          process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { said } }) + "\\n");
        }
      });
    `),
  );
  running.say(toolCall(1, "a", { text: `\u2028${inner}\u2028\u0085${inner}\u0085` }));
  await eventually(() => running.messages).toMatchObject([{ id: 1, result: { said: "a" } }]);
  expect(hosted.received).toHaveLength(1);
  running.child.stdin.end();
  expect(await running.exit).toBe(0);
});

test("what a server says on stderr reaches no terminal as it is", async () => {
  const { running } = run(
    server(String.raw`process.stderr.write("\u001b[2J\u202eabc\n" + "x".repeat(9000) + "\n");`),
  );
  running.child.stdin.end();
  await running.exit;
  expect(running.err).toContain("\\u{1b}[2J\\u{202e}abc\n");
  expect(running.err).not.toMatch(/[^\P{C}\n]/u);
  expect(Math.max(...running.err.split("\n").map(({ length }) => length))).toBeLessThan(4200);
});

test("a client that does not read holds a flooding server up", async () => {
  const flood = notification("notifications/message", { data: "x".repeat(100_000) });
  const { running } = run(
    script(`
      const line = ${JSON.stringify(JSON.stringify(flood))} + "\\n";
      for (let i = 0; i < 200; i++) {
        await new Promise((resolve) => process.stdout.write(line, resolve));
        if (i % 10 === 9) process.stderr.write("sent " + (i + 1) + "\\n");
      }
    `),
  );
  running.child.stdout.pause();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(running.err).not.toContain("sent 100\n");
  running.child.stdout.resume();
  expect(await running.exit).toBe(1);
  expect(running.err).toContain("sent 200\n");
  expect(running.messages).toHaveLength(200);
});
