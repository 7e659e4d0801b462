/** The HTTP source and the request under it, against servers of every kind on 127.0.0.1. */
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { requestsWithin } from "../../src/runtime/budget.js";
import { request } from "../../src/runtime/request.js";
import type { HttpRequest, HttpSource } from "../../src/sync/http-source.js";
import { httpSource } from "../../src/sync/http-source.js";

const TIMEOUT = 300;
/** For a slow machine: what an answer may be late by, and a socket in closing. */
const SLACK = 1_500;
const LIMIT = 1_000;
const BOMB = gzipSync(Buffer.alloc(50_000_000));

/** A server that speaks raw bytes, so that it can say anything at all. */
interface Server {
  readonly url: string;
  /** Heads of the requests that came. */
  readonly heads: string[];
  readonly open: Set<Socket>;
  /** Those of them that a request came on. */
  readonly asked: Set<Socket>;
  connections: number;
  close(): Promise<void>;
}

const servers: Server[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

type Answer = (socket: Socket, head: string) => void;

async function serve(answer: Answer): Promise<Server> {
  const open = new Set<Socket>();
  const asked = new Set<Socket>();
  const heads: string[] = [];
  const net = createServer((socket) => {
    server.connections++;
    open.add(socket);
    socket.on("close", () => open.delete(socket) && asked.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (data) => {
      asked.add(socket);
      text += data.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(head);
        answer(socket, head);
      }
    });
  });
  await new Promise<void>((resolve) => net.listen(0, "127.0.0.1", resolve));
  const server: Server = {
    url: `http://127.0.0.1:${(net.address() as AddressInfo).port}`,
    heads,
    open,
    asked,
    connections: 0,
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => net.close(() => resolve()));
    },
  };
  servers.push(server);
  return server;
}

/** A whole answer, of one write: the connection may serve the next request. */
function reply(status: string, body: string | Buffer = "", ...fields: string[]): Answer {
  const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields, "", ""];
  const bytes = Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), Buffer.from(body)]);
  const answer: Answer = (socket) => void socket.write(bytes);
  whole.add(answer);
  return answer;
}
const whole = new WeakSet<Answer>();

/** A whole answer of a status that has no body. */
function bare(status: string, ...fields: string[]): Answer {
  const answer = say([`HTTP/1.1 ${status}`, ...fields, "", ""].join("\r\n"));
  whole.add(answer);
  return answer;
}

const say =
  (text: string): Answer =>
  (socket) =>
    void socket.write(text);

/** Writes `text`, then `part` for ever, every `ms` or as fast as it is read. */
const forever =
  (text: string, part: string | Buffer, ms?: number): Answer =>
  (socket) => {
    socket.write(text);
    const next = (): void => {
      if (socket.destroyed) return;
      const full = !socket.write(part);
      if (ms !== undefined) setTimeout(next, ms);
      else if (full) socket.once("drain", next);
      else setImmediate(next);
    };
    next();
  };

const source = (server: Server, path = ""): HttpSource =>
  httpSource(server.url + path, request, { timeoutMs: TIMEOUT });

const read = (server: Server, limit = LIMIT) => source(server).read("d", "f", { limit });

/**
 * What the other side sees: nothing that was asked goes on. Node 20 (undici 6.24) opens one more
 * connection after an abort, asks nothing on it and closes it after 4 s.
 */
async function closed(server: Server): Promise<void> {
  await vi.waitFor(() => expect(server.asked.size).toBe(0), { timeout: SLACK, interval: 5 });
}

async function timely<T>(work: Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work;
  } finally {
    expect(performance.now() - start).toBeLessThan(TIMEOUT + SLACK);
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("answers", () => {
  test("a file, with its validator; then unchanged", async () => {
    const server = await serve((socket, head) => {
      const same = /^if-none-match: "v1"$/im.test(head);
      (same ? bare("304 Not Modified", 'ETag: "v1"') : file)(socket, head);
    });
    const file = reply("200 OK", "hello", 'ETag: "v1"');
    const one = source(server);
    const first = await one.read("d", "root/1.json", { limit: 100 });
    expect(first).toMatchObject({ ok: true, status: "found", validator: '"v1"' });
    if (first.ok && first.status === "found") {
      expect(first.bytes).toBeInstanceOf(Uint8Array);
      expect(first.bytes.buffer.byteLength).toBe(5);
      expect(text(first.bytes)).toBe("hello");
    }
    const again = await one.read("d", "root/1.json", { limit: 5, validator: '"v1"' });
    expect(again).toEqual({ ok: true, status: "unchanged" });
    expect(one.traffic()).toEqual({ requests: 2, bytes: 5 });
  });

  test("one connection serves one file after another, absent and unchanged ones too", async () => {
    const server = await serve((socket, head) => {
      if (head.startsWith("GET /no")) reply("404 Not Found", "x".repeat(5_000))(socket, head);
      else if (/if-none-match/i.test(head)) bare("304 Not Modified")(socket, head);
      else reply("200 OK", "hello")(socket, head);
    });
    const one = source(server);
    // Node gives a connection back a moment after the last byte was read.
    const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));
    for (let round = 0; round < 3; round++) {
      expect(await one.read("d", "yes", { limit: 5 })).toMatchObject({ status: "found" });
      await rest();
      expect(await one.read("d", "no", { limit: 5 })).toMatchObject({ status: "absent" });
      await rest();
      const kept = await one.read("d", "yes", { limit: 5, validator: '"v"' });
      expect(kept).toMatchObject({ status: "unchanged" });
      await rest();
    }
    expect(server.heads).toHaveLength(9);
    expect(server.connections).toBe(1);
  });

  test("asks by GET, uncompressed, uncached, with nothing about us", async () => {
    const server = await serve(reply("200 OK", "hello"));
    await source(server, "/base").read("d", "root/1.json", { limit: 5 });
    const [head = ""] = server.heads;
    expect(head).toMatch(/^GET \/base\/root\/1\.json HTTP\/1\.1\r\n/);
    expect(head).toMatch(/^accept-encoding: identity$/im);
    expect(head).toMatch(/^cache-control: no-cache$/im);
    expect(head).not.toMatch(/^(?:cookie|authorization|referer|origin|if-none-match|range):/im);
  });

  test.each(["404 Not Found", "410 Gone"])("%s is absent", async (status) => {
    const server = await serve(reply(status, "<html>no such page</html>"));
    expect(await read(server, 0)).toEqual({ ok: true, status: "absent" });
  });

  test.each<[string, Answer]>([
    ["without end", forever("HTTP/1.1 404 No\r\n\r\n", Buffer.alloc(4096))],
    ["cut off", (socket) => socket.end("HTTP/1.1 404 No\r\nContent-Length: 10\r\n\r\nabc")],
    ["of a length that is a lie", reply("404 No", Buffer.alloc(1 << 20))],
  ])("a 404 with a page %s is absent, and the connection is closed", async (_, answer) => {
    const server = await serve(answer);
    expect(await timely(read(server))).toEqual({ ok: true, status: "absent" });
    await closed(server);
  });

  test("another type of content is just bytes", async () => {
    const server = await serve(reply("200 OK", "<html>", "Content-Type: text/html"));
    const answer = await read(server);
    expect(answer.ok && answer.status === "found" && text(answer.bytes)).toBe("<html>");
  });

  test("exactly the limit, in chunks of one byte, and an empty file", async () => {
    const chunks = "1\r\nx\r\n".repeat(10_000);
    const server = await serve(
      say(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
    );
    const answer = await read(server, 10_000);
    expect(answer.ok && answer.status === "found" && answer.bytes.length).toBe(10_000);
    expect(await read(server, 9_999)).toMatchObject({ code: "TOO_LARGE" });
    const empty = await serve(reply("200 OK"));
    expect(await read(empty, 0)).toMatchObject({ status: "found", bytes: new Uint8Array(0) });
  });

  test("a body that ends with its connection, for want of a length", async () => {
    const server = await serve((socket) => void socket.end("HTTP/1.0 200 OK\r\n\r\nhello"));
    const answer = await read(server, 5);
    expect(answer.ok && answer.status === "found" && text(answer.bytes)).toBe("hello");
  });

  test("compressed though we asked for none: the bytes are the file's", async () => {
    const body = gzipSync("a".repeat(900));
    const server = await serve(reply("200 OK", body, "Content-Encoding: gzip"));
    const answer = await read(server);
    expect(answer.ok && answer.status === "found" && text(answer.bytes)).toBe("a".repeat(900));
    // The file is shorter than what was sent for it.
    const tiny = await serve(reply("200 OK", gzipSync("a"), "Content-Encoding: gzip"));
    expect(await read(tiny)).toMatchObject({ status: "found" });
  });

  test.each([
    ['W/"weak"', true],
    ['""', true],
    [`"${"v".repeat(198)}"`, true],
    [`"${"v".repeat(199)}"`, false],
    [`"${"v".repeat(8_000)}"`, false],
    ["bare", false],
    ['"a b"', false],
    ['"a"b"', false],
    ['"a", "b"', false],
    ['"\xe9"', false],
    ['w/"lower"', false],
  ])("of an ETag %s: kept is %s", async (etag, kept) => {
    const server = await serve(reply("200 OK", "hello", `ETag: ${etag}`));
    const answer = await read(server);
    expect(answer).toMatchObject({ ok: true, status: "found" });
    if (answer.ok && answer.status === "found") {
      expect(answer.validator).toBe(kept ? etag : undefined);
    }
  });

  test.each(["bare", '"a"\r\nX-Injected: 1', `"${"v".repeat(199)}"`, ""])(
    "a validator that was never ours is not sent: %j",
    async (validator) => {
      const server = await serve(reply("200 OK", "hello"));
      expect(await source(server).read("d", "f", { limit: 5, validator })).toMatchObject({
        status: "found",
      });
      expect(server.heads[0]).not.toMatch(/if-none-match|injected/i);
    },
  );
});

describe("faults", () => {
  const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const slow = 20;

  test.each<[kind: string, Answer, code: string, found: RegExp]>([
    ["never answers", () => {}, "TIMEOUT", /^no end of it; 0 bytes had come$/],
    ["sends headers for ever", forever("HTTP/1.1 200 OK\r\nX-A: ", "a", slow), "TIMEOUT", /; 0 b/],
    [
      "sends early hints for ever",
      forever("", "HTTP/1.1 103 Early Hints\r\n\r\n", slow),
      "TIMEOUT",
      /; 0 b/,
    ],
    ["sends headers and no body", say(`${html}Content-Length: 9\r\n\r\n`), "TIMEOUT", /; 0 b/],
    [
      "sends a byte at a time for ever",
      forever(`${html}\r\n`, "x", slow),
      "TIMEOUT",
      /^no end of it; [1-9]\d? bytes had come$/,
    ],
    [
      "sends a chunk at a time for ever",
      forever(chunked, "1\r\nx\r\n", slow),
      "TIMEOUT",
      /; [1-9]\d? bytes/,
    ],
    [
      "sends a page about absence, a byte at a time",
      forever("HTTP/1.1 404 No\r\n\r\n", "x", slow),
      "TIMEOUT",
      /bytes had come/,
    ],
    ["sends without end", forever(`${html}\r\n`, Buffer.alloc(4096)), "TOO_LARGE", /^more than/],
    [
      "sends chunks without end",
      forever(chunked, "1\r\nx\r\n".repeat(500)),
      "TOO_LARGE",
      /^more than/,
    ],
    [
      "promises a huge file and sends little",
      say(`${html}Content-Length: 9007199254740991\r\n\r\nlittle`),
      "TOO_LARGE",
      /^more than that$/,
    ],
    [
      "promises more than can be counted",
      say(`${html}Content-Length: ${"9".repeat(30)}\r\n\r\nlittle`),
      "TOO_LARGE|UNREACHABLE",
      /./,
    ],
    [
      "promises one byte too much",
      say(`${html}Content-Length: 1001\r\n\r\n`),
      "TOO_LARGE",
      /^more/,
    ],
    [
      "sends a decompression bomb",
      reply("200 OK", BOMB, "Content-Encoding: gzip"),
      "TOO_LARGE",
      /^more than that$/,
    ],
    [
      "sends decompression bombs without end",
      forever(`${html}Content-Encoding: gzip\r\n\r\n`, BOMB),
      "TOO_LARGE",
      /^more than that$/,
    ],
    [
      "ends before the promised length",
      (socket) => void socket.end(`${html}Content-Length: 9\r\n\r\nshort`),
      "MALFORMED",
      /^an end after 5$/,
    ],
    [
      "resets the connection within the promised length",
      (socket) => {
        socket.write(`${html}Content-Length: 9\r\n\r\nshort`);
        setTimeout(() => socket.resetAndDestroy(), 50);
      },
      "MALFORMED",
      /^an end after 5$/,
    ],
    [
      "resets the connection within a chunk",
      (socket) => {
        socket.write(`${chunked}9\r\nshort`);
        setTimeout(() => socket.resetAndDestroy(), 50);
      },
      "UNREACHABLE",
      /^"/,
    ],
    [
      "ends before the last chunk",
      (socket) => void socket.end(`${chunked}5\r\nshort\r\n`),
      "UNREACHABLE",
      /^"/,
    ],
    ["sends a chunk of no length", say(`${chunked}zz\r\nshort\r\n`), "UNREACHABLE", /^"/],
    [
      "sends a chunk without its end",
      say(`${chunked}5\r\nshortXX3\r\n`),
      "UNREACHABLE|TIMEOUT",
      /./,
    ],
    [
      "sends what is not gzip as gzip",
      reply("200 OK", "not gzip at all", "Content-Encoding: gzip"),
      "UNREACHABLE",
      /^"/,
    ],
    ["resets the connection at once", (socket) => socket.resetAndDestroy(), "UNREACHABLE", /^"/],
    ["hangs up", (socket) => void socket.end(), "UNREACHABLE", /^"/],
    ["does not speak HTTP", say("220 smtp.example ESMTP\r\n"), "UNREACHABLE", /^"/],
    ["sends binary noise", say("\x00\x01\x02\x16\x03\x01\r\n\r\n"), "UNREACHABLE", /^"/],
    [
      "sends two lengths",
      say(`${html}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`),
      "UNREACHABLE",
      /^"/,
    ],
    ["floods with headers", forever(html, `X-A: ${"a".repeat(999)}\r\n`), "UNREACHABLE", /^"/],
    ["floods with small headers", forever(html, "A: b\r\n".repeat(5_000)), "UNREACHABLE", /^"/],
    ["fails", reply("500 Oh", "stack trace"), "UNREACHABLE", /^status 500$/],
    ["fails at length", forever("HTTP/1.1 503 No\r\n\r\n", "x", 1), "UNREACHABLE", /^status 503$/],
    ["wants credentials", reply("401 No", "", "WWW-Authenticate: Basic"), "UNREACHABLE", /401/],
    ["sends a part", reply("206 Partial Content", "hello"), "UNREACHABLE", /^status 206$/],
    ["sends no content", bare("204 No Content"), "UNREACHABLE", /^status 204$/],
    ["says unchanged unasked", bare("304 Not Modified"), "UNREACHABLE", /^status 304$/],
  ])("a server that %s", async (_, answer, code, found) => {
    const server = await serve(answer);
    const result = await timely(read(server));
    expect(result.ok).toBe(false);
    if (result.ok) return;
    expect(result.code).toMatch(new RegExp(`^(?:${code})$`));
    expect(result.expected).toMatch(/\/f\b/);
    expect(result.found).toMatch(found);
    expect(server.heads.length).toBeLessThanOrEqual(1);
    if (!whole.has(answer)) await closed(server);
  });

  test.each([300, 301, 302, 303, 307, 308])("status %d is not followed", async (status) => {
    const other = await serve(reply("200 OK", "elsewhere"));
    const server: Server = await serve((socket, head) => {
      const target = head.startsWith("GET /self/") ? "/self/f" : `${other.url}/f`;
      reply(`${status} There`, "moved", `Location: ${target}`)(socket, head);
    });
    expect(await read(server)).toEqual({
      ok: false,
      code: "REDIRECT",
      expected: "the file itself at /f",
      found: `status ${status} to "${other.url}/f"`,
    });
    const itself = source(server, "/self/");
    expect(await itself.read("d", "f", { limit: 9 })).toMatchObject({
      code: "REDIRECT",
      expected: "the file itself at /self/f",
    });
    expect(server.heads).toHaveLength(2);
    expect(other.connections).toBe(0);
  });

  test("a redirect with a page without end is not read", async () => {
    const server = await serve(
      forever("HTTP/1.1 302 There\r\nLocation: /g\r\n\r\n", Buffer.alloc(4096)),
    );
    expect(await timely(read(server))).toMatchObject({ code: "REDIRECT" });
    expect(server.heads).toHaveLength(1);
    await closed(server);
  });

  test("a redirect to nowhere, or with a long or odd target, is told briefly", async () => {
    const target = `http://\x1b[2J${"x".repeat(5_000)}`;
    const nowhere = await serve(reply("302 There"));
    expect(await read(nowhere)).toMatchObject({ code: "REDIRECT", found: "status 302" });
    const odd = await serve(reply("302 There", "", `Location: ${target}`));
    const result = await read(odd);
    expect(result.ok).toBe(false);
    // oxlint-disable-next-line no-control-regex
    if (!result.ok) expect(result.found).toMatch(/^[^\x00-\x1f]{1,100}$/);
  });

  test("nobody listens", async () => {
    const server = await serve(reply("200 OK"));
    await server.close();
    const result = await timely(read(server));
    expect(result).toMatchObject({ code: "UNREACHABLE", expected: "an answer for /f" });
    if (!result.ok) expect(result.found).toMatch(/ECONNREFUSED/);
  });

  test("no such host", async () => {
    const one = httpSource("http://nowhere.invalid/", request, { timeoutMs: TIMEOUT });
    const result = await timely(one.read("d", "f", { limit: 1 }));
    expect(result.ok ? "" : result.code).toMatch(/^(?:UNREACHABLE|TIMEOUT)$/);
  });

  test("a bomb is given up soon after the limit", async () => {
    const server = await serve(reply("200 OK", BOMB, "Content-Encoding: gzip"));
    const one = source(server);
    expect(await one.read("d", "f", { limit: 100_000 })).toMatchObject({ code: "TOO_LARGE" });
    expect(one.traffic().bytes).toBeLessThan(1_000_000);
  });

  test("many slow servers at once do not hold each other up", async () => {
    const server = await serve(forever("HTTP/1.1 200 OK\r\n\r\n", "x", 20));
    const all = Array.from({ length: 50 }, () => read(server));
    for (const result of await timely(Promise.all(all))) {
      expect(result).toMatchObject({ code: "TIMEOUT" });
    }
    await closed(server);
  });
});

describe("platforms", () => {
  const ask = (limit = LIMIT) => request("http://127.0.0.1:1/f", { limit, timeoutMs: 50 });
  const platform = (answer: (init: RequestInit) => Promise<Response> | Response): void => {
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => answer(init));
  };
  const marked = (response: Response, marks: object): Response => {
    for (const [name, value] of Object.entries(marks)) {
      Object.defineProperty(response, name, { value });
    }
    return response;
  };

  test("a browser's redirect has no status and no target", async () => {
    platform(() => marked(new Response(), { type: "opaqueredirect", status: 0 }));
    expect(await ask()).toEqual({ outcome: "redirect", received: 0 });
    const one = httpSource("http://127.0.0.1:1/", request, { timeoutMs: 50 });
    expect(await one.read("d", "f", { limit: 1 })).toMatchObject({
      code: "REDIRECT",
      found: "a redirect",
    });
  });

  test("what a platform followed against our wish is a redirect", async () => {
    platform(() => marked(new Response("elsewhere"), { redirected: true }));
    expect(await ask()).toMatchObject({ outcome: "redirect" });
  });

  test("a fetch that neither answers nor obeys is left behind, and cancelled if it comes", async () => {
    let cancelled = false;
    let arrive: (response: Response) => void = () => {};
    platform(() => new Promise((resolve) => (arrive = resolve)));
    expect(await ask()).toEqual({ outcome: "timeout", received: 0 });
    arrive(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
    await vi.waitFor(() => expect(cancelled).toBe(true));
  });

  test.each([200, 404, 500])(
    "a body that does not obey the abort is cancelled: %d",
    async (status) => {
      let cancelled = false;
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(3)),
        cancel: () => {
          cancelled = true;
          throw new Error("no");
        },
      });
      platform(() => new Response(body, { status }));
      const answer = await ask();
      expect(answer.outcome).toBe(status === 500 ? "http-status" : "timeout");
      expect(cancelled).toBe(true);
    },
  );

  test("a body in very many chunks takes no more than its length", async () => {
    let left = 1_000_000;
    const body = new ReadableStream({
      pull: (controller) => {
        if (left-- > 0) controller.enqueue(new Uint8Array(1));
        else controller.close();
      },
    });
    platform(() => new Response(body));
    const start = performance.now();
    expect(await ask(1_000_000)).toMatchObject({ outcome: "found", received: 1_000_000 });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  test("no timer outlives the answer", async () => {
    platform(() => new Response("x"));
    vi.useFakeTimers();
    try {
      await ask();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a platform that ends short bodies without a word: the length is compared", async () => {
    const headers = { "content-length": "9" };
    platform(() => new Response("short", { headers }));
    expect(await ask()).toEqual({ outcome: "truncated", promised: 9, received: 5 });
    // A browser's answer from another origin, which may have been compressed.
    platform(() => marked(new Response("short", { headers }), { type: "cors" }));
    expect(await ask()).toMatchObject({ outcome: "found" });
  });

  test("options that a platform throws for are left out", async () => {
    const Native = Request;
    const refuse = new Set(["cache", "credentials", "referrerPolicy"]);
    vi.stubGlobal(
      "Request",
      class extends Native {
        constructor(url: string, init: RequestInit) {
          for (const name of Object.keys(init)) {
            if (refuse.has(name)) throw new Error(`The '${name}' field is not implemented.`);
          }
          super(url, init);
        }
      },
    );
    const seen: RequestInit[] = [];
    platform((init) => {
      seen.push(init);
      return new Response("x");
    });
    expect(await ask()).toMatchObject({ outcome: "found" });
    refuse.delete("credentials");
    expect(await ask()).toMatchObject({ outcome: "found" });
    refuse.clear();
    expect(await ask()).toMatchObject({ outcome: "found" });
    const options = ["cache", "credentials", "referrerPolicy"];
    const given = seen.map((init) => options.filter((name) => name in init));
    expect(given).toEqual([[], ["credentials"], options]);
    expect(seen.every(({ redirect, signal }) => redirect === "manual" && signal)).toBe(true);
  });

  test.each<[unknown, RegExp]>([
    [new TypeError("fetch failed", { cause: new Error("why") }), /^why$/],
    [new TypeError("Failed to fetch"), /^Failed to fetch$/],
    [Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), /^ECONNREFUSED$/],
    ["a string", /^a string$/],
    [undefined, /^undefined$/],
    [new Error("x".repeat(5_000)), /^x{200}$/],
  ])("a fetch that rejects with %o", async (thrown, reason) => {
    platform(() => Promise.reject(thrown));
    const answer = await ask();
    expect(answer.outcome === "network" && answer.reason).toMatch(reason);
  });
});

describe("misuse", () => {
  test.each([
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "data:,x",
    "not a url",
    "/relative",
    "http://user@127.0.0.1/",
    "http://:secret@127.0.0.1/",
  ])("%s is no URL to ask", async (url) => {
    await expect(request(url, { limit: 1, timeoutMs: 1 })).rejects.toThrow(TypeError);
    expect(() => httpSource(url, request, { timeoutMs: 1 })).toThrow(TypeError);
  });

  test.each(["http://h/a?b", "http://h/a#b", "http://h/?", "http://h/#"])(
    "%s is no base",
    (url) => {
      expect(() => httpSource(url, request, { timeoutMs: 1 })).toThrow(TypeError);
    },
  );

  test.each([-1, 0.5, NaN, Infinity])("a limit of %d", async (limit) => {
    const ask = request("http://127.0.0.1:1/", { limit, timeoutMs: 1 });
    await expect(ask).rejects.toThrow(RangeError);
  });

  test.each([0, -1, 0.5, NaN, Infinity, 2 ** 31])("a timeout of %d", async (timeoutMs) => {
    const ask = request("http://127.0.0.1:1/", { limit: 1, timeoutMs });
    await expect(ask).rejects.toThrow(RangeError);
  });
});

describe("paths", () => {
  const asked: string[] = [];
  const absent: HttpRequest = async (url) => {
    asked.push(url);
    return { outcome: "absent", received: 0 };
  };

  test.each([
    ["http://h", "a", "http://h/a"],
    ["http://h/", "a/b", "http://h/a/b"],
    ["HTTP://H:80/x", "a/b", "http://h/x/a/b"],
    ["https://h:8443/x/", "a/b", "https://h:8443/x/a/b"],
    ["http://h/x/../y", "a", "http://h/y/a"],
    ["http://h", "a?b#c/d e", "http://h/a%3Fb%23c/d%20e"],
    ["http://h", "%2e%2e/%2F", "http://h/%252e%252e/%252F"],
    ["http://h", "a@b/ü", "http://h/a%40b/%C3%BC"],
  ])("%s and %s", async (base, path, url) => {
    const one = httpSource(base, absent, { timeoutMs: 1 });
    expect(await one.read("d", path, { limit: 1 })).toEqual({ ok: true, status: "absent" });
    expect(asked.pop()).toBe(url);
    expect(new URL(url).href).toBe(url);
    expect(url.startsWith(one.name)).toBe(true);
  });

  test("equal places have equal names", () => {
    const names = ["http://h/x", "http://h/x/", "HTTP://h:80/x"].map(
      (url) => httpSource(url, absent, { timeoutMs: 1 }).name,
    );
    expect(new Set(names)).toEqual(new Set(["http://h/x/"]));
  });

  test("what is no path is misuse; what no URL holds is refused; neither is asked for", async () => {
    const one = httpSource("http://h", absent, { timeoutMs: 1 });
    for (const path of ["", "/a", "..", "a/../b", "a//b", "a\\b", "http://x", "a\r\nb", ".a"]) {
      await expect(one.read("d", path, { limit: 1 }), path).rejects.toThrow(TypeError);
    }
    expect(await one.read("d", "a\ud800", { limit: 1 })).toMatchObject({ code: "MALFORMED" });
    expect(asked).toEqual([]);
    expect(one.traffic()).toEqual({ requests: 0, bytes: 0 });
  });
});

test("many slow answers have one time together, where the request is of one round", async () => {
  const late = reply("200 OK", "late");
  const server = await serve((socket, head) => {
    setTimeout(() => late(socket, head), 120);
  });
  const source = httpSource(server.url, requestsWithin(TIMEOUT), { timeoutMs: TIMEOUT });
  const started = performance.now();
  const codes: string[] = [];
  for (let i = 0; i < 10; i++) {
    const answer = await source.read("a.example", `file-${i}`, { limit: LIMIT });
    codes.push(answer.ok ? answer.status : answer.code);
  }
  expect(performance.now() - started).toBeLessThan(TIMEOUT + SLACK);
  expect(codes[0]).toBe("found");
  expect(codes.slice(3)).toEqual(Array.from({ length: 7 }, () => "TIMEOUT"));
  // Nothing is asked any more once the time is up.
  expect(server.heads.length).toBeLessThanOrEqual(3);
});
