/**
 * What is asked: may this principal carry out this command with these arguments? At the border it has
 * the shape of AuthZEN's Access Evaluation (Authorization API 1.0, section 5): subject, action,
 * resource, context. It is copied, checked and frozen once; what is decided on is that copy.
 */
import type { Json } from "../bytes/canonical.js";
import { formatCanonical } from "../bytes/canonical.js";
import { equalBytes } from "../bytes/concat.js";
import { freezeDeep } from "../bytes/frozen.js";
import type { JsonObject } from "../bytes/json-kind.js";
import { isObject, kindOf } from "../bytes/json-kind.js";
import { encodeUtf8 } from "../bytes/utf8.js";
import { isCommand } from "../trust/command.js";
import { readJson } from "../trust/schema.js";
import type { Failure, Result } from "../verdict.js";
import { abbreviate, failure, ok } from "../verdict.js";
import { isPrincipal } from "./predicate.js";
import { copyJson } from "./json-copy.js";

/** Bytes of a request's JSON text. */
export const MAX_REQUEST_BYTES = 1 << 20;

export interface Resource {
  readonly type: string;
  readonly id: string;
  readonly properties?: JsonObject;
}

/** The parts of a request, as a host has them. */
export interface RequestParts {
  /** Like `agent:billing-bot`. */
  readonly principal: string;
  /** Like `/pay/transfer`. */
  readonly command: string;
  readonly resource?: Resource | undefined;
  readonly arguments: JsonObject;
}

/** Immutable, and a copy: nothing that its maker changes later shows in it. */
export interface AuthorizationRequest extends RequestParts {
  /** What policies select from: the arguments, and the resource as `.resource`. */
  readonly input: JsonObject;
}

const made = new WeakSet<AuthorizationRequest>();

/** The request that an AuthZEN evaluation asks for, from its JSON text. */
export function readRequest(bytes: Uint8Array): Result<AuthorizationRequest> {
  const json = readJson("a request", bytes, MAX_REQUEST_BYTES);
  return json.ok ? mapEvaluation(json.value) : json;
}

/** A request from values of this program; what JSON cannot hold, or we would not read, is refused. */
export function makeRequest(parts: RequestParts): Result<AuthorizationRequest> {
  let picked: object;
  try {
    const { principal, command, resource } = parts;
    const named = resource === undefined ? {} : { resource };
    picked = { principal, command, arguments: parts.arguments, ...named };
  } catch {
    return failure("MALFORMED", "parts that can be read", "one that throws");
  }
  const copied = copyJson(picked, MAX_REQUEST_BYTES);
  return copied.ok ? build(copied.value as JsonObject) : copied;
}

/** Throws on an object that is not from here: nothing else was checked and copied. */
export function requireRequest(request: AuthorizationRequest): void {
  if (!made.has(request)) throw new TypeError("a request is made by readRequest or makeRequest");
}

/**
 * The bytes that a request's digest is over: canonical JSON of its parts. A host that holds the same
 * arguments makes the same bytes.
 */
export function requestBytes(request: AuthorizationRequest): Uint8Array {
  const { principal, command, resource } = request;
  return encodeUtf8(
    formatCanonical({
      principal,
      command,
      arguments: request.arguments,
      ...(resource ? { resource: resource as unknown as Json } : {}),
    }),
  );
}

/** ARGS_CHANGED unless a request that is about to be carried out is the one that was decided on. */
export function checkUnchanged(
  decided: AuthorizationRequest,
  found: RequestParts,
): Result<undefined> {
  const again = makeRequest(found);
  if (!again.ok) return again;
  if (equalBytes(requestBytes(decided), requestBytes(again.value))) return ok(undefined);
  const changed = firstChange(decided, again.value);
  return failure("ARGS_CHANGED", "the request that was decided on", `another ${changed}`);
}

function firstChange(decided: AuthorizationRequest, found: AuthorizationRequest): string {
  for (const part of ["principal", "command", "resource"] as const) {
    if (canonicalOf(decided[part]) !== canonicalOf(found[part])) return part;
  }
  const names = new Set([...Object.keys(decided.arguments), ...Object.keys(found.arguments)]);
  for (const name of names) {
    const [before, now] = [decided.arguments, found.arguments].map((each) =>
      Object.hasOwn(each, name) ? canonicalOf(each[name]) : undefined,
    );
    if (before !== now) return `argument ${abbreviate(name)}`;
  }
  return "argument";
}

function canonicalOf(value: unknown): string | undefined {
  return value === undefined ? undefined : formatCanonical(value as Json);
}

/** AuthZEN's four parts, once and for all, to ours. */
function mapEvaluation(json: Json): Result<AuthorizationRequest> {
  const request = objectWith("the request", json, ["subject", "action", "resource", "context"]);
  if (!request.ok) return request;
  const subject = objectWith("subject", request.value["subject"], ["type", "id"]);
  if (!subject.ok) return subject;
  if (!Object.hasOwn(request.value, "resource")) {
    return failure("MALFORMED", "a request with a resource, as AuthZEN has it", "none");
  }
  const action = objectWith("action", request.value["action"], ["name"]);
  if (!action.ok) return action;
  const { type, id } = subject.value;
  if (typeof type !== "string" || typeof id !== "string" || type.includes(":")) {
    return failure("MALFORMED", "a subject with a type and an id, both strings", shown(type ?? id));
  }
  return build({
    principal: `${type}:${id}`,
    command: action.value["name"] ?? null,
    // Absent, and not null, is no arguments.
    arguments: Object.hasOwn(request.value, "context")
      ? (request.value["context"] as Json)
      : emptyObject(),
    resource: request.value["resource"] as Json,
  });
}

function build(parts: { readonly [name: string]: Json }): Result<AuthorizationRequest> {
  const { principal, command } = parts;
  if (typeof principal !== "string" || !isPrincipal(principal)) {
    return failure("MALFORMED", "a principal like agent:billing-bot", shown(principal));
  }
  if (typeof command !== "string" || !isCommand(command)) {
    return failure("MALFORMED", "a command like /pay/transfer", shown(command));
  }
  const given = parts["arguments"];
  if (!isObject(given)) return failure("MALFORMED", "arguments in an object", shown(given));
  const resource = parts["resource"];
  if (resource !== undefined) {
    const bad = checkResource(resource);
    if (bad) return bad;
  }
  // Else who chooses the arguments would choose what policies take for the resource.
  if (Object.hasOwn(given, "resource")) {
    const expected = "no argument of the name resource, which policies see the resource under";
    return failure("MALFORMED", expected, "one");
  }
  const input = resource === undefined ? given : withResource(given, resource);
  const request: AuthorizationRequest = freezeDeep({
    principal,
    command,
    ...(resource === undefined ? {} : { resource: resource as unknown as Resource }),
    arguments: given,
    input,
  });
  made.add(request);
  return ok(request);
}

function checkResource(resource: Json): Failure | undefined {
  const read = objectWith("resource", resource, ["type", "id", "properties"]);
  if (!read.ok) return read;
  const { type, id, properties } = read.value;
  for (const text of [type, id]) {
    if (typeof text !== "string" || text === "" || text.length > 4096) {
      const expected = "a resource with a type and an id, strings of 1 to 4096 characters";
      return failure("MALFORMED", expected, shown(text));
    }
  }
  if (properties === undefined || isObject(properties)) return undefined;
  return failure("MALFORMED", "a resource's properties in an object", shown(properties));
}

function withResource(given: JsonObject, resource: Json): JsonObject {
  return Object.assign(emptyObject(), given, { resource });
}

/** Members that are not known are refused: nobody may think that they have an effect. */
function objectWith(
  what: string,
  json: Json | undefined,
  members: readonly string[],
): Result<JsonObject> {
  if (!isObject(json)) return failure("MALFORMED", `${what} as an object`, shown(json));
  const unknown = Object.keys(json).find((name) => !members.includes(name));
  if (unknown === undefined) return ok(json);
  const expected = `${what} with no members but ${members.join(", ")}`;
  return failure("MALFORMED", expected, abbreviate(unknown));
}

function emptyObject(): { [name: string]: Json } {
  return Object.create(null) as { [name: string]: Json };
}

function shown(json: Json | undefined): string {
  return typeof json === "string" ? abbreviate(json) : kindOf(json);
}
