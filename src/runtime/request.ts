/**
 * One GET over the platform's `fetch`, for servers that are not trusted: neither with the length,
 * the pace or the encoding of what they send, nor with where they point.
 */

type Outcome =
  | { readonly outcome: "found"; readonly bytes: Uint8Array; readonly etag?: string }
  /** 304, in answer to a validator that was sent. */
  | { readonly outcome: "unchanged" }
  /** 404 or 410. */
  | { readonly outcome: "absent" }
  | { readonly outcome: "timeout" }
  | { readonly outcome: "too-large" }
  /** The body ended before the `promised` bytes of its Content-Length. */
  | { readonly outcome: "truncated"; readonly promised: number }
  /** Browsers tell neither status nor target of a redirect. */
  | { readonly outcome: "redirect"; readonly status?: number; readonly location?: string }
  | { readonly outcome: "http-status"; readonly status: number }
  /** `reason` is the platform's text and may quote the other side. */
  | { readonly outcome: "network"; readonly reason: string };

/** `received` counts the bytes of the body that came, decoded, whatever became of them. */
type HttpAnswer = Outcome & { readonly received: number };

interface Options {
  /** Bytes that the decoded body may have. */
  readonly limit: number;
  /** From the call to the body's last byte. */
  readonly timeoutMs: number;
  /** The `etag` of an earlier answer; what does not look like one is not sent. */
  readonly validator?: string | undefined;
}

interface Progress {
  received: number;
}

/** What `setTimeout` can count. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const LONGEST_TEXT = 200;

/** RFC 9110, section 8.8.3, without the bytes above ASCII. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/** Read of the page that comes with a 404, so that the connection can serve the next request. */
const ABSENT_BODY = 64 * 1024;

/**
 * Gets `url` (http or https, without credentials). Redirects are not followed. Whatever the server
 * or the network does is an answer, within `timeoutMs`; rejects for misuse alone. No exchange
 * outlives the call; but Node, once it is connecting, goes on for 10 s after an abort.
 */
export async function request(url: string, options: Options): Promise<HttpAnswer> {
  const { limit, timeoutMs } = options;
  requireUrl(url);
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new RangeError(`a limit is a number of bytes, not ${limit}`);
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT) {
    throw new RangeError(`a timeout is 1 to ${LONGEST_TIMEOUT} ms, not ${timeoutMs}`);
  }
  const controller = new AbortController();
  const progress: Progress = { received: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Raced against, not only aborted: an abort that the platform is slow to obey holds nobody up.
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: "timeout" }), timeoutMs);
  });
  try {
    const answer = exchange(url, options, controller.signal, progress);
    const outcome = await Promise.race([answer, late]);
    return { ...outcome, received: progress.received };
  } finally {
    clearTimeout(timer);
    // Closes the connection, unless the body was read to its end.
    controller.abort();
  }
}

function requireUrl(text: string): void {
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`expected an http or https URL, not ${url.protocol}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("expected a URL without credentials");
  }
}

async function exchange(
  url: string,
  { limit, validator }: Options,
  signal: AbortSignal,
  progress: Progress,
): Promise<Outcome> {
  const conditional = isEtag(validator);
  let response: Response;
  try {
    response = await fetch(url, {
      ...privacy(url),
      redirect: "manual",
      signal,
      headers: {
        // Browsers do not let this be set, and servers need not heed it: the limit is on decoded bytes.
        "accept-encoding": "identity",
        ...(conditional ? { "if-none-match": validator } : {}),
      },
    });
  } catch (error) {
    return { outcome: "network", reason: reasonOf(error) };
  }
  const reader = response.body?.getReader();
  const drop = (): void => void reader?.cancel().catch(() => {});
  // Also where the platform's own abort ends with the headers, or does nothing.
  if (signal.aborted) drop();
  else signal.addEventListener("abort", drop, { once: true });
  const { status, headers } = response;
  // `redirected`: a platform that followed after all.
  if (response.type === "opaqueredirect" || response.redirected) return { outcome: "redirect" };
  // A 304 that nothing asked for leaves the caller without the file.
  if (status === 304 && conditional) return { outcome: "unchanged" };
  if (status >= 300 && status < 400 && status !== 304) {
    const location = headers.get("location")?.slice(0, LONGEST_TEXT);
    return { outcome: "redirect", status, ...(location === undefined ? {} : { location }) };
  }
  if (status === 404 || status === 410) {
    await readBody(reader, ABSENT_BODY, progress).catch(() => {});
    return { outcome: "absent" };
  }
  if (status !== 200) return { outcome: "http-status", status };

  const length = contentLength(headers);
  if (length !== undefined && length > limit) return { outcome: "too-large" };
  // Of a compressed body it is another length. Across origins browsers do not say that a body was
  // compressed; they compare the lengths themselves.
  const compressed = headers.has("content-encoding") || response.type === "cors";
  const promised = compressed ? undefined : length;
  const cut = (): boolean => promised !== undefined && progress.received < promised;
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBody(reader, limit, progress);
  } catch (error) {
    if (cut()) return { outcome: "truncated", promised: promised as number };
    return { outcome: "network", reason: reasonOf(error) };
  }
  if (!bytes) return { outcome: "too-large" };
  if (cut()) return { outcome: "truncated", promised: promised as number };
  const etag = headers.get("etag");
  return { outcome: "found", bytes, ...(isEtag(etag) ? { etag } : {}) };
}

/**
 * No cookies, no referrer, no cache between us and the server, as far as the platform knows of them:
 * workerd throws for options that its compatibility date leaves out, and has neither of the three.
 */
function privacy(url: string): RequestInit {
  const wanted: readonly RequestInit[] = [
    { cache: "no-store" },
    { credentials: "omit" },
    { referrerPolicy: "no-referrer" },
  ];
  const known = wanted.filter((option) => {
    try {
      return new Request(url, option) instanceof Request;
    } catch {
      return false;
    }
  });
  return Object.assign({}, ...known) as RequestInit;
}

/**
 * The whole body, or undefined as soon as it is over `limit`. Copied into one buffer as it comes:
 * a server that sends chunks of one byte must not make us keep an object for each.
 */
async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  limit: number,
  progress: Progress,
): Promise<Uint8Array | undefined> {
  if (!reader) return new Uint8Array(0);
  let buffer = new Uint8Array(Math.min(limit, 4096));
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return buffer.slice(0, length);
    progress.received += value.length;
    if (value.length > limit - length) return undefined;
    if (value.length > buffer.length - length) {
      const larger = new Uint8Array(Math.min(limit, Math.max(length + value.length, length * 2)));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(value, length);
    length += value.length;
  }
}

function contentLength(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

function isEtag(text: string | null | undefined): text is string {
  return typeof text === "string" && text.length <= LONGEST_TEXT && ETAG.test(text);
}

/** Node says "fetch failed" and tells why in the cause, or in the cause's. */
function reasonOf(error: unknown): string {
  type Told = { cause?: unknown; message?: unknown; code?: unknown };
  let told = Object(error) as Told;
  for (let depth = 0; depth < 5 && Object(told.cause) === told.cause; depth++) {
    told = told.cause as Told;
  }
  const text = [told.message, told.code, error].find((each) => each !== undefined && each !== "");
  return String(text).slice(0, LONGEST_TEXT);
}
