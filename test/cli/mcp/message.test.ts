import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Parsed } from "../../../src/cli/mcp/message.js";
import {
  formatError,
  formatNotification,
  formatRequest,
  formatResponse,
  parseMessage,
} from "../../../src/cli/mcp/message.js";

const parse = (text: string | Uint8Array): Parsed =>
  parseMessage(typeof text === "string" ? new TextEncoder().encode(text) : text);

test.each<[string, object]>([
  [
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    { kind: "request", id: 1, method: "ping", params: undefined },
  ],
  [
    ' {"params":{},"method":"ping","id":"a","jsonrpc":"2.0"}\r',
    { kind: "request", id: "a", method: "ping", params: {} },
  ],
  [
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    { kind: "notification", method: "notifications/initialized", params: undefined },
  ],
  ['{"jsonrpc":"2.0","id":0,"result":{}}', { kind: "response", id: 0, result: {} }],
  [
    '{"jsonrpc":"2.0","id":"","error":{"code":-1,"message":"m","data":[1]}}',
    { kind: "response", id: "", error: { code: -1, message: "m", data: [1] } },
  ],
])("%s", (text, message) => {
  const parsed = parse(text);
  expect(parsed.ok && JSON.parse(JSON.stringify(parsed.message))).toEqual(
    JSON.parse(JSON.stringify(message)),
  );
});

describe("refused", () => {
  test.each<[string, string, number]>([
    ["nothing", "", -32700],
    ["white space", "  \t\r", -32700],
    ["text", "hello", -32700],
    ["a NUL", '{"jsonrpc":"2.0","method":"a\0"}', -32700],
    ["a NUL after", '{"jsonrpc":"2.0","id":1,"method":"ping"}\0', -32700],
    ["a byte-order mark", '\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', -32700],
    ["two messages", '{"jsonrpc":"2.0","method":"a"}{"jsonrpc":"2.0","method":"a"}', -32700],
    ["a name twice", '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700],
    [
      "a name twice, escaped",
      '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}',
      -32700,
    ],
    ["a lone surrogate", '{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', -32700],
    ["a big number", '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', -32700],
    ["infinity", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1e999}}', -32700],
    ["a comment", '{"jsonrpc":"2.0",/**/"id":1,"method":"ping"}', -32700],
    ["depth", `{"jsonrpc":"2.0","method":"a","params":${"[".repeat(40)}`, -32700],
    ["a text", '"ping"', -32600],
    ["null", "null", -32600],
    ["no version", '{"id":1,"method":"ping"}', -32600],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ["a version as a number", '{"jsonrpc":2.0,"id":1,"method":"ping"}', -32600],
    ["null as id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    ["true as id", '{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600],
    ["an object as id", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ["a long id", `{"jsonrpc":"2.0","id":"${"a".repeat(257)}","method":"ping"}`, -32600],
    ["a method that is none", '{"jsonrpc":"2.0","id":1,"method":["ping"]}', -32600],
    ["no method, no result", '{"jsonrpc":"2.0","id":1}', -32600],
    ["params in a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
    ["params null", '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', -32600],
    ["an unknown member", '{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}', -32600],
    ["__proto__", '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"ping"}}', -32600],
    ["__proto__ besides", '{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{}}', -32600],
    ["a method and a result", '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', -32600],
    ["a notification's result", '{"jsonrpc":"2.0","result":{}}', -32600],
    ["a result and an error", '{"jsonrpc":"2.0","id":1,"result":{},"error":null}', -32600],
    ["a result as text", '{"jsonrpc":"2.0","id":1,"result":"done"}', -32600],
    ["null as a result", '{"jsonrpc":"2.0","id":1,"result":null}', -32600],
    ["an error of null", '{"jsonrpc":"2.0","id":1,"error":null}', -32600],
    ["an error's null id", '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}', -32600],
    ["an error without code", '{"jsonrpc":"2.0","id":1,"error":{"message":""}}', -32600],
    ["an error without message", '{"jsonrpc":"2.0","id":1,"error":{"code":1}}', -32600],
    ["more in an error", '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","x":1}}', -32600],
  ])("%s", (_, text, code) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ ok: false, isBatch: false, code });
    expect(!parsed.ok && parsed.failure.code).toBe("MALFORMED");
  });

  test("bytes that are no UTF-8", () => {
    const bytes = new TextEncoder().encode('{"jsonrpc":"2.0","id":"x","method":"ping"}');
    bytes[bytes.indexOf(0x78)] = 0xff;
    expect(parse(bytes)).toMatchObject({ ok: false, code: -32700 });
  });

  test("batches, empty ones too", () => {
    for (const text of ["[]", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]']) {
      expect(parse(text)).toMatchObject({ ok: false, isBatch: true, code: -32600 });
    }
    expect(parse("[")).toMatchObject({ ok: false, isBatch: false, code: -32700 });
  });
});

describe("what is sent", () => {
  test("is one line whatever it holds, for every reader of lines, and the same value", () => {
    const texts = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(texts, texts), texts, (params, method) => {
        const line = formatRequest(1, method, params);
        expect(JSON.parse(line)).toEqual({ jsonrpc: "2.0", id: 1, method, params });
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(line.endsWith("\n")).toBe(true);
      }),
    );
    for (const end of ["\u2028", "\u2029", "\u0085", "\v", "\f", "\r", "\n", "\u001c"]) {
      const line = formatNotification(`a${end}b`, { [end]: end });
      // oxlint-disable-next-line no-control-regex
      expect(line.split(/\r\n|[\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]/)).toHaveLength(2);
      expect(JSON.parse(line)).toMatchObject({ params: { [end]: end } });
    }
  });

  test("reads back as what it was", () => {
    const parsed = parse(formatResponse("a", { kind: "response", id: 7, result: {} }).trim());
    expect(parsed).toMatchObject({ ok: true, message: { id: "a", result: {} } });
    const error = { code: -1, message: "m", data: { code: "X" } };
    expect(JSON.parse(formatResponse(2, { kind: "response", id: 7, error }))).toEqual({
      jsonrpc: "2.0",
      id: 2,
      error,
    });
    expect(JSON.parse(formatError(null, error))).toEqual({ jsonrpc: "2.0", id: null, error });
  });
});
