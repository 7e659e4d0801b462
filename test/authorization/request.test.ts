/** F14: what is decided on is a copy that nothing changes any more. */
import { describe, expect, test } from "vitest";
import { rehearseRequest } from "../../src/authorization/check.js";
import type { RequestParts } from "../../src/authorization/request.js";
import {
  checkUnchanged,
  makeRequest,
  readRequest,
  requestBytes,
} from "../../src/authorization/request.js";
import { must } from "../domain/fixture.js";
import type { Loose } from "../trust/forge.js";
import { admitted, ask, CLERK, grant, NOW, situation } from "./world.js";

const small = must(admitted([grant({ policy: [["<=", ".amount", 5]] })]));
const parts = (given: Loose, change: Loose = {}): RequestParts => ({
  principal: "agent:clerk",
  command: "/pay/transfer",
  arguments: given,
  ...change,
});
const decide = (request: Parameters<typeof rehearseRequest>[1]): string => {
  const permission = rehearseRequest(small, request, situation());
  return permission.ok ? "allow" : permission.code;
};
const unchanged = (request: Parameters<typeof checkUnchanged>[0], found: RequestParts): string => {
  const result = checkUnchanged(request, found);
  return result.ok ? "unchanged" : result.code;
};

describe("F14: arguments that change after makeRequest", () => {
  test("change nothing that is decided", () => {
    const given = { amount: 5, deep: { list: [1] } };
    const request = must(makeRequest(parts(given)));
    const before = Buffer.from(requestBytes(request)).toString();
    given.amount = 1_000_000;
    given.deep.list[0] = 99;
    (given as Loose).more = true;
    expect(decide(request)).toBe("allow");
    expect(request.arguments["amount"]).toBe(5);
    expect(Buffer.from(requestBytes(request)).toString()).toBe(before);
    expect(unchanged(request, parts(given))).toBe("ARGS_CHANGED");
    expect(decide(must(makeRequest(parts(given))))).toBe("SCOPE");
  });

  test("cannot be changed in the request either", () => {
    const request = must(makeRequest(parts({ amount: 5, deep: { list: [1] } })));
    const isFrozen = (each: unknown): boolean =>
      typeof each !== "object" ||
      each === null ||
      (Object.isFrozen(each) && Object.values(each).every(isFrozen));
    expect(isFrozen(request)).toBe(true);
    expect(() => ((request.arguments as Loose).amount = 6)).toThrow(TypeError);
    expect(() => ((request as Loose).command = "/read")).toThrow(TypeError);
    const read = must(readRequest(evaluation({ context: { amount: 5, deep: { list: [1] } } })));
    expect(isFrozen(read)).toBe(true);
  });

  test("are read once: an accessor cannot say two things", () => {
    let reads = 0;
    const given = {
      get amount() {
        return ++reads === 1 ? 5 : 1_000_000;
      },
    };
    const request = must(makeRequest(parts(given)));
    expect(reads).toBe(1);
    expect(request.arguments["amount"]).toBe(request.input["amount"]);
    expect(decide(request)).toBe("allow");
  });

  test("a proxy cannot say two things", () => {
    let reads = 0;
    const given = new Proxy({ amount: 0 }, { get: () => (++reads === 1 ? 5 : 1_000_000) });
    const request = makeRequest(parts(given));
    if (!request.ok) return;
    expect(request.value.arguments["amount"]).toBe(request.value.input["amount"]);
    expect(JSON.parse(Buffer.from(requestBytes(request.value)).toString()).arguments).toEqual({
      amount: request.value.arguments["amount"],
    });
  });
});

describe("F14: checkUnchanged", () => {
  const resource = { type: "account", id: "42", properties: { owner: "x" } };
  const given = { amount: 5, to: { name: "a", tags: ["x", "y"] } };
  const request = must(makeRequest(parts(given, { resource })));

  test("takes the same in another order, and another program's copy of it", () => {
    const turned = { to: { tags: ["x", "y"], name: "a" }, amount: 5.0 };
    expect(unchanged(request, parts(turned, { resource }))).toBe("unchanged");
    expect(unchanged(request, parts(structuredClone(given), { resource }))).toBe("unchanged");
    expect(unchanged(request, { ...request })).toBe("unchanged");
  });

  test.each<[string, RequestParts]>([
    ["an argument", parts({ ...given, amount: 6 }, { resource })],
    ["its type", parts({ ...given, amount: "5" }, { resource })],
    ["one more", parts({ ...given, x: null }, { resource })],
    ["one less", parts({ amount: 5 }, { resource })],
    ["deep inside", parts({ amount: 5, to: { name: "a", tags: ["y", "x"] } }, { resource })],
    ["the command", parts(given, { resource, command: "/pay" })],
    ["the principal", parts(given, { resource, principal: "agent:helper" })],
    ["the resource", parts(given, { resource: { ...resource, id: "43" } })],
    ["its properties", parts(given, { resource: { ...resource, properties: { owner: "y" } } })],
    ["no resource", parts(given)],
  ])("ARGS_CHANGED: %s", (_, found) => {
    expect(unchanged(request, found)).toBe("ARGS_CHANGED");
  });

  test("what is no request has changed too, whatever is said of it", () => {
    expect(unchanged(request, parts({ ...given, amount: NaN }, { resource }))).not.toBe(
      "unchanged",
    );
    expect(unchanged(request, parts(null, { resource }))).not.toBe("unchanged");
  });
});

describe("values that JSON does not hold are refused, with a code", () => {
  const cycle: Loose = {};
  cycle.self = cycle;
  let deep: Loose = 1;
  for (let i = 0; i < 40; i++) deep = [deep];
  class Own {
    amount = 5;
  }
  test.each<[string, Loose]>([
    ["NaN", { amount: NaN }],
    ["an infinity", { amount: Infinity }],
    ["an unsafe number", { amount: 2 ** 53 }],
    ["undefined", { amount: undefined }],
    ["a function", { amount: () => 5 }],
    ["a symbol", { amount: Symbol("5") }],
    ["a name that is a symbol", { [Symbol("amount")]: 5 }],
    ["a big integer", { amount: 5n }],
    ["a date", { amount: new Date(5) }],
    ["a map", { amount: new Map() }],
    ["a number object", { amount: Object(5) }],
    ["bytes", { amount: new Uint8Array(2) }],
    ["an object of a class", { amount: new Own() }],
    ["a hole", { amount: Object.assign([], { length: 1 }) }],
    ["a lone surrogate", { amount: "\ud800" }],
    ["a name with a lone surrogate", { "\ud800": 1 }],
    ["a circle", cycle],
    ["something deep", { deep }],
    [
      "a getter that throws",
      Object.defineProperty({}, "x", { enumerable: true, get: () => JSON.parse("{") }),
    ],
    ["a proxy that throws", new Proxy({}, { ownKeys: () => JSON.parse("{") })],
    ["a list", [5]],
    ["a text", "amount"],
    ["null", null],
    ["nothing", undefined],
  ])("%s", (_, given) => {
    const made = makeRequest(parts(given));
    expect(made.ok ? "made" : made.code).toBe("MALFORMED");
  });

  test("what is too large", () => {
    expect(makeRequest(parts({ text: "x".repeat(1 << 20) }))).toMatchObject({ code: "TOO_LARGE" });
    expect(makeRequest(parts({ list: Object.assign([], { length: 1 << 30 }) }))).toMatchObject({
      ok: false,
    });
  });

  test("names of prototypes are names like any other", () => {
    const given = JSON.parse('{"__proto__": {"amount": 5}, "constructor": 1}');
    const request = must(makeRequest(parts(given)));
    expect(Object.keys(request.arguments).sort()).toEqual(["__proto__", "constructor"]);
    expect(decide(request)).toBe("SCOPE");
    const inherited = Object.create({ amount: 5 });
    const made = makeRequest(parts(inherited));
    expect(made.ok ? decide(made.value) : made.code).not.toBe("allow");
  });
});

const evaluation = (change: Loose): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      subject: { type: "agent", id: "clerk" },
      action: { name: "/pay/transfer" },
      resource: { type: "account", id: "42" },
      context: { amount: 5 },
      ...change,
    }),
  );

test("AuthZEN's four parts are mapped once", () => {
  const read = must(readRequest(evaluation({})));
  const resource = { type: "account", id: "42" };
  expect(unchanged(read, parts({ amount: 5 }, { resource }))).toBe("unchanged");
  expect(unchanged(must(makeRequest(parts({ amount: 5 }, { resource }))), { ...read })).toBe(
    "unchanged",
  );
  expect(unchanged(ask(), { ...read })).toBe("ARGS_CHANGED");
  expect(decide(read)).toBe("allow");
});

test("an object that only looks like a request is misuse", () => {
  const request = ask();
  const where = situation({ now: NOW });
  for (const copy of [{ ...request }, Object.create(request), structuredClone(request)]) {
    expect(() => rehearseRequest(small, copy as never, where)).toThrow(TypeError);
  }
  expect(CLERK.hex).toBe(small.principal.key);
});
