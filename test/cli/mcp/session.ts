/** A proxy in memory: what each side is sent, and decisions that a test takes when it likes. */
import type { Call, Denial, Govern, Grant, Outcome } from "../../../src/cli/mcp/govern.js";
import type { McpProxy, SessionEnd } from "../../../src/cli/mcp/proxy.js";
import { createProxy } from "../../../src/cli/mcp/proxy.js";
import type { Sink } from "../../../src/cli/mcp/sink.js";

export type Message = { readonly [name: string]: unknown };

/** A call that waits for its decision. */
export class Asked {
  readonly outcomes: Outcome[] = [];
  readonly controller = new AbortController();
  wasAllowed = false;
  readonly decision: Promise<Grant | Denial>;
  decide!: (decision: Grant | Denial) => void;
  fail!: (error: Error) => void;

  constructor(readonly call: Call) {
    this.decision = new Promise((resolve, reject) => {
      this.decide = resolve;
      this.fail = reject;
    });
  }

  /** `store` resolves when its outcome is durable. */
  allow(store: () => Promise<void> = () => Promise.resolve()): void {
    this.wasAllowed = true;
    const ended = (outcome: Outcome): Promise<void> => {
      this.outcomes.push(outcome);
      return store();
    };
    this.decide({ allow: true, ended, signal: this.controller.signal });
  }

  deny(code = "SCOPE", message = "the authorization does not cover this"): void {
    this.decide({ allow: false, code, message });
  }

  interrupt(reason: unknown = { code: "REVOKED" }): void {
    this.controller.abort(reason);
  }
}

/** A sink that keeps lines, and can be made to hang or to fail. */
export class Kept implements Sink {
  readonly lines: string[] = [];
  closes = 0;
  gate: Promise<void> = Promise.resolve();
  onLine: (line: string) => void = () => undefined;

  async write(line: string): Promise<void> {
    if (this.isClosed) throw new Error("written to after its end");
    this.lines.push(line);
    this.onLine(line);
    await this.gate;
  }

  async close(): Promise<void> {
    this.closes += 1;
  }

  get isClosed(): boolean {
    return this.closes > 0;
  }

  get messages(): Message[] {
    return this.lines.map((line) => JSON.parse(line) as Message);
  }
}

export class Session {
  readonly toClient = new Kept();
  readonly toServer = new Kept();
  readonly asked: Asked[] = [];
  readonly banner: string[] = [];
  readonly proxy: McpProxy;
  end: SessionEnd | undefined;

  /** `onCall` answers calls at once; without it they wait in `asked`. */
  constructor(onCall: (asked: Asked) => void = () => undefined) {
    const govern: Govern = (call) => {
      const asked = new Asked(call);
      this.asked.push(asked);
      onCall(asked);
      return asked.decision;
    };
    this.proxy = createProxy({
      server: "files",
      govern,
      toClient: this.toClient,
      toServer: this.toServer,
      onBanner: (line) => this.banner.push(new TextDecoder().decode(line)),
    });
    void this.proxy.stopped.then((end) => (this.end = end));
  }

  /** The client says something: messages, or text as it is. */
  async client(...said: readonly (Message | string | Uint8Array)[]): Promise<void> {
    for (const each of said) await this.proxy.client.receive(bytesOf(each));
    await settle();
  }

  async server(...said: readonly (Message | string | Uint8Array)[]): Promise<void> {
    for (const each of said) await this.proxy.server.receive(bytesOf(each));
    await settle();
  }
}

export function bytesOf(said: Message | string | Uint8Array): Uint8Array {
  if (said instanceof Uint8Array) return said;
  return new TextEncoder().encode(typeof said === "string" ? said : `${JSON.stringify(said)}\n`);
}

/** Until nothing moves any more. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function request(id: unknown, method: string, params?: unknown): Message {
  return { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
}

export function notification(method: string, params?: unknown): Message {
  return { jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) };
}

export function result(id: unknown, value: unknown = {}): Message {
  return { jsonrpc: "2.0", id, result: value };
}

export function toolCall(id: unknown, name: unknown, given?: unknown): Message {
  return request(id, "tools/call", { name, ...(given === undefined ? {} : { arguments: given }) });
}
