/** The port through which calls are decided on and their runs kept. */
import type { JsonObject } from "../../bytes/json-kind.js";
import type { RpcError } from "./message.js";

/** What is asked, frozen: what is sent is made of the same values. */
export interface Call {
  /** Of the session: each once in a direction. */
  readonly id: number;
  /** Like `/mcp/files/tools/call/read`. */
  readonly command: string;
  readonly arguments: JsonObject;
}

/** How a call that was allowed ended. */
export type Outcome =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly error: RpcError }
  /** It was withdrawn after it was sent: whether it was carried out is not known. */
  | { readonly kind: "cancelled" }
  /** The session ended before an answer: whether it was carried out is not known. */
  | { readonly kind: "lost" }
  /** It was withdrawn, or the session ended, before it was sent: nothing was carried out. */
  | { readonly kind: "unsent" };

export interface Grant {
  readonly allow: true;
  /**
   * Called once, unless `signal` was aborted before. An answer is passed on after this resolves:
   * nobody acts on an outcome that is not durable. A rejection ends the session.
   */
  readonly ended: (outcome: Outcome) => Promise<void>;
  /** Aborted at an interruption; the `code` of its reason, if that has one, is what is answered. */
  readonly signal: AbortSignal;
}

export interface Denial {
  readonly allow: false;
  /** Of the verdict's codes. */
  readonly code: string;
  readonly message: string;
}

/** Nothing is sent before this resolves with a grant. A rejection is a denial with INTERNAL. */
export type Govern = (call: Call) => Promise<Grant | Denial>;
