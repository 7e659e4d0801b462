/** What passes, what waits for a decision, and what each side is told. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { MAX_CALLS } from "../../../src/cli/mcp/lane.js";
import type { Asked } from "./session.js";
import { notification, request, result, Session, settle, toolCall } from "./session.js";

const first = (session: Session): Asked => session.asked[0] as Asked;

describe("what passes", () => {
  test("a handshake, under ids of the proxy's own, and its answer under the client's", async () => {
    const session = new Session();
    await session.client(
      request("i", "initialize", { protocolVersion: "2025-11-25", capabilities: {} }),
    );
    expect(session.toServer.messages).toEqual([
      request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {} }),
    ]);
    await session.server(result(1, { serverInfo: { name: "s" } }));
    expect(session.toClient.messages).toEqual([result("i", { serverInfo: { name: "s" } })]);
    expect(session.asked).toHaveLength(0);
  });

  test("notifications, both ways; errors with their data", async () => {
    const session = new Session();
    await session.client(notification("notifications/initialized"), request(7, "tools/list"));
    await session.server(notification("notifications/message", { level: "info", data: "x" }), {
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32601, message: "no", data: [1] },
    });
    expect(session.toServer.messages).toEqual([
      notification("notifications/initialized"),
      request(1, "tools/list"),
    ]);
    expect(session.toClient.messages).toEqual([
      notification("notifications/message", { level: "info", data: "x" }),
      { jsonrpc: "2.0", id: 7, error: { code: -32601, message: "no", data: [1] } },
    ]);
  });

  test("a ping by the server", async () => {
    const session = new Session();
    await session.server(request("p", "ping"));
    await session.client(result(1));
    expect(session.toClient.messages).toEqual([request(1, "ping")]);
    expect(session.toServer.messages).toEqual([result("p")]);
  });

  test("a message of many forms is sent in one: white space, escapes and order of the bytes go", async () => {
    const session = new Session();
    await session.client(
      ' { "params":{"cursor" : "\\u0061\\/"},\t"method":"tools\\u002flist" ,"id":1.0e0, "jsonrpc":"2.0"}\r\n',
    );
    expect(session.toServer.lines).toEqual([
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"a/"}}\n',
    ]);
  });
});

describe("a governed call", () => {
  test("is sent once it is allowed, as it was decided on", async () => {
    const session = new Session();
    await session.client(toolCall(5, "getWeather", { b: 1, a: { c: [true] } }));
    expect(session.toServer.lines).toEqual([]);
    expect(JSON.parse(JSON.stringify(first(session).call))).toEqual({
      id: 1,
      command: "/mcp/files/tools/call/get..weather",
      arguments: { b: 1, a: { c: [true] } },
    });
    first(session).allow();
    await settle();
    expect(session.toServer.lines).toEqual([
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"getWeather","arguments":{"b":1,"a":{"c":[true]}}}}\n',
    ]);
  });

  test("that is denied is answered with an error that names the code, and is not sent", async () => {
    const session = new Session((asked) =>
      asked.deny("REVOKED", "the authorization was withdrawn"),
    );
    await session.client(toolCall("x", "read"));
    expect(session.toServer.lines).toEqual([]);
    expect(session.toClient.messages).toEqual([
      {
        jsonrpc: "2.0",
        id: "x",
        error: {
          code: -32003,
          message: "denied: the authorization was withdrawn",
          data: { code: "REVOKED" },
        },
      },
    ]);
    await session.client(request(1, "ping"));
    expect(session.toServer.messages).toEqual([request(2, "ping")]);
  });

  test("that cannot be decided on is denied: the port throws, or rejects", async () => {
    const session = new Session((asked) => {
      if (asked.call.id === 1) throw new Error("secret");
      asked.fail(new Error("secret"));
    });
    await session.client(toolCall(1, "a"), toolCall(2, "b"));
    expect(session.toServer.lines).toEqual([]);
    expect(session.toClient.messages).toMatchObject([
      { id: 1, error: { code: -32003, data: { code: "INTERNAL" } } },
      { id: 2, error: { code: -32003, data: { code: "INTERNAL" } } },
    ]);
    expect(session.toClient.lines.join("")).not.toContain("secret");
    expect(session.end).toBeUndefined();
  });

  test("that is no command is denied without being asked about", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "../x"), toolCall(2, "a", { resource: 1 }), toolCall(3, ""));
    expect(session.asked).toHaveLength(0);
    expect(session.toServer.lines).toEqual([]);
    expect(session.toClient.messages.map(({ id, error }) => [id, error])).toMatchObject([
      [1, { code: -32003, data: { code: "MALFORMED" } }],
      [2, { code: -32003, data: { code: "MALFORMED" } }],
      [3, { code: -32003, data: { code: "MALFORMED" } }],
    ]);
  });

  test("its outcome is durable before the client hears of it", async () => {
    let store = (): void => undefined;
    const durable = new Promise<void>((resolve) => (store = resolve));
    const session = new Session((asked) => asked.allow(() => durable));
    await session.client(toolCall(9, "read"));
    await session.server(result(1, { content: [] }));
    expect(first(session).outcomes).toEqual([{ kind: "result", result: { content: [] } }]);
    expect(session.toClient.lines).toEqual([]);
    store();
    await settle();
    expect(session.toClient.messages).toEqual([result(9, { content: [] })]);
  });

  test("a second answer while the first one's outcome is stored is dropped", async () => {
    let store = (): void => undefined;
    const durable = new Promise<void>((resolve) => (store = resolve));
    const session = new Session((asked) => asked.allow(() => durable));
    await session.client(toolCall(9, "read"));
    await session.server(result(1, { first: 1 }), result(1, { second: 1 }));
    store();
    await settle();
    expect(first(session).outcomes).toEqual([{ kind: "result", result: { first: 1 } }]);
    expect(session.toClient.messages).toEqual([result(9, { first: 1 })]);
  });

  test("leaves nothing on its signal once it has ended", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "read"));
    const { signal } = first(session).controller;
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await session.server(result(1));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("an outcome that cannot be stored ends the session, and the client does not get it", async () => {
    const session = new Session((asked) =>
      asked.allow(() => Promise.reject(new Error("disk full"))),
    );
    await session.client(toolCall(9, "read"), toolCall(10, "read"));
    await session.server(result(1, { secret: 1 }));
    expect(session.end).toEqual({ isClean: false, reason: "disk full" });
    expect(session.toClient.messages).toMatchObject([
      { id: 9, error: { code: -32000 } },
      { id: 10, error: { code: -32000 } },
    ]);
    expect(session.toServer.isClosed && session.toClient.isClosed).toBe(true);
  });

  test("outcomes of calls are stored at once, not one after the other", async () => {
    const session = new Session((asked) => asked.allow(() => new Promise(() => undefined)));
    await session.client(toolCall(1, "a"), toolCall(2, "b"));
    await session.server(result(1), result(2));
    expect(session.asked.map(({ outcomes }) => outcomes.length)).toEqual([1, 1]);
  });

  test("calls are decided on while others wait, and answered in any order", async () => {
    const session = new Session();
    await session.client(toolCall(1, "a"), toolCall("1", "b"), toolCall(3, "c"));
    session.asked[2]?.allow();
    session.asked[1]?.allow();
    await settle();
    expect(session.toServer.messages.map(({ id }) => id)).toEqual([3, 2]);
    await session.server(result(2, { of: "b" }), result(3, { of: "c" }));
    expect(session.toClient.messages).toEqual([result("1", { of: "b" }), result(3, { of: "c" })]);
    first(session).deny();
    await settle();
    expect(session.toClient.messages[2]).toMatchObject({ id: 1, error: { code: -32003 } });
  });

  test("an error by the server is an outcome too", async () => {
    const session = new Session((asked) => asked.allow());
    await session.client(toolCall(1, "a"));
    const error = { code: -32602, message: "bad" };
    await session.server({ jsonrpc: "2.0", id: 1, error });
    expect(first(session).outcomes).toEqual([{ kind: "error", error }]);
    expect(session.toClient.messages).toEqual([{ jsonrpc: "2.0", id: 1, error }]);
  });

  test("a request by the server is decided on, and sent to the client when it is allowed", async () => {
    const session = new Session();
    await session.server(request(1, "sampling/createMessage", { maxTokens: 1 }));
    await session.server(request(2, "roots/list"));
    expect(session.asked.map(({ call }) => call.command)).toEqual([
      "/mcp/files/client/sampling/create..message",
      "/mcp/files/client/roots/list",
    ]);
    session.asked[0]?.allow();
    session.asked[1]?.deny();
    await settle();
    expect(session.toClient.messages).toEqual([
      request(1, "sampling/createMessage", { maxTokens: 1 }),
    ]);
    await session.client(result(1, { role: "assistant" }));
    expect(session.toServer.messages).toMatchObject([
      { id: 2, error: { code: -32003 } },
      { id: 1, result: { role: "assistant" } },
    ]);
    expect(first(session).outcomes).toEqual([{ kind: "result", result: { role: "assistant" } }]);
  });

  test(`${MAX_CALLS} are in flight at most, and one more is refused until one ends`, async () => {
    const session = new Session();
    for (let id = 0; id < MAX_CALLS; id++) {
      await session.proxy.client.receive(Buffer.from(`${JSON.stringify(toolCall(id, "a"))}\n`));
    }
    await session.client(toolCall("more", "a"), request("ping", "ping"));
    expect(session.asked).toHaveLength(MAX_CALLS);
    expect(session.toClient.messages).toMatchObject([
      { id: "more", error: { code: -32005 } },
      { id: "ping", error: { code: -32005 } },
    ]);
    first(session).deny();
    await settle();
    await session.client(toolCall("more", "a"));
    expect(session.asked).toHaveLength(MAX_CALLS + 1);
  });
});

describe("progress", () => {
  test("is reported under the client's token, which the server does not see", async () => {
    const session = new Session((asked) => asked.allow());
    const meta = { progressToken: "mine", traceparent: "00-x" };
    await session.client(request(4, "tools/call", { name: "a", arguments: {}, _meta: meta }));
    expect(session.toServer.messages[0]).toMatchObject({ params: { _meta: { progressToken: 1 } } });
    expect(session.toServer.lines.join("")).not.toMatch(/mine|traceparent/);
    await session.server(
      notification("notifications/progress", { progressToken: 1, progress: 3, total: 4 }),
    );
    expect(session.toClient.messages).toEqual([
      notification("notifications/progress", { progressToken: "mine", progress: 3, total: 4 }),
    ]);
  });

  test("is dropped where nobody asked for it, and after the answer", async () => {
    const session = new Session((asked) => asked.allow());
    const report = (token: unknown) =>
      notification("notifications/progress", { progressToken: token, progress: 1 });
    await session.client(toolCall(1, "a"), request(2, "ping", { _meta: { progressToken: 0 } }));
    await session.server(report(1), report("2"), report(99), report(undefined));
    await session.server(result(2), report(2));
    expect(session.toClient.messages).toEqual([result(2)]);
    expect(session.end).toBeUndefined();
  });

  test("is dropped while the call is being decided on, and while its outcome is stored", async () => {
    const session = new Session();
    const report = notification("notifications/progress", { progressToken: 1, progress: 1 });
    const meta = { progressToken: "mine" };
    await session.client(request(4, "tools/call", { name: "a", _meta: meta }));
    await session.server(report);
    first(session).allow(() => new Promise(() => undefined));
    await settle();
    await session.server(result(1), report);
    expect(session.toClient.lines).toEqual([]);
  });
});

describe("a batch", () => {
  test.each(["[]\n", `[${JSON.stringify(toolCall(1, "a"))}]\n`, "[1,[2]]\n"])(
    "%s is refused with -32600, and the session goes on",
    async (batch) => {
      const session = new Session((asked) => asked.allow());
      await session.client(batch);
      expect(session.toClient.messages).toMatchObject([{ id: null, error: { code: -32600 } }]);
      expect(session.toServer.lines).toEqual([]);
      await session.client(toolCall(1, "a"));
      expect(session.toServer.messages).toHaveLength(1);
    },
  );

  test("from the server ends the session", async () => {
    const session = new Session();
    await session.client(request(1, "ping"));
    await session.server(`[${JSON.stringify(result(1))}]\n`);
    expect(session.end?.isClean).toBe(false);
    expect(session.toClient.messages).toMatchObject([{ id: 1, error: { code: -32000 } }]);
  });
});
