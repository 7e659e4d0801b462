/** What `writ run` asks of the gate: the request, and the terms of the chain that it is asked under. */
import { demandsOf } from "../../authorization/demands.js";
import { inspectChain } from "../../authorization/inspect.js";
import type { Link } from "../../authorization/link.js";
import { provePossession } from "../../authorization/possession.js";
import type { Isolation } from "../../authorization/predicate.js";
import type { RequestParts, Resource } from "../../authorization/request.js";
import { makeRequest, readRequest } from "../../authorization/request.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import { encodeUtf8 } from "../../bytes/utf8.js";
import type { Gate } from "../../gate/gate.js";
import type { RunRequest } from "../../gate/run-request.js";
import type { Kernel } from "../../kernel/kernel.js";
import { isCommand } from "../../trust/command.js";
import { readJson } from "../../trust/schema.js";
import type { NamedSigner } from "../authorization/envelope-signer.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { describe } from "../print.js";
import { requireFree } from "./named-program.js";

export const ASK_OPTIONS = {
  authorization: { type: "string" },
  command: { type: "string" },
  request: { type: "string" },
  argument: { type: "string", multiple: true },
} as const;

export const ASK_HELP = `  --authorization CHAIN     a chain of authorizations, from "writ authorize" or "writ attenuate"
  --command CMD             what is done, like /jobs/backup (default: the authorization's own command)
  --request FILE            more to say, in AuthZEN's form as for "writ check": a resource, and a context
                            whose members are arguments
  --argument NAME=JSON      an argument more, like amount=250 or 'to="acct-7"'; may be repeated`;

/** A chain as it was given. Nobody has said yet that its issuer may make it: the gate will. */
export interface GivenAuthorization {
  readonly chain: Uint8Array;
  readonly last: Link;
  /** How a run must be confined, and by which algorithms artifacts are named. */
  readonly isolation: Isolation | undefined;
  readonly algorithms: ReadonlySet<string>;
}

export async function readAuthorization(kernel: Kernel, path: string): Promise<GivenAuthorization> {
  const chain = await readInput(path);
  const inspected = inspectChain(kernel, chain);
  if (!inspected.ok) {
    throw new UsageError(`${path} is no chain of authorizations: ${describe(inspected)}`);
  }
  const links = inspected.value.map(({ link }) => link) as [Link, ...Link[]];
  const algorithms = links.flatMap(({ artifacts = [] }) => artifacts.flatMap(Object.keys));
  return {
    chain,
    last: links.at(-1) as Link,
    isolation: demandsOf(links).isolation,
    algorithms: new Set(algorithms),
  };
}

/** What the options add to what runs. */
export interface Addition {
  readonly command: string;
  readonly resource: Resource | undefined;
  readonly others: JsonObject;
}

export async function readAddition(
  args: Arguments,
  { last }: GivenAuthorization,
): Promise<Addition> {
  const { principal, command: own } = last.authorization;
  const path = args.text("request");
  const request = path === undefined ? undefined : readRequest(await readInput(path));
  if (request && !request.ok) throw new UsageError(`--request ${path}: ${describe(request)}`);
  const asked = request?.value;
  if (asked && asked.principal !== principal.id) {
    const expected = `by ${principal.id}, as the authorization is`;
    throw new UsageError(`--request ${path} is not ${expected}, but by ${asked.principal}`);
  }
  const command = args.text("command") ?? asked?.command ?? own;
  if (!isCommand(command)) {
    throw new UsageError(`--command is a command like /jobs/backup, not "${command}"`);
  }
  if (asked && asked.command !== command) {
    throw new UsageError(`--request ${path} is for ${asked.command}, and --command is ${command}`);
  }
  const others = { ...asked?.arguments, ...argumentsOf(args) };
  requireFree(asked ? `--request ${path} or --argument` : "--argument", others);
  return { command, resource: asked?.resource, others };
}

function argumentsOf(args: Arguments): JsonObject {
  const given: [string, JsonObject[string]][] = args.list("argument").map((text) => {
    const equals = text.indexOf("=");
    const name = text.slice(0, Math.max(0, equals));
    const json = readJson(`--argument ${name}`, encodeUtf8(text.slice(equals + 1)), 1 << 20);
    if (name === "" || !json.ok) {
      throw new UsageError(
        `--argument is NAME=JSON, like amount=250 or to='"acct-7"', not "${text}"`,
      );
    }
    return [name, json.value];
  });
  const twice = given.find(([name], i) => given.findIndex(([other]) => other === name) !== i);
  if (twice) throw new UsageError(`--argument ${twice[0]} is given twice`);
  return Object.fromEntries(given);
}

/** The request with a proof by its holder, over a new challenge of the gate. */
export async function ask(
  gate: Gate,
  kernel: Kernel,
  signer: NamedSigner,
  { chain, last }: GivenAuthorization,
  request: RequestParts,
): Promise<Pick<RunRequest, "chain" | "request" | "possession">> {
  const made = makeRequest(request);
  if (!made.ok) throw new UsageError(`the request cannot be made: ${describe(made)}`);
  const { nonce } = gate.challenge();
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const terms = { gate: gate.origin, nonce, salt };
  const now = Date.now();
  const proof = await provePossession(kernel, signer, last.sha256, made.value, terms, now);
  return { chain, request, possession: { nonce, proof, salt } };
}
