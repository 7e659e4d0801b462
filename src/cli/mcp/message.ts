/**
 * Messages of JSON-RPC 2.0 as MCP has them (revision 2025-11-25, "Messages"): requests, notifications
 * and responses; no batches. What is sent is always made here, from values: bytes that came in go
 * nowhere.
 */
import type { Json } from "../../bytes/canonical.js";
import { escapeJson } from "../../bytes/invisible.js";
import { parseJson } from "../../bytes/json.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import { isList, isObject, kindOf } from "../../bytes/json-kind.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Failure, Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";

/** A text of at most 256 characters, or an integer. */
export type Id = string | number;

export interface Request {
  readonly kind: "request";
  readonly id: Id;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

export interface Notification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject | undefined;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

export type Response =
  | { readonly kind: "response"; readonly id: Id; readonly result: JsonObject }
  | { readonly kind: "response"; readonly id: Id; readonly error: RpcError };

export type Message = Request | Notification | Response;

/** Error codes: JSON-RPC's own, and those of the range that it leaves to implementations. */
export const RPC = {
  PARSE: -32700,
  INVALID: -32600,
  /** The session is over. The SDK's ConnectionClosed. */
  CLOSED: -32000,
  DENIED: -32003,
  INTERRUPTED: -32004,
  /** Too many calls at once. */
  BUSY: -32005,
} as const;

/** `isBatch`: it is JSON, and a list. */
export type Parsed =
  | { readonly ok: true; readonly message: Message }
  | {
      readonly ok: false;
      readonly isBatch: boolean;
      readonly code: number;
      readonly failure: Failure;
    };

/** The message of a line. Members that JSON-RPC does not name, and null as an id, are refused. */
export function parseMessage(line: Uint8Array): Parsed {
  const text = decodeUtf8(line);
  if (text === undefined) {
    return refuse(RPC.PARSE, failure("MALFORMED", "a message in UTF-8", "other bytes"));
  }
  const json = parseJson(text);
  if (!json.ok) return refuse(RPC.PARSE, failure("MALFORMED", json.expected, json.found));
  const message = readMessage(json.value);
  if (message.ok) return { ok: true, message: message.value };
  return refuse(RPC.INVALID, message, isList(json.value));
}

function refuse(code: number, failure: Failure, isBatch = false): Parsed {
  return { ok: false, isBatch, code, failure };
}

function readMessage(json: Json): Result<Message> {
  if (isList(json)) return failure("MALFORMED", "one message: batches are refused", "a list");
  if (!isObject(json)) return failure("MALFORMED", "a message in an object", kindOf(json));
  if (json["jsonrpc"] !== "2.0") {
    return failure("MALFORMED", 'a message with "jsonrpc": "2.0"', shown(json["jsonrpc"]));
  }
  if ("method" in json) return readCall(json);
  return readResponse(json);
}

function readCall(json: JsonObject): Result<Request | Notification> {
  const unknown = unknownMember(json, ["jsonrpc", "id", "method", "params"]);
  if (unknown) return unknown;
  const { id, method, params } = json;
  if (typeof method !== "string") return failure("MALFORMED", "a method's name", shown(method));
  if (params !== undefined && !isObject(params)) {
    return failure("MALFORMED", "params in an object", shown(params));
  }
  if (!("id" in json)) return ok({ kind: "notification", method, params });
  if (!isId(id)) return badId(id);
  return ok({ kind: "request", id, method, params });
}

function readResponse(json: JsonObject): Result<Response> {
  const unknown = unknownMember(json, ["jsonrpc", "id", "result", "error"]);
  if (unknown) return unknown;
  const { id, result, error } = json;
  if (!isId(id)) return badId(id);
  if ((result === undefined) === (error === undefined)) {
    const found = result === undefined ? "none of them" : "both";
    return failure("MALFORMED", "a method, a result or an error", found);
  }
  if (result !== undefined) {
    if (isObject(result)) return ok({ kind: "response", id, result });
    return failure("MALFORMED", "a result in an object", shown(result));
  }
  const read = readError(error as Json);
  return read.ok ? ok({ kind: "response", id, error: read.value }) : read;
}

function readError(json: Json): Result<RpcError> {
  if (!isObject(json)) return failure("MALFORMED", "an error in an object", shown(json));
  const unknown = unknownMember(json, ["code", "message", "data"]);
  if (unknown) return unknown;
  const { code, message, data } = json;
  if (typeof code !== "number" || !Number.isInteger(code)) {
    return failure("MALFORMED", "an error with an integer as its code", shown(code));
  }
  if (typeof message !== "string") {
    return failure("MALFORMED", "an error with a message", shown(message));
  }
  return ok({ code, message, ...(data === undefined ? {} : { data }) });
}

function unknownMember(json: JsonObject, known: readonly string[]): Failure | undefined {
  const unknown = Object.keys(json).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  return failure("MALFORMED", `no members but ${known.join(", ")}`, abbreviate(unknown));
}

export function isId(json: Json | undefined): json is Id {
  return typeof json === "number"
    ? Number.isInteger(json)
    : typeof json === "string" && json.length <= 256;
}

function badId(id: Json | undefined): Failure {
  return failure("MALFORMED", "an id: a text of at most 256 characters or an integer", shown(id));
}

function shown(json: Json | undefined): string {
  return typeof json === "string" ? abbreviate(json) : kindOf(json);
}

export function formatRequest(id: number, method: string, params: JsonObject | undefined): string {
  return formatLine({ jsonrpc: "2.0", id, method, params });
}

export function formatNotification(method: string, params: JsonObject | undefined): string {
  return formatLine({ jsonrpc: "2.0", method, params });
}

/** A response with the id that its receiver knows the request by. */
export function formatResponse(id: Id, response: Response): string {
  if ("error" in response) return formatError(id, response.error);
  return formatLine({ jsonrpc: "2.0", id, result: response.result });
}

/** `null`: of a message whose id is not known (JSON-RPC 2.0, section 5). */
export function formatError(id: Id | null, error: RpcError): string {
  return formatLine({ jsonrpc: "2.0", id, error });
}

/**
 * Names keep their order, which models may read. Characters that some readers take for the end of a
 * line, such as U+2028 and U+0085, are escaped: else a text could hold what looks like a message.
 */
function formatLine(message: object): string {
  return `${escapeJson(JSON.stringify(message))}\n`;
}
