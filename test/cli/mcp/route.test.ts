import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { parseJson } from "../../../src/bytes/json.js";
import type { JsonObject } from "../../../src/bytes/json-kind.js";
import type { Route, Router } from "../../../src/cli/mcp/route.js";
import { clientRouter, serverRouter } from "../../../src/cli/mcp/route.js";
import { isCommand } from "../../../src/trust/command.js";
import type { Result } from "../../../src/verdict.js";

const fromClient = clientRouter("files");
const fromServer = serverRouter("files");

/** As they come: without a prototype. */
function parsed(text: string): JsonObject {
  const json = parseJson(text);
  if (!json.ok) throw new Error(json.found);
  return json.value as JsonObject;
}

function route(router: Router, method: string, params?: Json): Result<Route> {
  return router(method, params === undefined ? undefined : parsed(JSON.stringify(params)));
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("from the client", () => {
  test.each<[string, Json | undefined]>([
    ["initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} }],
    ["ping", undefined],
    ["ping", {}],
    ["tools/list", { cursor: "a" }],
    ["resources/list", undefined],
    ["resources/templates/list", {}],
    ["prompts/list", {}],
  ])("%s passes as it is", (method, params) => {
    const routed = route(fromClient, method, params);
    expect(routed).toMatchObject({ ok: true, value: { kind: "pass" } });
    expect(routed.ok && routed.value.params && plain(routed.value.params)).toEqual(params);
  });

  test.each<[string, Json, string, Json]>([
    [
      "tools/call",
      { name: "read", arguments: { path: "/a" } },
      "/mcp/files/tools/call/read",
      { path: "/a" },
    ],
    ["tools/call", { name: "getWeather" }, "/mcp/files/tools/call/get..weather", {}],
    ["prompts/get", { name: "p", arguments: { a: "b" } }, "/mcp/files/prompts/get/p", { a: "b" }],
    ["resources/read", { uri: "file:///a" }, "/mcp/files/resources/read", { uri: "file:///a" }],
    ["resources/subscribe", { uri: "u" }, "/mcp/files/resources/subscribe", { uri: "u" }],
    ["completion/complete", { ref: {} }, "/mcp/files/completion/complete", { ref: {} }],
    ["logging/setLevel", { level: "debug" }, "/mcp/files/logging/set..level", { level: "debug" }],
    ["tasks/list", {}, "/mcp/files/tasks/list", {}],
    ["tasks/cancel", { taskId: "1" }, "/mcp/files/tasks/cancel", { taskId: "1" }],
    ["server/discover", {}, "/mcp/files/server/discover", {}],
    ["x", { any: [1] }, "/mcp/files/x", { any: [1] }],
  ])("%s %j is %s", (method, params, command, given) => {
    const routed = route(fromClient, method, params);
    if (!routed.ok || routed.value.kind !== "govern") throw new Error(JSON.stringify(routed));
    expect(routed.value.command).toBe(command);
    expect(plain(routed.value.arguments)).toEqual(given);
    expect(isCommand(command)).toBe(true);
  });

  test.each<[string, string, Json | undefined]>([
    ["a tool without a name", "tools/call", {}],
    ["a call without params", "tools/call", undefined],
    ["a name that is none", "tools/call", { name: ["read"] }],
    ["an empty name", "tools/call", { name: "" }],
    ["a slash", "tools/call", { name: "read/write" }],
    ["a path", "tools/call", { name: "../call/read" }],
    ["Unicode", "tools/call", { name: "re\u0430d" }],
    ["a full-width letter", "tools/call", { name: "\uff52ead" }],
    ["a newline", "tools/call", { name: "read\n" }],
    ["a long name", "tools/call", { name: "a".repeat(250) }],
    ["arguments in a list", "tools/call", { name: "read", arguments: [] }],
    ["null as arguments", "tools/call", { name: "read", arguments: null }],
    ["a task, which outlives its run", "tools/call", { name: "read", task: {} }],
    ["another member", "tools/call", { name: "read", Arguments: {} }],
    ["an argument named resource", "tools/call", { name: "read", arguments: { resource: 1 } }],
    ["a param named resource", "resources/read", { uri: "a", resource: {} }],
    ["a method that poses as a tool", "tools/call/read", {}],
    ["a method that poses as a prompt", "prompts/get/p", {}],
    ["a method below a list", "tools/list/all", {}],
    ["a method that poses as the server's", "client/sampling", {}],
    ["client alone", "client", {}],
    ["an empty method", "", {}],
    ["an empty segment", "tools//call", {}],
    ["a leading slash", "/tools/call", {}],
    ["a space", "tools/call ", {}],
    ["a ping that says more", "ping", { command: "rm" }],
    ["a list that says more", "tools/list", { cursor: "a", name: "read" }],
    ["_meta that is none", "ping", { _meta: 1 }],
    ["a token that is none", "ping", { _meta: { progressToken: { a: 1 } } }],
  ])("%s is refused", (_, method, params) => {
    expect(route(fromClient, method, params)).toMatchObject({ ok: false, code: "MALFORMED" });
  });
});

describe("from the server", () => {
  test("ping passes, and nothing else", () => {
    expect(route(fromServer, "ping")).toMatchObject({ ok: true, value: { kind: "pass" } });
    expect(route(fromServer, "ping", { a: 1 }).ok).toBe(false);
  });

  test.each([
    ["sampling/createMessage", "/mcp/files/client/sampling/create..message"],
    ["elicitation/create", "/mcp/files/client/elicitation/create"],
    ["roots/list", "/mcp/files/client/roots/list"],
    ["initialize", "/mcp/files/client/initialize"],
    ["tools/list", "/mcp/files/client/tools/list"],
  ])("%s is %s", (method, command) => {
    expect(route(fromServer, method, { a: 1 })).toMatchObject({
      ok: true,
      value: { kind: "govern", command },
    });
  });
});

test("of _meta only the progress token stays, aside; what is decided on holds all that is sent", () => {
  const meta = { progressToken: "t", "io.example/run": "rm" };
  const call = route(fromClient, "tools/call", {
    name: "read",
    arguments: { _meta: 1 },
    _meta: meta,
  });
  if (!call.ok || call.value.kind !== "govern") throw new Error("refused");
  expect(call.value.token).toBe("t");
  expect(plain(call.value.params)).toEqual({ name: "read", arguments: { _meta: 1 } });
  expect(plain(call.value.arguments)).toEqual({ _meta: 1 });
  const list = route(fromClient, "tools/list", { _meta: meta });
  expect(list).toMatchObject({ ok: true, value: { kind: "pass", token: "t" } });
  expect(list.ok && plain(list.value.params)).toEqual({});
});

test("what was decided on cannot be changed afterwards", () => {
  const call = route(fromClient, "tools/call", { name: "read", arguments: { a: { b: [1] } } });
  if (!call.ok || call.value.kind !== "govern") throw new Error("refused");
  const { arguments: given, params } = call.value;
  expect(params["arguments"]).toBe(given);
  expect(() => Object.assign(given, { a: 2 })).toThrow(TypeError);
  expect(() => (given["a"] as { b: number[] }).b.push(2)).toThrow(TypeError);
});

test("names of the prototype are names like any other", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const call = fromClient("tools/call", parsed(`{"name":"a","arguments":{"${name}":{"x":1}}}`));
    if (!call.ok || call.value.kind !== "govern") throw new Error("refused");
    expect(Object.keys(call.value.arguments)).toEqual([name]);
    expect(fromClient(name, undefined)).toMatchObject({ ok: true, value: { kind: "govern" } });
  }
  const hidden = fromClient("tools/call", parsed('{"__proto__":{"name":"a"}}'));
  expect(hidden.ok).toBe(false);
});

test("no two calls of different tools, prompts or methods are one command", () => {
  const name = fc
    .array(fc.constantFrom("tools", "call", "read", "A", "a", ".", "_", "client"), { maxLength: 3 })
    .map((parts) => parts.join(""));
  const call = fc.oneof(
    fc.record({ method: fc.constantFrom("tools/call", "prompts/get"), name }),
    fc.record({ method: fc.array(name, { maxLength: 4 }).map((each) => each.join("/")) }),
  );
  const key = ({ method, name }: { method: string; name?: string }): string =>
    JSON.stringify([method, name]);
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 2, maxLength: 30 }),
      fc.boolean(),
      (calls, isServer) => {
        const seen = new Map<string, string>();
        for (const [i, each] of calls.entries()) {
          const side = isServer && i % 2 === 1 ? fromServer : fromClient;
          const routed = route(side, each.method, "name" in each ? { name: each.name } : {});
          if (!routed.ok || routed.value.kind === "pass") continue;
          const { command } = routed.value;
          const who = `${side === fromServer ? "server" : "client"} ${key(
            side === fromServer ? { method: each.method } : each,
          )}`;
          expect(seen.get(command) ?? who).toBe(who);
          seen.set(command, who);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test.each(["", "/", "a/b", "A", ".a", "a".repeat(65), "a b"])("%j names no server", (server) => {
  expect(() => clientRouter(server)).toThrow(RangeError);
  expect(() => serverRouter(server)).toThrow(RangeError);
});
