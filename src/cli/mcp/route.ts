/**
 * What becomes of a request: it passes, or it is decided on as a command with arguments, or it cannot
 * be expressed as one and is refused.
 *
 * From the client, `initialize`, `ping`, `tools/list`, `resources/list`, `resources/templates/list`
 * and `prompts/list` pass. Of the rest,
 *
 * - `tools/call` is `/mcp/SERVER/tools/call/TOOL` with the tool's arguments
 * - `prompts/get` is `/mcp/SERVER/prompts/get/PROMPT` with the prompt's arguments
 * - any other method, known or not, is `/mcp/SERVER/METHOD` with its params as arguments
 *
 * From the server, only `ping` passes; any other method is `/mcp/SERVER/client/METHOD`: a server that
 * asks its client to sample, to elicit or for its roots needs an authorization that covers this.
 *
 * Names become segments by `segmentOf`. A governed method is at most two segments, so that none can
 * pose as a tool; and no method of a client begins with `client`.
 *
 * Nothing that is not decided on is sent: of `_meta` only the progress token stays, as the proxy's own;
 * `tools/call` with anything but a name and arguments, such as a task that would outlive its
 * run, is refused. So is an argument of the name `resource`, which policies see a resource under.
 */
import type { Json } from "../../bytes/canonical.js";
import { freezeDeep } from "../../bytes/frozen.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import { isObject, kindOf } from "../../bytes/json-kind.js";
import { isCommand } from "../../trust/command.js";
import type { Failure, Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import type { Id } from "./message.js";
import { isId } from "./message.js";
import { segmentOf } from "./segment.js";

/** `params` are what is sent on, without `_meta`; `token`: where progress is to be reported under. */
export type Route =
  | {
      readonly kind: "pass";
      readonly params: JsonObject | undefined;
      readonly token: Id | undefined;
    }
  | {
      readonly kind: "govern";
      readonly command: string;
      readonly arguments: JsonObject;
      readonly params: JsonObject;
      readonly token: Id | undefined;
    };

/** MALFORMED where a request can be neither passed nor decided on. */
export type Router = (method: string, params: JsonObject | undefined) => Result<Route>;

/** Methods of a client that pass whatever their values, with the params that they may have. */
const PASSING: ReadonlyMap<string, readonly string[]> = new Map([
  ["ping", []],
  ["tools/list", ["cursor"]],
  ["resources/list", ["cursor"]],
  ["resources/templates/list", ["cursor"]],
  ["prompts/list", ["cursor"]],
]);
const PASSING_FROM_SERVER: ReadonlyMap<string, readonly string[]> = new Map([["ping", []]]);

/** Methods that carry out one of many things, by its name. */
const NAMED: ReadonlySet<string> = new Set(["tools/call", "prompts/get"]);

/** Throws a RangeError where the name is not one segment of a command. */
export function requireServerName(server: string): void {
  if (!server.includes("/") && isCommand(`/mcp/${server}`) && server.length <= 64) return;
  throw new RangeError("a server's name is one segment of a command, of at most 64 characters");
}

export function clientRouter(server: string): Router {
  requireServerName(server);
  return (method, params) =>
    splitMeta(params, (rest, token) => {
      if (method === "initialize") return ok({ kind: "pass", params: rest, token });
      const names = PASSING.get(method);
      if (names !== undefined) return passWith(names, rest, token);
      if (NAMED.has(method)) return governNamed(`/mcp/${server}`, method, rest ?? empty(), token);
      if (method === "client" || method.startsWith("client/")) {
        return failure("MALFORMED", "a method that does not begin with client", abbreviate(method));
      }
      return governMethod(`/mcp/${server}`, method, rest ?? empty(), token);
    });
}

export function serverRouter(server: string): Router {
  requireServerName(server);
  return (method, params) =>
    splitMeta(params, (rest, token) => {
      const names = PASSING_FROM_SERVER.get(method);
      if (names !== undefined) return passWith(names, rest, token);
      return governMethod(`/mcp/${server}/client`, method, rest ?? empty(), token);
    });
}

function passWith(
  names: readonly string[],
  params: JsonObject | undefined,
  token: Id | undefined,
): Result<Route> {
  return unknownParam(params ?? empty(), names) ?? ok({ kind: "pass", params, token });
}

function governNamed(
  base: string,
  method: string,
  params: JsonObject,
  token: Id | undefined,
): Result<Route> {
  const unknown = unknownParam(params, ["name", "arguments"]);
  if (unknown) return unknown;
  const { name, arguments: given = empty() } = params;
  if (typeof name !== "string") return failure("MALFORMED", "a name to call", kindOf(name));
  if (!isObject(given)) return failure("MALFORMED", "arguments in an object", kindOf(given));
  const segment = segmentOf(name);
  if (!segment.ok) return segment;
  return govern(`${base}/${method}/${segment.value}`, given, { name, arguments: given }, token);
}

function governMethod(
  base: string,
  method: string,
  params: JsonObject,
  token: Id | undefined,
): Result<Route> {
  const names = method.split("/");
  if (names.length > 2) {
    return failure("MALFORMED", "a method of one or two names", abbreviate(method));
  }
  let command = base;
  for (const name of names) {
    const segment = segmentOf(name);
    if (!segment.ok) return segment;
    command += `/${segment.value}`;
  }
  return govern(command, params, params, token);
}

function govern(
  command: string,
  given: JsonObject,
  params: JsonObject,
  token: Id | undefined,
): Result<Route> {
  if (!isCommand(command)) {
    return failure("MALFORMED", "a command of at most 255 characters", abbreviate(command));
  }
  if ("resource" in given) {
    const expected = "no argument of the name resource, which policies see the resource under";
    return failure("MALFORMED", expected, "one");
  }
  return ok(freezeDeep({ kind: "govern", command, arguments: given, params, token }));
}

/** Takes `_meta` out of the params, and the progress token out of `_meta`. */
function splitMeta(
  params: JsonObject | undefined,
  next: (params: JsonObject | undefined, token: Id | undefined) => Result<Route>,
): Result<Route> {
  const meta = params?.["_meta"];
  if (params === undefined || meta === undefined) return next(params, undefined);
  if (!isObject(meta)) return failure("MALFORMED", "_meta as an object", kindOf(meta));
  const token = meta["progressToken"];
  if (token !== undefined && !isId(token)) {
    return failure("MALFORMED", "a text or an integer as the progress token", kindOf(token));
  }
  const rest = Object.assign(empty(), params);
  delete rest["_meta"];
  return next(rest, token);
}

function unknownParam(params: JsonObject, known: readonly string[]): Failure | undefined {
  const unknown = Object.keys(params).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const expected = known.length === 0 ? "no params" : `no params but ${known.join(" and ")}`;
  return failure("MALFORMED", expected, abbreviate(unknown));
}

function empty(): { [name: string]: Json } {
  return Object.create(null) as { [name: string]: Json };
}
