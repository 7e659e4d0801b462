import { requirePath } from "../storage/storage.js";
import type { Failure } from "../verdict.js";
import { abbreviate, failure } from "../verdict.js";
import type { Answer, Request, Source } from "./source.js";

/** What one GET came to; `received` counts the bytes of the body that came. */
export type HttpAnswer = { readonly received: number } & (
  | { readonly outcome: "found"; readonly bytes: Uint8Array; readonly etag?: string }
  | { readonly outcome: "unchanged" }
  | { readonly outcome: "absent" }
  | { readonly outcome: "timeout" }
  | { readonly outcome: "too-large" }
  | { readonly outcome: "truncated"; readonly promised: number }
  | { readonly outcome: "redirect"; readonly status?: number; readonly location?: string }
  | { readonly outcome: "http-status"; readonly status: number }
  | { readonly outcome: "network"; readonly reason: string }
);

/**
 * A GET that follows no redirect, reads no more than `limit` bytes and ends within `timeoutMs`,
 * whatever the server does; rejects for misuse alone. `request` of `src/runtime/` is one.
 */
export type HttpRequest = (
  url: string,
  options: {
    readonly limit: number;
    readonly timeoutMs: number;
    readonly validator?: string | undefined;
  },
) => Promise<HttpAnswer>;

export interface HttpSource extends Source {
  /** Since the source was made, for people: requests, and bytes of bodies after decoding. */
  traffic(): { readonly requests: number; readonly bytes: number };
}

/**
 * The files below `url` (http or https, without credentials, query or fragment). A file that is
 * asked for has `timeoutMs` to arrive, whole; for all of a round together, give `requestsWithin` of
 * `src/runtime/` as the request.
 */
export function httpSource(
  url: string,
  request: HttpRequest,
  { timeoutMs }: { readonly timeoutMs: number },
): HttpSource {
  const base = parseBase(url);
  let requests = 0;
  let bytes = 0;
  return {
    name: base,
    traffic: () => ({ requests, bytes }),
    async read(_domain: string, path: string, { limit, validator }: Request): Promise<Answer> {
      requirePath(path);
      const encoded = encodePath(path);
      if (encoded === undefined) {
        return failure("MALFORMED", "a path that a URL can hold", abbreviate(path));
      }
      requests++;
      const answer = await request(base + encoded, { limit, timeoutMs, validator });
      bytes += answer.received;
      switch (answer.outcome) {
        case "found": {
          const etag = answer.etag === undefined ? {} : { validator: answer.etag };
          return { ok: true, status: "found", bytes: answer.bytes, ...etag };
        }
        case "unchanged":
        case "absent":
          return { ok: true, status: answer.outcome };
        default:
          return explain(answer, new URL(base + encoded).pathname, limit, timeoutMs);
      }
    },
  };
}

/** The base with a slash at its end, spelled as the URL standard does: equal places, equal names. */
function parseBase(text: string): string {
  if (/[?#]/.test(text)) throw new TypeError("expected a URL without query and fragment");
  const { protocol, username, password, href } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(`expected an http or https URL, not ${protocol}`);
  }
  if (username !== "" || password !== "") {
    throw new TypeError("expected a URL without credentials");
  }
  return href.endsWith("/") ? href : `${href}/`;
}

/** Undefined for halves of surrogate pairs, which have no UTF-8. */
function encodePath(path: string): string | undefined {
  try {
    return path.split("/").map(encodeURIComponent).join("/");
  } catch {
    return undefined;
  }
}

type Fault = Exclude<HttpAnswer, { outcome: "found" | "unchanged" | "absent" }>;

function explain(fault: Fault, path: string, limit: number, timeoutMs: number): Failure {
  const { received } = fault;
  switch (fault.outcome) {
    case "timeout": {
      const found = `no end of it; ${received} bytes had come`;
      return failure("TIMEOUT", `${path} within ${timeoutMs} ms`, found);
    }
    case "too-large":
      return failure("TOO_LARGE", `at most ${limit} bytes at ${path}`, "more than that");
    case "truncated": {
      const expected = `${fault.promised} bytes at ${path}, as its Content-Length says`;
      return failure("MALFORMED", expected, `an end after ${received}`);
    }
    case "redirect": {
      const status = fault.status === undefined ? "a redirect" : `status ${fault.status}`;
      const target = fault.location === undefined ? "" : ` to ${abbreviate(fault.location)}`;
      return failure("REDIRECT", `the file itself at ${path}`, status + target);
    }
    case "http-status": {
      const expected = `${path}, or that it is absent or unchanged`;
      return failure("UNREACHABLE", expected, `status ${fault.status}`);
    }
    case "network":
      return failure("UNREACHABLE", `an answer for ${path}`, abbreviate(fault.reason));
  }
}
