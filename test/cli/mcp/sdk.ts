/** The official SDK, where `npm run runtimes` installed it: the parts of it that tests touch. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const SDK_FOLDER = fileURLToPath(new URL("../../runtimes", import.meta.url));
const PACKAGE = join(SDK_FOLDER, "node_modules/@modelcontextprotocol/sdk");
const load = createRequire(join(SDK_FOLDER, "package.json"));

const isDemanded = process.env["CI"] !== undefined || process.env["WRIT_RUNTIMES"] === "all";

/** In CI a missing SDK is no excuse: there the tests run, and fail. */
export const isUsable = isDemanded || existsSync(PACKAGE);
if (!isUsable) console.log("MCP SDK: not installed, its tests were not run: npm run runtimes");

export interface Content {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

export interface Transport {
  close(): Promise<void>;
  readonly stderr: NodeJS.ReadableStream | null;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number; total?: number; message?: string }) => void;
}

export interface Client {
  onclose?: () => void;
  connect(transport: Transport): Promise<void>;
  close(): Promise<void>;
  ping(): Promise<unknown>;
  getServerVersion(): { readonly name: string } | undefined;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  listPrompts(): Promise<{ readonly prompts: readonly { readonly name: string }[] }>;
  listResources(): Promise<{ readonly resources: readonly { readonly uri: string }[] }>;
  callTool(
    call: { readonly name: string; readonly arguments?: Readonly<Record<string, unknown>> },
    schema?: undefined,
    options?: RequestOptions,
  ): Promise<Content>;
  getPrompt(prompt: object): Promise<{ readonly messages: readonly unknown[] }>;
  readResource(resource: { readonly uri: string }): Promise<{ readonly contents: unknown[] }>;
  setLoggingLevel(level: string): Promise<unknown>;
  setRequestHandler(schema: unknown, handler: (request: unknown) => unknown): void;
}

/** A client that knows how to sample, for servers that ask for it. */
export function makeClient(onSample: () => unknown): Client {
  const { Client } = load("@modelcontextprotocol/sdk/client/index.js") as {
    Client: new (info: object, options: object) => Client;
  };
  const { CreateMessageRequestSchema } = load("@modelcontextprotocol/sdk/types.js") as {
    CreateMessageRequestSchema: unknown;
  };
  const client = new Client(
    { name: "test", version: "1.0.0" },
    { capabilities: { sampling: {}, roots: {} } },
  );
  client.setRequestHandler(CreateMessageRequestSchema, onSample);
  return client;
}

export function makeTransport(program: {
  readonly command: string;
  readonly args: readonly string[];
}): Transport {
  const { StdioClientTransport } = load("@modelcontextprotocol/sdk/client/stdio.js") as {
    StdioClientTransport: new (program: object) => Transport;
  };
  return new StdioClientTransport({ ...program, stderr: "pipe" });
}

/** One of the servers that the SDK ships as examples. */
export function exampleServer(name: string): string {
  return join(PACKAGE, "dist/esm/examples/server", `${name}.js`);
}
