/** Properties of all that can be said: what passes is what was allowed, whatever the chunks. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Message } from "./session.js";
import { notification, request, result, Session, settle, toolCall } from "./session.js";
import { SEED } from "../../authorization/random.js";

const PASSING = new Set([
  "initialize",
  "ping",
  "tools/list",
  "resources/list",
  "resources/templates/list",
  "prompts/list",
]);

const id = fc.oneof(fc.nat(5), fc.constantFrom("a", "1", "", -1));
const name = fc.constantFrom("read", "Read", "a/b", "..", "_x", "tools/call/read", "\u0430");
const given = fc.oneof(
  fc.constantFrom(undefined, {}, { path: "/a" }, { resource: 1 }, [], null),
  fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
);
const method = fc.oneof(
  fc.constantFrom(...PASSING),
  fc.constantFrom(
    "resources/read",
    "tools/call",
    "tools/call/read",
    "client/roots/list",
    "x",
    "a/b",
  ),
  fc.string({ maxLength: 6 }),
);
const params = fc.oneof(
  fc.record({ name, arguments: given, task: fc.constant({}) }, { requiredKeys: ["name"] }),
  fc.record({ _meta: fc.record({ progressToken: id, more: fc.constant("x") }) }),
  fc.constantFrom(undefined, {}, { cursor: "c" }, { uri: "u" }, []),
);
const wellFormed = fc.oneof(
  fc.tuple(id, name, given).map(([id, name, given]) => toolCall(id, name, given)),
  fc.tuple(id, method, params).map(([id, method, params]) => request(id, method, params)),
  fc
    .constantFrom("initialized", "x", "roots/list_changed")
    .map((each) => notification(`notifications/${each}`)),
  id.map((requestId) => notification("notifications/cancelled", { requestId })),
  id.map((progressToken) => notification("notifications/progress", { progressToken })),
);
const hostile = fc.oneof(
  fc.array(wellFormed, { maxLength: 2 }),
  fc.tuple(wellFormed, fc.string(), fc.jsonValue()).map(([each, name, value]) => ({
    ...(each as Message),
    [name]: value,
  })),
  method.map((each) => notification(each)),
  fc.nat(9).map((each) => result(each)),
  fc.jsonValue(),
);
const line = fc.oneof(
  { weight: 12, arbitrary: wellFormed.map((each) => JSON.stringify(each)) },
  { weight: 2, arbitrary: hostile.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: fc.string() },
);

/** What the other side was sent, each message with the calls that were allowed and not yet used. */
function expectAllowed(session: Session, to: "server" | "client"): void {
  const isToServer = to === "server";
  const sent = isToServer ? session.toServer.messages : session.toClient.messages;
  const passing = isToServer ? PASSING : new Set(["ping"]);
  const mine = session.asked.filter(
    ({ call }) => call.command.startsWith("/mcp/files/client/") !== isToServer,
  );
  const unused = new Set(mine.filter(({ wasAllowed }) => wasAllowed));
  for (const message of sent) {
    const { id, method, params } = message;
    if (typeof method !== "string") {
      expect("error" in message || "result" in message).toBe(true);
      continue;
    }
    if (id === undefined) {
      expect(method.startsWith("notifications/")).toBe(true);
      continue;
    }
    expect(message).not.toHaveProperty("params._meta.more");
    if (passing.has(method)) continue;
    const asked = [...unused].find(({ call }) => call.id === id);
    expect(asked, method).toBeDefined();
    if (asked === undefined) continue;
    unused.delete(asked);
    const { _meta, ...rest } = params as Message;
    const isNamed = isToServer && (method === "tools/call" || method === "prompts/get");
    const decided = isNamed ? rest["arguments"] : rest;
    expect(JSON.stringify(decided)).toBe(JSON.stringify(asked.call.arguments));
    if (isNamed) expect(Object.keys(rest)).toEqual(["name", "arguments"]);
  }
}

test("nothing that is governed reaches the other side without an allow, and none twice", async () => {
  let [sent, asked, ended] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), line, fc.constantFrom("allow", "deny", "wait", "abort")), {
        maxLength: 25,
      }),
      async (said) => {
        const decisions = said.map(([, , decision]) => decision);
        const session = new Session((each) => {
          const decision = decisions[session.asked.length % decisions.length];
          if (decision === "abort") each.interrupt();
          if (decision === "deny") each.deny();
          else if (decision !== "wait") each.allow();
        });
        for (const [isClient, text] of said) {
          const side = isClient ? session.proxy.client : session.proxy.server;
          await side.receive(Buffer.from(`${text}\n`));
        }
        await settle();
        expectAllowed(session, "server");
        expectAllowed(session, "client");
        for (const each of [...session.toServer.lines, ...session.toClient.lines]) {
          expect(each.indexOf("\n")).toBe(each.length - 1);
        }
        sent += session.toServer.lines.length;
        asked += session.asked.length;
        ended += session.end ? 1 : 0;
      },
    ),
    { numRuns: 1500, seed: SEED },
  );
  // The property says something: much is sent, decided on, and broken.
  expect(Math.min(sent, asked, ended)).toBeGreaterThan(500);
});

test("whatever the chunks, each side is sent the same", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(wellFormed, { maxLength: 12 }),
      fc.array(fc.nat(2000), { maxLength: 12 }),
      async (messages, cuts) => {
        const text = messages.map((each) => `${JSON.stringify(each)}\n`).join("");
        const bytes = new Uint8Array(Buffer.from(text));
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
        ends.sort((a, b) => a - b);
        const run = async (chunks: readonly Uint8Array[]): Promise<readonly string[][]> => {
          // Answers come when all was said: what an id in flight is does not hang on time.
          const session = new Session();
          for (const chunk of chunks) await session.proxy.client.receive(chunk);
          for (const each of session.asked) each.allow();
          await settle();
          return [session.toServer.lines, session.toClient.lines];
        };
        const whole = await run([bytes]);
        expect(await run(ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)))).toEqual(
          whole,
        );
        expect(await run(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
      },
    ),
    { numRuns: 300, seed: SEED },
  );
});
