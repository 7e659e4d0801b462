// @ts-check
/** A server made with the official SDK: `node sdk-server.js SDK-FOLDER`. */
import { createRequire } from "node:module";

const load = createRequire(`${process.argv[2]}/package.json`);
const { McpServer } = load("@modelcontextprotocol/sdk/server/mcp.js");
const { StdioServerTransport } = load("@modelcontextprotocol/sdk/server/stdio.js");
const { z } = load("zod");

const server = new McpServer(
  { name: "fixture", version: "1.0.0" },
  { capabilities: { logging: {} } },
);

/** @param {string} text */
const say = (text) => ({ content: [{ type: "text", text }] });

server.registerTool(
  "echo",
  { inputSchema: { text: z.string() } },
  /** @param {{text: string}} given */
  async ({ text }) => say(text),
);
server.registerTool(
  "getWeather",
  { inputSchema: { city: z.string() } },
  /** @param {{city: string}} given */
  async ({ city }) => say(`sunny in ${city}`),
);
server.registerTool("deleteAll", { inputSchema: {} }, async () => say("all is gone"));
server.registerTool("fail", { inputSchema: {} }, async () => {
  throw new Error("it failed");
});
server.registerTool(
  "wait",
  { inputSchema: {} },
  /**
   * @param {unknown} _
   * @param {{signal: AbortSignal}} extra
   */
  (_, { signal }) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(say("too late")), 20_000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        process.stderr.write("wait: cancelled\n");
        resolve(say("cancelled"));
      });
    }),
);
server.registerPrompt(
  "greet",
  { argsSchema: { name: z.string() } },
  /** @param {{name: string}} given */
  ({ name }) => ({
    messages: [{ role: "user", content: { type: "text", text: `Greet ${name}` } }],
  }),
);
server.registerResource(
  "motd",
  "memo://motd",
  {},
  /** @param {URL} uri */
  async ({ href }) => ({ contents: [{ uri: href, text: "hello" }] }),
);

await server.connect(new StdioServerTransport());
