/** The official SDK's client, a server made with it, and its example servers, with the proxy between. */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Rules } from "./hosted.js";
import { eventually, Hosted } from "./hosted.js";
import type { Client } from "./sdk.js";
import { exampleServer, isUsable, makeClient, makeTransport, SDK_FOLDER } from "./sdk.js";

const fixture = fileURLToPath(new URL("./sdk-server.js", import.meta.url));
const open: Client[] = [];
afterEach(() => Promise.all(open.splice(0).map((client) => client.close())));

interface Connected {
  readonly client: Client;
  readonly hosted: Hosted;
  readonly samples: unknown[];
  readonly stderr: () => string;
}

async function connect(rules: Rules, script: string, ...args: string[]): Promise<Connected> {
  const hosted = new Hosted(rules, { script }, ...args);
  const samples: unknown[] = [];
  const client = makeClient(() => {
    samples.push(1);
    return { role: "assistant", model: "m", content: { type: "text", text: "in short" } };
  });
  const transport = makeTransport(hosted);
  let said = "";
  transport.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  open.push(client);
  await client.connect(transport);
  return { client, hosted, samples, stderr: () => said };
}

const connectFixture = (rules: Rules): Promise<Connected> => connect(rules, fixture, SDK_FOLDER);

/** Methods of requests that the server got, with the tools that were called. */
function reached({ received }: Hosted): string[] {
  return received.flatMap(({ method, id, params }) => {
    if (id === undefined) return [];
    const { name } = (params ?? {}) as { name?: string };
    return [name === undefined ? String(method) : `${String(method)} ${name}`];
  });
}

const DENIED = { code: -32003, data: { code: "SCOPE" } };

describe.skipIf(!isUsable)("through the proxy", () => {
  test("a client connects, lists and pings without any authorization", async () => {
    const { client, hosted } = await connectFixture({ allow: [] });
    expect(client.getServerVersion()?.name).toBe("fixture");
    await client.ping();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "echo",
      "getWeather",
      "deleteAll",
      "fail",
      "wait",
    ]);
    expect((await client.listPrompts()).prompts).toMatchObject([{ name: "greet" }]);
    expect((await client.listResources()).resources).toMatchObject([{ uri: "memo://motd" }]);
    expect(hosted.log).toEqual([]);
  });

  test("allowed calls work, denied ones never reach the server", async () => {
    const { client, hosted } = await connectFixture({
      allow: [
        "/mcp/example/tools/call/echo",
        "/mcp/example/tools/call/get..weather",
        "/mcp/example/tools/call/fail",
        "/mcp/example/prompts/get/greet",
      ],
    });
    const text = "a\u2028b\n\u{1f600} \u0000";
    const echo = await client.callTool({ name: "echo", arguments: { text } });
    expect(echo.content).toEqual([{ type: "text", text }]);
    const weather = await client.callTool({ name: "getWeather", arguments: { city: "Oslo" } });
    expect(weather.content[0]?.text).toBe("sunny in Oslo");
    const failed = await client.callTool({ name: "fail" });
    expect(failed).toMatchObject({ isError: true, content: [{ text: "it failed" }] });
    const prompt = await client.getPrompt({ name: "greet", arguments: { name: "Ada" } });
    expect(prompt.messages).toMatchObject([{ content: { text: "Greet Ada" } }]);

    await expect(client.callTool({ name: "deleteAll" })).rejects.toMatchObject(DENIED);
    await expect(client.callTool({ name: "getweather" })).rejects.toMatchObject(DENIED);
    await expect(client.readResource({ uri: "memo://motd" })).rejects.toMatchObject(DENIED);
    await expect(client.setLoggingLevel("debug")).rejects.toMatchObject(DENIED);
    const odd = { code: -32003, data: { code: "MALFORMED" } };
    await expect(client.callTool({ name: "../deleteAll" })).rejects.toMatchObject(odd);
    await expect(
      client.callTool({ name: "echo", arguments: { text, resource: 1 } }),
    ).rejects.toMatchObject(odd);

    expect(reached(hosted)).toEqual([
      "initialize",
      "tools/call echo",
      "tools/call getWeather",
      "tools/call fail",
      "prompts/get greet",
    ]);
    expect(hosted.log[0]).toEqual({
      id: 2,
      command: "/mcp/example/tools/call/echo",
      arguments: { text },
    });
    expect(hosted.log[1]).toEqual({ id: 2, outcome: "result" });
    expect(hosted.log.filter(({ outcome }) => outcome !== undefined)).toHaveLength(4);
  });

  test("many calls at once are each answered with their own", async () => {
    const { client } = await connectFixture({ allow: ["/mcp/example/tools/call/echo"] });
    const calls = Array.from({ length: 100 }, (_, i) =>
      client.callTool({ name: "echo", arguments: { text: String(i) } }),
    );
    const texts = (await Promise.all(calls)).map(({ content }) => content[0]?.text);
    expect(texts).toEqual(calls.map((_, i) => String(i)));
  });

  test("a cancellation reaches the server", async () => {
    const { client, hosted, stderr } = await connectFixture({
      allow: ["/mcp/example/tools/call/wait"],
    });
    const controller = new AbortController();
    const call = client.callTool({ name: "wait" }, undefined, { signal: controller.signal });
    const refused = expect(call).rejects.toThrow();
    await eventually(() => reached(hosted)).toContain("tools/call wait");
    controller.abort("enough");
    await refused;
    await eventually(stderr).toContain("wait: cancelled");
    await eventually(() => hosted.log.at(-1)).toEqual({ id: 2, outcome: "cancelled" });
    await client.ping();
  });

  test("an interruption reaches both sides", async () => {
    const wait = "/mcp/example/tools/call/wait";
    const { client, hosted, stderr } = await connectFixture({ allow: [wait], interrupt: [wait] });
    await expect(client.callTool({ name: "wait" })).rejects.toMatchObject({
      code: -32004,
      data: { code: "REVOKED" },
    });
    await eventually(stderr).toContain("wait: cancelled");
    await client.ping();
    expect(hosted.received.filter(({ method }) => method === "notifications/cancelled")).toEqual([
      {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: { requestId: 2, reason: "interrupted" },
      },
    ]);
  });
});

describe.skipIf(!isUsable)("the SDK's example servers", () => {
  test("mcpServerOutputSchema: structured results", async () => {
    const example = exampleServer("mcpServerOutputSchema");
    const call = { name: "get_weather", arguments: { city: "Oslo", country: "NO" } };
    const allowed = await connect({ allow: ["/mcp/example/tools/call/get_weather"] }, example);
    const { structuredContent } = await allowed.client.callTool(call);
    expect(structuredContent).toHaveProperty("temperature.celsius");
    const denied = await connect({ allow: ["/mcp/example/tools/call/get-weather"] }, example);
    await expect(denied.client.callTool(call)).rejects.toMatchObject(DENIED);
    expect(reached(denied.hosted)).toEqual(["initialize"]);
  });

  test("progressExample: progress comes to the call that asked", async () => {
    const { client, hosted } = await connect(
      { allow: ["/mcp/example/tools/call/count"] },
      exampleServer("progressExample"),
    );
    const seen: number[] = [];
    const counted = await client.callTool({ name: "count", arguments: { n: 3 } }, undefined, {
      onprogress: ({ progress }) => seen.push(progress),
    });
    expect(counted.content[0]?.text).toBe("Counted to 3");
    expect(seen).toEqual([1, 2, 3]);
    expect(hosted.received.at(-1)).toMatchObject({ params: { _meta: { progressToken: 2 } } });
  });

  test("toolWithSampleServer: what it asks of the client is decided on too", async () => {
    const summarize = "/mcp/example/tools/call/summarize";
    const sample = "/mcp/example/client/sampling/create..message";
    const example = exampleServer("toolWithSampleServer");
    const call = { name: "summarize", arguments: { text: "long" } };
    const allowed = await connect({ allow: [summarize, sample] }, example);
    expect((await allowed.client.callTool(call)).content[0]?.text).toBe("in short");
    expect(allowed.samples).toHaveLength(1);
    // It prints this to stdout, where messages belong.
    expect(allowed.stderr()).toContain("MCP server is running...");
    const denied = await connect({ allow: [summarize] }, example);
    const failed = await denied.client.callTool(call);
    expect(failed).toMatchObject({ isError: true, content: [{ type: "text" }] });
    expect(failed.content[0]?.text).toContain("the authorization does not cover this");
    expect(denied.samples).toHaveLength(0);
  });
});
