/** `writ mcp`: the calls of a session as runs of a gate. */
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { authorize, buyer, eventually, fresh, must, pay, Place, Run } from "./fixture.js";
import { writ } from "../writ.js";

/** A server that answers what it is asked, and `wait` only when it is cancelled. */
const server = `${fresh("server")}.mjs`;
writeFileSync(
  server,
  `import { createInterface } from "node:readline";
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    if (method === "notifications/cancelled") console.error("cancelled");
    if (id === undefined || params?.name === "wait") { console.error(params?.name ?? method); continue; }
    const isError = params?.name === "fail";
    const content = [{ type: "text", text: "did " + JSON.stringify(params?.arguments) }];
    const result = method === "initialize" ? { protocolVersion: "2025-06-18", capabilities: { tools: {} },
      serverInfo: { name: "test", version: "1" } } : { content, isError };
    console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }`,
);

class Session {
  readonly run: Run;
  #answers = "";

  constructor(place: Place, chain: string) {
    const given = ["--server", "files", "--authorization", chain, "--key", buyer.file];
    const words = ["mcp", ...given, ...place.host, ...place.from, "--", process.execPath, server];
    this.run = new Run(words, place.report);
    this.run.child.stdout.on("data", (chunk: Buffer) => (this.#answers += chunk));
    const client = { name: "client", version: "1" };
    this.send(0, "initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: client,
    });
  }

  send(id: number, method: string, params: object): void {
    this.run.child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  }

  call(id: number, name: string, given: object): void {
    this.send(id, "tools/call", { name, arguments: given });
  }

  async answer(id: number): Promise<any> {
    const find = () =>
      this.#answers
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as { id: number }]))
        .find((each) => each.id === id);
    await eventually(find).toBeDefined();
    return find();
  }
}

const terms = ["--command", "/mcp/files", "--where", "path within [/data]"];

test("a call that is allowed passes, one that is not is answered with its code, and both are in the log", async () => {
  const place = new Place();
  const session = new Session(place, authorize(terms));
  session.call(1, "read", { path: "/data/a" });
  session.call(2, "read", { path: "/etc/passwd" });
  session.call(3, "fail", { path: "/data/b" });
  expect((await session.answer(1)).result.content[0].text).toBe('did {"path":"/data/a"}');
  expect((await session.answer(2)).error).toMatchObject({ code: -32003, data: { code: "SCOPE" } });
  expect((await session.answer(3)).result.isError).toBe(true);
  session.run.child.stdin.end();
  expect(await session.run.ended).toMatchObject({ code: 0 });
  const entries = place.entries();
  const outcomes = entries.filter(({ kind }) => kind === "outcome").map(({ outcome }) => outcome);
  expect(outcomes.sort()).toEqual(["done", "failed"]);
  const commands = entries.filter(({ kind }) => kind === "admission").map(({ command }) => command);
  expect(commands).toContain("/mcp/files/tools/call/read");
  const measured = entries.find(({ kind }) => kind === "measurement");
  expect(measured?.["isolation"]).toEqual({ level: "cooperative" });
});

test("F9: a call that is under way when its authorization is revoked is answered, and the server told", async () => {
  const place = new Place();
  const chain = authorize(terms);
  const session = new Session(place, chain);
  session.call(1, "wait", { path: "/data/a" });
  await session.run.said("wait");
  must("revoke", chain, "--domain", pay);
  expect((await session.answer(1)).error).toMatchObject({
    code: -32004,
    data: { code: "REVOKED" },
  });
  await session.run.said("cancelled");
  session.call(2, "read", { path: "/data/a" });
  expect((await session.answer(2)).error).toMatchObject({
    code: -32003,
    data: { code: "REVOKED" },
  });
  session.run.child.kill("SIGTERM");
  expect((await session.run.ended).code).toBe(143);
  const interruption = place.entries().find(({ kind }) => kind === "interruption");
  expect(interruption).toMatchObject({ state: "contained", answer: "unknown" });
  expect((await place.run(authorize(), "--", "true")).code).toBe(0);
});

test("a gate that cannot be opened serves nobody, and misuse is told", async () => {
  const place = new Place();
  const session = new Session(place, authorize(terms));
  await session.answer(0);
  const second = new Session(place, authorize(terms));
  const { code, out, err } = await second.run.ended;
  expect({ code, out }).toEqual({ code: 77, out: "" });
  expect(err).toMatch(/no gate, LOG/);
  session.run.child.stdin.end();
  await session.run.ended;
  const options = ["--authorization", authorize(terms), "--key", buyer.file, ...place.host];
  const named = (name: string, ...more: string[]) =>
    writ(["mcp", "--server", name, ...options, ...more]);
  expect(named("a/b", "--", "true")).toMatchObject({ code: 2, out: "" });
  expect(named("files").err).toMatch(/expected a server after --/);
});
