/** The requests of one side to the other: what is in flight, and what becomes of each. */
import type { Json } from "../../bytes/canonical.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import type { Failure } from "../../verdict.js";
import { abbreviate, failure } from "../../verdict.js";
import type { Denial, Govern, Grant, Outcome } from "./govern.js";
import type { Id, Request, Response, RpcError } from "./message.js";
import { formatError, formatNotification, formatRequest, formatResponse, RPC } from "./message.js";
import type { Route, Router } from "./route.js";
import type { Sink } from "./sink.js";

/** Requests in flight in one direction, those that are being decided on among them. */
export const MAX_CALLS = 256;

interface InFlight {
  /** What the target knows it by: an answer to another id is an answer to nothing. */
  readonly own: number;
  readonly id: Id;
  readonly key: string;
  readonly token: Id | undefined;
  /** `ending`: its answer is there or not awaited any more. `answered`: nothing more is said of it. */
  phase: "deciding" | "sent" | "ending" | "answered";
  grant: Grant | undefined;
  readonly interrupt: () => void;
}

export interface LaneOptions {
  readonly route: Router;
  readonly govern: Govern;
  /** Whose requests these are. */
  readonly origin: Sink;
  readonly target: Sink;
  /** Keeps work that nobody waits for; where it rejects the session ends. */
  readonly spawn: (work: Promise<void>) => void;
  /** Called each time that nothing is in flight any more. */
  readonly onIdle: () => void;
}

/** A method that gives a failure found a breach of the protocol: the session must end. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #calls = new Map<number, InFlight>();
  /** Calls that the port is deciding on, withdrawn ones among them. */
  #deciding = 0;
  readonly #byKey = new Map<string, InFlight>();
  #next = 1;
  #closed: string | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#calls.size === 0;
  }

  /** A request by the origin. Resolves when the next message may be read, decided on or not. */
  async request({ id, method, params }: Request): Promise<Failure | undefined> {
    const key = JSON.stringify(id);
    if (this.#byKey.has(key)) {
      return failure("MALFORMED", "a request with an id that is not in flight", abbreviate(key));
    }
    const { route, origin, target, spawn } = this.#options;
    const refusal = this.#refusal();
    if (refusal) return void (await origin.write(formatError(id, refusal)));
    const routed = route(method, params);
    if (!routed.ok) return void (await origin.write(formatError(id, describe(routed))));
    const { value } = routed;
    const call = this.#open(id, key, value);
    if (value.kind === "pass") await target.write(formatCall(call, method, value));
    else spawn(this.#govern(call, method, value));
    return undefined;
  }

  /** A response by the target. */
  async answer(response: Response): Promise<Failure | undefined> {
    const { id } = response;
    const call = typeof id === "number" ? this.#calls.get(id) : undefined;
    if (call === undefined) {
      // Late, after a cancellation or an interruption: dropped.
      if (typeof id === "number" && id >= 1 && id < this.#next) return undefined;
      return failure("MALFORMED", "an answer to a request", `one with the id ${shown(id)}`);
    }
    if (call.phase === "deciding") {
      return failure("MALFORMED", "an answer to what was sent", "one to what is being decided on");
    }
    if (call.phase !== "sent") return undefined;
    call.phase = "ending";
    const { grant } = call;
    if (grant) this.#options.spawn(this.#conclude(call, grant, response));
    else await this.#finish(call, formatResponse(call.id, response));
    return undefined;
  }

  /** The origin withdraws a request: it gets no answer any more (MCP, "Cancellation"). */
  async cancel(params: JsonObject | undefined): Promise<void> {
    const call = this.#byKey.get(JSON.stringify(params?.["requestId"]));
    const reason = params?.["reason"];
    if (call === undefined || call.phase === "ending" || call.phase === "answered") return;
    const { phase, grant } = call;
    this.#forget(call);
    if (phase !== "sent") return;
    await this.#options.target.write(formatCancelled(call, reason));
    if (grant) this.#options.spawn(grant.ended({ kind: "cancelled" }));
  }

  /** The target reports progress: under the origin's own token, while the request is in flight. */
  async progress(params: JsonObject | undefined): Promise<void> {
    const token = params?.["progressToken"];
    const call = typeof token === "number" ? this.#calls.get(token) : undefined;
    if (call?.token === undefined || call.phase !== "sent") return;
    const progress = { ...params, progressToken: call.token };
    await this.#options.origin.write(formatNotification("notifications/progress", progress));
  }

  /** No more is sent: what is in flight, and what may still come, is answered with an error. */
  async close(reason: string): Promise<void> {
    this.#closed ??= reason;
    const calls = [...this.#calls.values()].filter(({ phase }) => phase !== "answered");
    await Promise.all(
      calls.map(async (call) => {
        const { phase, grant } = call;
        this.#forget(call);
        if (phase === "sent" && grant) this.#options.spawn(grant.ended({ kind: "lost" }));
        await this.#options.origin.write(
          formatError(call.id, { code: RPC.CLOSED, message: reason }),
        );
      }),
    );
  }

  #refusal(): RpcError | undefined {
    if (this.#closed !== undefined) return { code: RPC.CLOSED, message: this.#closed };
    // A call that was withdrawn while it is decided on is in flight at the gate still.
    if (Math.max(this.#calls.size, this.#deciding) < MAX_CALLS) return undefined;
    return { code: RPC.BUSY, message: `${MAX_CALLS} calls are in flight` };
  }

  #open(id: Id, key: string, { kind, token }: Route): InFlight {
    const call: InFlight = {
      own: this.#next++,
      id,
      key,
      token,
      phase: kind === "pass" ? "sent" : "deciding",
      grant: undefined,
      interrupt: () => this.#options.spawn(this.#interrupt(call)),
    };
    this.#calls.set(call.own, call);
    this.#byKey.set(key, call);
    return call;
  }

  async #govern(call: InFlight, method: string, route: Route & { kind: "govern" }): Promise<void> {
    this.#deciding += 1;
    const decision = await this.#decide(call, route).finally(() => (this.#deciding -= 1));
    const isOpen = call.phase === "deciding" && this.#calls.has(call.own);
    if (!decision.allow) {
      if (isOpen) await this.#finish(call, formatError(call.id, describeDenial(decision)));
      return;
    }
    const { signal } = decision;
    if (!isOpen) {
      if (!signal.aborted) await decision.ended({ kind: "unsent" });
      return;
    }
    if (signal.aborted) return this.#finish(call, formatInterrupted(call, signal));
    call.grant = decision;
    call.phase = "sent";
    signal.addEventListener("abort", call.interrupt);
    await this.#options.target.write(formatCall(call, method, route));
  }

  async #decide(call: InFlight, route: Route & { kind: "govern" }): Promise<Grant | Denial> {
    try {
      const { command } = route;
      return await this.#options.govern({ id: call.own, command, arguments: route.arguments });
    } catch {
      return { allow: false, code: "INTERNAL", message: "the call could not be decided on" };
    }
  }

  async #conclude(call: InFlight, grant: Grant, response: Response): Promise<void> {
    await grant.ended(outcomeOf(response));
    const { signal } = grant;
    await this.#finish(
      call,
      signal.aborted ? formatInterrupted(call, signal) : formatResponse(call.id, response),
    );
  }

  async #interrupt(call: InFlight): Promise<void> {
    if (call.phase !== "sent" || !this.#calls.has(call.own)) return;
    const signal = (call.grant as Grant).signal;
    call.phase = "ending";
    await this.#options.target.write(formatCancelled(call, "interrupted"));
    await this.#finish(call, formatInterrupted(call, signal));
  }

  /** The origin's answer. The id is free again once it is written. */
  async #finish(call: InFlight, line: string): Promise<void> {
    if (!this.#calls.has(call.own)) return;
    call.phase = "answered";
    await this.#options.origin.write(line);
    this.#forget(call);
  }

  #forget(call: InFlight): void {
    if (!this.#calls.delete(call.own)) return;
    this.#byKey.delete(call.key);
    call.grant?.signal.removeEventListener("abort", call.interrupt);
    if (this.#calls.size === 0) this.#options.onIdle();
  }
}

function formatCall({ own, token }: InFlight, method: string, { params }: Route): string {
  if (token === undefined) return formatRequest(own, method, params);
  return formatRequest(own, method, { ...params, _meta: { progressToken: own } });
}

function formatCancelled({ own }: InFlight, reason: Json | undefined): string {
  const params = { requestId: own, ...(typeof reason === "string" ? { reason } : {}) };
  return formatNotification("notifications/cancelled", params);
}

function formatInterrupted({ id }: InFlight, { reason }: AbortSignal): string {
  const named: unknown =
    typeof reason === "object" && reason !== null && "code" in reason ? reason.code : undefined;
  const code = typeof named === "string" ? named : "INTERRUPTED";
  const message = `interrupted: ${code}`;
  return formatError(id, { code: RPC.INTERRUPTED, message, data: { code } });
}

function describeDenial({ code, message }: Denial): RpcError {
  return { code: RPC.DENIED, message: `denied: ${message}`, data: { code } };
}

function describe({ code, expected, found }: Failure): RpcError {
  return describeDenial({ allow: false, code, message: `expected ${expected}, found ${found}` });
}

function outcomeOf(response: Response): Outcome {
  if ("error" in response) return { kind: "error", error: response.error };
  return { kind: "result", result: response.result };
}

function shown(id: Id): string {
  return abbreviate(String(id));
}
