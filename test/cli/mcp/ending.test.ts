/** Cancellation, interruption, and the ways in which a session ends: always closed. */
import { describe, expect, test } from "vitest";
import { MAX_MESSAGE_BYTES } from "../../../src/cli/mcp/proxy.js";
import type { Asked } from "./session.js";
import { notification, request, result, Session, settle, toolCall } from "./session.js";

const first = (session: Session): Asked => session.asked[0] as Asked;
const cancel = (requestId: unknown, reason?: unknown) =>
  notification("notifications/cancelled", { requestId, ...(reason ? { reason } : {}) });

describe("a cancellation by the client", () => {
  test("of a call that was sent goes to the server under the proxy's id, and ends the run", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(request(1, "ping"), toolCall("c", "a"), cancel("c", "changed my mind"));
    expect(session.toServer.messages.at(-1)).toEqual(cancel(2, "changed my mind"));
    expect(first(session).outcomes).toEqual([{ kind: "cancelled" }]);
    await session.server(result(2, { late: true }));
    expect(session.toClient.lines).toEqual([]);
    expect(session.end).toBeUndefined();
    // The id is free again.
    await session.client(toolCall("c", "a"));
    expect(session.asked).toHaveLength(2);
  });

  test("of a call that is being decided on: it is never sent, whatever the decision", async () => {
    const session = new Session();
    await session.client(toolCall(1, "a"), toolCall(2, "b"), cancel(1), cancel(2));
    session.asked[0]?.allow();
    session.asked[1]?.deny();
    await settle();
    expect(session.toServer.lines).toEqual([]);
    expect(session.toClient.lines).toEqual([]);
    expect(session.asked.map(({ outcomes }) => outcomes)).toEqual([[{ kind: "unsent" }], []]);
  });

  test("of what is not in flight is dropped: unknown, another type, answered, another's", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "a"), cancel("1"), cancel(7), cancel(null), cancel({ a: 1 }));
    await session.client(notification("notifications/cancelled"));
    expect(session.toServer.messages).toHaveLength(1);
    await session.server(request("s", "ping"), cancel(1), result(1));
    await session.client(cancel(1), cancel("s"));
    expect(session.toServer.messages).toHaveLength(1);
    expect(session.toClient.messages).toEqual([request(1, "ping"), result(1)]);
    expect(first(session).outcomes).toEqual([{ kind: "result", result: {} }]);
  });

  test("while its outcome is being stored is too late", async () => {
    let store = (): void => undefined;
    const durable = new Promise<void>((resolve) => (store = resolve));
    const session = new Session((asked) => asked.allow(() => durable));
    await session.client(toolCall(1, "a"));
    await session.server(result(1));
    await session.client(cancel(1));
    store();
    await settle();
    expect(first(session).outcomes).toEqual([{ kind: "result", result: {} }]);
    expect(session.toServer.messages).toHaveLength(1);
    expect(session.toClient.messages).toEqual([result(1)]);
  });
});

describe("an interruption", () => {
  const interrupted = (id: unknown, code: string) => ({
    jsonrpc: "2.0",
    id,
    error: { code: -32004, message: `interrupted: ${code}`, data: { code } },
  });

  test("tells the server, answers the client, and drops the late answer", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall("c", "a"));
    first(session).interrupt();
    await settle();
    expect(session.toServer.messages.at(-1)).toEqual(cancel(1, "interrupted"));
    expect(session.toClient.messages).toEqual([interrupted("c", "REVOKED")]);
    await session.server(
      notification("notifications/progress", { progressToken: 1, progress: 1 }),
      result(1, { secret: true }),
      result(1, { secret: true }),
    );
    expect(session.toClient.messages).toHaveLength(1);
    expect(first(session).outcomes).toEqual([]);
    expect(session.end).toBeUndefined();
  });

  test("before the call is sent: it never is", async () => {
    const session = new Session();
    await session.client(toolCall(1, "a"));
    first(session).interrupt("no code");
    first(session).allow();
    await settle();
    expect(session.toServer.lines).toEqual([]);
    expect(session.toClient.messages).toEqual([interrupted(1, "INTERRUPTED")]);
    expect(first(session).outcomes).toEqual([]);
  });

  test("while the outcome is being stored withholds the result", async () => {
    let store = (): void => undefined;
    const durable = new Promise<void>((resolve) => (store = resolve));
    const session = new Session((asked) => asked.allow(() => durable));
    await session.client(toolCall(1, "a"));
    await session.server(result(1, { secret: true }));
    first(session).interrupt();
    store();
    await settle();
    expect(session.toClient.messages).toEqual([interrupted(1, "REVOKED")]);
  });

  test("after the answer changes nothing", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "a"));
    await session.server(result(1));
    first(session).interrupt();
    await settle();
    expect(session.toServer.messages).toHaveLength(1);
    expect(session.toClient.messages).toEqual([result(1)]);
  });

  test("of a request by the server", async () => {
    const session = new Session((asked) => asked.allow());
    await session.server(request(3, "roots/list"));
    first(session).interrupt();
    await settle();
    expect(session.toClient.messages).toEqual([
      request(1, "roots/list", {}),
      cancel(1, "interrupted"),
    ]);
    expect(session.toServer.messages).toEqual([interrupted(3, "REVOKED")]);
    await session.client(result(1, { roots: [] }));
    expect(session.toServer.messages).toHaveLength(1);
  });
});

/** One call is sent, one is being decided on, one is answered. */
async function busy(): Promise<Session> {
  const session = new Session();
  await session.client(toolCall("done", "a"), toolCall("sent", "b"), toolCall("deciding", "c"));
  session.asked[0]?.allow();
  session.asked[1]?.allow();
  await settle();
  await session.server(result(1));
  return session;
}

/** Both sides are closed, each call was answered once, and nothing passes any more. */
async function expectClosed(session: Session): Promise<void> {
  await settle();
  expect(session.end).toMatchObject({ isClean: false });
  expect(session.toClient.isClosed && session.toServer.isClosed).toBe(true);
  const answers = session.toClient.messages.filter(({ id }) => typeof id === "string");
  expect(answers).toMatchObject([
    { id: "done", result: {} },
    { id: "sent", error: { code: -32000 } },
    { id: "deciding", error: { code: -32000 } },
  ]);
  const [lines, said] = [session.toServer.lines.length, session.toClient.lines.length];
  session.asked[2]?.allow();
  await session.client(request("x", "ping"), toolCall("y", "z"));
  await session.server(result(2), notification("notifications/message"));
  expect([session.toServer.lines.length, session.toClient.lines.length]).toEqual([lines, said]);
  expect(session.asked.map(({ outcomes }) => outcomes)).toEqual([
    [{ kind: "result", result: {} }],
    [{ kind: "lost" }],
    [{ kind: "unsent" }],
  ]);
  expect(await session.proxy.ended).toBe(session.end);
}

describe("dies closed", () => {
  const line = (text: string): string => `${text}\n`;

  test.each<[string, string | Uint8Array, number]>([
    ["text", line("hello"), -32700],
    ["an empty line", line(""), -32700],
    ["half a message", line('{"jsonrpc":"2.0","id":9,'), -32700],
    ["a NUL", line('{"jsonrpc":"2.0","id":9,"method":"ping"}\0'), -32700],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22, 0x0a]), -32700],
    ["a name twice", line('{"jsonrpc":"2.0","id":9,"method":"ping","method":"ping"}'), -32700],
    ["a big number", line('{"jsonrpc":"2.0","id":1e300,"method":"ping"}'), -32700],
    ["null as id", line('{"jsonrpc":"2.0","id":null,"method":"tools/call"}'), -32600],
    ["an unknown member", line('{"jsonrpc":"2.0","id":9,"method":"ping","x":1}'), -32600],
    ["an id in flight", line(JSON.stringify(toolCall("sent", "b"))), -32600],
    ["an id being decided on", line(JSON.stringify(request("deciding", "ping"))), -32600],
    ["a call without an id", line(JSON.stringify(notification("tools/call"))), -32600],
    ["an answer to nothing", line(JSON.stringify(result(1))), -32600],
    ["a message over the limit", "x".repeat(MAX_MESSAGE_BYTES.client + 1), -32600],
  ])("on a client that says %s", async (_, said, code) => {
    const session = await busy();
    await session.client(said);
    const told = session.toClient.messages.filter(({ id }) => id === null);
    expect(told).toMatchObject([{ error: { code } }]);
    await expectClosed(session);
  });

  test.each<[string, string | Uint8Array]>([
    ["text", line("hello")],
    ["an empty line", line("")],
    ["no UTF-8", new Uint8Array([0x22, 0xff, 0x22, 0x0a])],
    ["a name twice", line('{"jsonrpc":"2.0","id":2,"result":{},"result":{}}')],
    ["a batch", line("[]")],
    ["an id that was never sent", line(JSON.stringify(result(4)))],
    ["its id as text", line(JSON.stringify(result("2")))],
    ["the client's id", line(JSON.stringify(result("sent")))],
    ["zero", line(JSON.stringify(result(0)))],
    ["an id below zero", line(JSON.stringify(result(-1)))],
    ["an answer to what is being decided on", line(JSON.stringify(result(3)))],
    ["an error without an id", line('{"jsonrpc":"2.0","error":{"code":-32700,"message":""}}')],
    ["a result and an error", line('{"jsonrpc":"2.0","id":2,"result":{},"error":{}}')],
    ["a call without an id", line(JSON.stringify(notification("roots/list")))],
    ["an answer over the limit", "x".repeat(MAX_MESSAGE_BYTES.server + 1)],
  ])("on a server that says %s", async (_, said) => {
    const session = await busy();
    await session.server(said);
    await expectClosed(session);
  });

  test("on the server's end, and on its end inside a message", async () => {
    for (const said of ["", '{"jsonrpc":']) {
      const session = await busy();
      await session.server(said);
      await session.proxy.server.end();
      await expectClosed(session);
    }
  });

  test("on the client's end inside a message", async () => {
    const session = await busy();
    await session.client('{"jsonrpc":');
    await session.proxy.client.end();
    await expectClosed(session);
  });

  test("on a stop from outside", async () => {
    const session = await busy();
    session.proxy.stop("told to");
    session.proxy.stop("again");
    await expectClosed(session);
    expect(session.end?.reason).toBe("told to");
  });

  test("on a side that does not read any more", async () => {
    for (const side of ["toClient", "toServer"] as const) {
      const session = await busy();
      session[side].write = () => Promise.reject(new Error("EPIPE"));
      await session.client(request(1, "ping"));
      await session.server(notification("notifications/message"));
      expect(session.end).toEqual({ isClean: false, reason: "EPIPE" });
      expect(session.toClient.isClosed && session.toServer.isClosed).toBe(true);
    }
  });

  test("a side that hangs does not keep the other open", async () => {
    const session = await busy();
    session.toClient.gate = new Promise(() => undefined);
    session.proxy.stop("told to");
    await settle();
    expect(session.toServer.isClosed).toBe(true);
    expect(session.end).toBeDefined();
  });

  test("with one answer to a call, also where that is being written or its outcome stored", async () => {
    let store = (): void => undefined;
    const durable = new Promise<void>((resolve) => (store = resolve));
    const session = new Session((asked) =>
      asked.allow(() => (asked.call.id === 1 ? durable : Promise.resolve())),
    );
    await session.client(toolCall("storing", "a"), toolCall("written", "b"));
    session.toClient.gate = new Promise(() => undefined);
    await session.server(result(1), result(2));
    session.proxy.stop("told to");
    store();
    await settle();
    expect(session.toClient.messages).toMatchObject([
      { id: "written", result: {} },
      { id: "storing", error: { code: -32000 } },
    ]);
  });

  test("has ended when every run was told its outcome", async () => {
    const session = new Session();
    await session.client(toolCall(1, "a"));
    session.proxy.stop("told to");
    let isEnded = false;
    void session.proxy.ended.then(() => (isEnded = true));
    await settle();
    expect([session.end !== undefined, isEnded]).toEqual([true, false]);
    let store = (): void => undefined;
    first(session).allow(() => new Promise((resolve) => (store = resolve)));
    await settle();
    expect([first(session).outcomes, isEnded]).toEqual([[{ kind: "unsent" }], false]);
    store();
    await settle();
    expect(isEnded).toBe(true);
  });

  test("where the server ends before the client, with nothing in flight", async () => {
    const session = new Session();
    await session.proxy.server.end();
    expect(await session.proxy.ended).toMatchObject({ isClean: false });
  });

  test("whatever stood before in the same chunk is still heard", async () => {
    const session = await busy();
    await session.client(`${JSON.stringify(request("p", "ping"))}\nrubbish\n`);
    expect(session.toServer.messages.at(-1)).toMatchObject({ method: "ping" });
    expect(session.end?.isClean).toBe(false);
  });
});

describe("a server's banner", () => {
  test("before its first message is shown, and passed on to nobody", async () => {
    const session = new Session();
    await session.client(request(1, "ping"));
    await session.server("MCP server is running...\n\nv1\r\n", result(1));
    expect(session.banner).toEqual(["MCP server is running...", "", "v1\r"]);
    expect(session.toClient.messages).toEqual([result(1)]);
    await session.server("still running\n");
    expect(session.end?.isClean).toBe(false);
  });

  test.each(["{", ' \t{"jsonrpc":"2.0"}', "[]", '{"jsonrpc":"2.0","id":1,"id":2,"result":{}}'])(
    "%s is none",
    async (line) => {
      const session = new Session();
      await session.server(`${line}\n`);
      expect(session.end?.isClean).toBe(false);
    },
  );
});

describe("the client's end", () => {
  test("waits for answers, closes the server, and ends clean when that ends", async () => {
    const session = await busy();
    await session.proxy.client.end();
    session.asked[2]?.allow();
    await settle();
    expect(session.toServer.isClosed).toBe(false);
    await session.server(result(3, { c: 1 }), result(2, { b: 1 }));
    expect(session.toClient.messages.slice(1)).toEqual([
      result("deciding", { c: 1 }),
      result("sent", { b: 1 }),
    ]);
    expect(session.toServer.isClosed).toBe(true);
    expect(session.end).toBeUndefined();
    await session.proxy.server.end();
    expect(await session.proxy.ended).toEqual({ isClean: true, reason: "the server has ended" });
    expect([session.toClient.closes, session.toServer.closes]).toEqual([1, 1]);
  });

  test("with nothing in flight closes the server at once", async () => {
    const session = new Session();
    await session.proxy.client.end();
    expect(session.toServer.isClosed).toBe(true);
  });

  test("is not clean where the server leaves calls unanswered", async () => {
    const session = await busy();
    await session.proxy.client.end();
    await session.proxy.server.end();
    await expectClosed(session);
  });

  test("answers the server's requests with an error, those to come too", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "a"));
    await session.server(request("s", "sampling/createMessage"));
    await session.proxy.client.end();
    await session.server(request("t", "ping"), result(1));
    expect(session.toServer.messages.slice(1)).toMatchObject([
      { id: "s", error: { code: -32000 } },
      { id: "t", error: { code: -32000 } },
    ]);
    // It is closed by now, and may still ask.
    expect(session.toServer.isClosed).toBe(true);
    await session.server(request("u", "ping"));
    expect(session.end).toBeUndefined();
    expect(session.asked[1]?.outcomes).toEqual([{ kind: "lost" }]);
  });
});

describe("a side that reads slowly", () => {
  test("holds up what the other says, until it reads", async () => {
    const session = new Session();
    let drain = (): void => undefined;
    session.toClient.gate = new Promise((resolve) => (drain = resolve));
    const chunk = Buffer.from(
      `${JSON.stringify(notification("notifications/message"))}\n`.repeat(3),
    );
    let isTaken = false;
    const taken = session.proxy.server.receive(chunk).then(() => (isTaken = true));
    await settle();
    expect([session.toClient.lines.length, isTaken]).toEqual([1, false]);
    drain();
    await taken;
    expect(session.toClient.lines).toHaveLength(3);
  });
});
