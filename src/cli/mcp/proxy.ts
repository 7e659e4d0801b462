/**
 * A proxy between an MCP client and a server: each message is read strictly, and what goes on is made
 * anew. Requests pass or are decided on (`route.ts`); notifications pass. It dies closed: what breaks
 * the protocol, on either side, ends the session for both.
 *
 * A batch from the client is refused, and the session goes on. Lines of a server before its first
 * message that do not begin like JSON are a banner: shown, and passed on to nobody.
 */
import type { Failure } from "../../verdict.js";
import { failure } from "../../verdict.js";
import type { Govern } from "./govern.js";
import { Lane } from "./lane.js";
import { LineSplitter } from "./lines.js";
import type { Message, Notification, Parsed } from "./message.js";
import { formatError, formatNotification, parseMessage, RPC } from "./message.js";
import { clientRouter, serverRouter } from "./route.js";
import type { Sink } from "./sink.js";
import { LastingSink } from "./sink.js";

/** Bytes of a message. What a gate decides on is at most 1 MiB; results hold images. */
export const MAX_MESSAGE_BYTES = { client: 4 << 20, server: 32 << 20 } as const;

export interface ProxyOptions {
  /** What commands name the server by: a segment of at most 64 characters. Else a RangeError. */
  readonly server: string;
  readonly govern: Govern;
  readonly toClient: Sink;
  readonly toServer: Sink;
  /** Gets a line of the server's banner, as it is. */
  readonly onBanner?: (line: Uint8Array) => void;
}

/** What one side says. */
export interface Side {
  /** The next bytes; the next ones may follow when this resolves. Never rejects. */
  receive(chunk: Uint8Array): Promise<void>;
  /** It says no more. Never rejects. */
  end(): Promise<void>;
}

/** How the session ended. `isClean`: the client ended first, and nothing was left unanswered. */
export interface SessionEnd {
  readonly isClean: boolean;
  readonly reason: string;
}

export interface McpProxy {
  readonly client: Side;
  readonly server: Side;
  /** Answers what is in flight with an error, and closes both sides. */
  stop(reason: string): void;
  /** From when on nothing passes any more. Never rejects. */
  readonly stopped: Promise<SessionEnd>;
  /**
   * When both sides are closed, and every run was told its outcome. Never rejects; never resolves
   * where a side or a decision hangs, so that a host waits for it as long as it likes.
   */
  readonly ended: Promise<SessionEnd>;
}

export function createProxy(options: ProxyOptions): McpProxy {
  return new Session(options);
}

type Name = "client" | "server";

/** What ends the session, and its JSON-RPC code where the client is told. */
interface Breach extends Failure {
  readonly rpc?: number;
}

class Session implements McpProxy {
  readonly client: Side;
  readonly server: Side;
  readonly stopped: Promise<SessionEnd>;
  readonly ended: Promise<SessionEnd>;
  readonly #onBanner: (line: Uint8Array) => void;
  readonly #sinks: Readonly<Record<Name, Sink>>;
  /** By whose requests they are. */
  readonly #lanes: Readonly<Record<Name, Lane>>;
  readonly #work = new Set<Promise<void>>();
  #resolve: ((end: SessionEnd) => void) | undefined;
  #clientEnded = false;
  #serverSpoke = false;

  constructor({ server, govern, toClient, toServer, onBanner }: ProxyOptions) {
    this.#onBanner = onBanner ?? (() => undefined);
    const sinks = { client: new LastingSink(toClient), server: new LastingSink(toServer) };
    const common = { govern, spawn: this.#spawn, onIdle: this.#closeServer };
    const [up, down] = [clientRouter(server), serverRouter(server)];
    this.#sinks = sinks;
    this.#lanes = {
      client: new Lane({ ...common, route: up, origin: sinks.client, target: sinks.server }),
      server: new Lane({ ...common, route: down, origin: sinks.server, target: sinks.client }),
    };
    this.client = this.#side("client");
    this.server = this.#side("server");
    this.stopped = new Promise((resolve) => (this.#resolve = resolve));
    this.ended = this.stopped.then((end) => this.#settle(end));
  }

  stop(reason: string): void {
    this.#stop({ isClean: false, reason });
  }

  #side(name: Name): Side {
    const lines = new LineSplitter(MAX_MESSAGE_BYTES[name]);
    return {
      receive: (chunk) => this.#guard(() => this.#receive(name, lines, chunk)),
      end: () => this.#guard(() => this.#end(name, lines)),
    };
  }

  async #receive(name: Name, lines: LineSplitter, chunk: Uint8Array): Promise<void> {
    if (this.#isStopped) return;
    const split = lines.push(chunk);
    for (const line of split.lines) {
      if (this.#isStopped) return;
      const breach = await this.#line(name, line);
      if (breach) this.#break(name, breach);
    }
    const expected = `a message of at most ${MAX_MESSAGE_BYTES[name]} bytes`;
    if (split.tooLong) this.#break(name, failure("TOO_LARGE", expected, "more"));
  }

  async #line(name: Name, line: Uint8Array): Promise<Breach | undefined> {
    const parsed = parseMessage(line);
    if (!parsed.ok) return this.#refuse(name, line, parsed);
    if (name === "server") this.#serverSpoke = true;
    return this.#message(name, parsed.message);
  }

  async #refuse(
    name: Name,
    line: Uint8Array,
    { isBatch, code, failure }: Parsed & { ok: false },
  ): Promise<Breach | undefined> {
    if (name === "client" && isBatch) {
      await this.#sinks.client.write(formatBreach(failure));
      return undefined;
    }
    if (name === "server" && !this.#serverSpoke && !beginsLikeMessage(line)) {
      this.#onBanner(line);
      return undefined;
    }
    return { ...failure, rpc: code };
  }

  async #message(name: Name, message: Message): Promise<Failure | undefined> {
    const other = name === "client" ? "server" : "client";
    if (message.kind === "request") return this.#lanes[name].request(message);
    if (message.kind === "response") return this.#lanes[other].answer(message);
    return this.#notification(name, other, message);
  }

  async #notification(
    name: Name,
    other: Name,
    { method, params }: Notification,
  ): Promise<Failure | undefined> {
    // Anything else without an id would be a call that nobody decides on.
    if (!method.startsWith("notifications/")) {
      return failure("MALFORMED", "a notification's method in notifications/", "another");
    }
    if (method === "notifications/cancelled") await this.#lanes[name].cancel(params);
    else if (method === "notifications/progress") await this.#lanes[other].progress(params);
    else await this.#sinks[other].write(formatNotification(method, params));
    return undefined;
  }

  async #end(name: Name, lines: LineSplitter): Promise<void> {
    if (this.#isStopped) return;
    if (lines.isInside) {
      const cut = failure("MALFORMED", "a newline after each message", "the end");
      return this.#break(name, cut);
    }
    if (name === "server") {
      const isClean = this.#clientEnded && this.#lanes.client.isIdle;
      return this.#stop({ isClean, reason: "the server has ended" });
    }
    this.#clientEnded = true;
    await this.#lanes.server.close("the client has ended");
    this.#closeServer();
  }

  /** A client that has ended may still wait for answers. */
  readonly #closeServer = (): void => {
    if (this.#clientEnded && this.#lanes.client.isIdle) this.#spawn(this.#sinks.server.close());
  };

  readonly #spawn = (work: Promise<void>): void => {
    const guarded = this.#guard(() => work).then(() => void this.#work.delete(guarded));
    this.#work.add(guarded);
  };

  /** Whatever throws, a sink that nobody reads or a defect, ends the session. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.stop(error instanceof Error ? error.message : String(error));
    }
  }

  get #isStopped(): boolean {
    return this.#resolve === undefined;
  }

  #break(name: Name, breach: Breach): void {
    const reason = `the ${name} broke the protocol: ${describe(breach)}`;
    this.#stop({ isClean: false, reason }, name === "client" ? breach : undefined);
  }

  #stop(end: SessionEnd, breach?: Breach): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    // A side that does not read holds up its own end alone.
    this.#spawn(this.#close("client", end.reason, breach));
    this.#spawn(this.#close("server", end.reason, undefined));
    resolve(end);
  }

  /** The client is told what is wrong with a message, whose id does not count. */
  async #close(name: Name, reason: string, breach: Breach | undefined): Promise<void> {
    const sink = this.#sinks[name];
    const told = breach && sink.write(formatBreach(breach));
    await Promise.allSettled([told, this.#lanes[name].close(reason)]);
    await sink.close();
  }

  async #settle(end: SessionEnd): Promise<SessionEnd> {
    while (this.#work.size > 0) await Promise.all(this.#work);
    return end;
  }
}

function formatBreach(breach: Breach): string {
  return formatError(null, { code: breach.rpc ?? RPC.INVALID, message: describe(breach) });
}

function describe({ expected, found }: Failure): string {
  return `expected ${expected}, found ${found}`;
}

/** After white space of JSON, an object or a list. */
function beginsLikeMessage(line: Uint8Array): boolean {
  const first = line.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d);
  return first === 0x7b || first === 0x5b;
}
