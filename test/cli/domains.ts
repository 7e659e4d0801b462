/** Domains in folders, as the library makes them, and what serves them to the built program. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { addPeer } from "../../src/domain/edit.js";
import type { Lifetimes } from "../../src/domain/lifetimes.js";
import { FileStorage } from "../../src/storage/files.js";
import type { Peer } from "../../src/trust/contents/peers.js";
import type { TestDomain } from "../domain/fixture.js";
import { makeDomain, TestDomain as Domain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { encodeHex } from "../../src/bytes/hex.js";
import type { Ran } from "./writ.js";
import { CLI } from "./writ.js";

export interface StoredDomain {
  readonly domain: TestDomain;
  /** The whole of it. */
  readonly folder: string;
  /** What others see. */
  readonly public: string;
  /** The first root, to be pinned. */
  readonly pin: string;
}

/** A domain in a folder; its first second is that of the fixture. */
export async function storeDomain(
  folder: string,
  name: string,
  lifetimes: Partial<Lifetimes> = {},
): Promise<StoredDomain> {
  const domain = await makeDomain(name, { storage: new FileStorage(folder), lifetimes });
  return stored(domain, folder);
}

function stored(domain: TestDomain, folder: string): StoredDomain {
  const published = join(folder, "public");
  return { domain, folder, public: published, pin: join(published, "metadata/1.root.json") };
}

/** A copy with all its keys: what follows there, the first one does not know of. */
export function forkDomain({ domain, folder }: StoredDomain, copy: string): StoredDomain {
  cpSync(folder, copy, { recursive: true });
  const fork = new Domain(domain.name, new FileStorage(copy));
  fork.now = domain.now;
  fork.ring.share(domain.ring);
  return stored(fork, copy);
}

/** `own` accepts `other` for a command, by its first root. */
export async function acceptPeer(
  own: StoredDomain,
  other: StoredDomain,
  terms: Partial<Peer> = {},
): Promise<void> {
  const root = new Uint8Array(readFileSync(other.pin));
  const peer: Peer = {
    name: other.domain.name,
    root: { version: 1, sha256: encodeHex(kernel.sha256(root)) },
    commands: ["/pay"],
    maxStaleness: 20_000,
    maxLifetime: 60_000,
    skew: 500,
    ...terms,
  };
  await own.domain.publish((draft) => addPeer(draft, peer, root));
}

/** The time of a domain, for `--now`. */
export function at({ domain }: StoredDomain): string {
  return new Date(domain.now).toISOString();
}

/** Runs the program without holding up this process, which may be serving it; `stop` may end it, once. */
export async function run(
  args: readonly string[],
  stop: (said: string) => boolean = () => false,
): Promise<Ran & { readonly took: number }> {
  const started = performance.now();
  const env = { ...process.env, NO_COLOR: "", FORCE_COLOR: "" };
  const child = spawn(process.execPath, [CLI, ...args], { env, timeout: 60_000 });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  let stopped = false;
  child.stdout.on("data", (chunk: Buffer) => {
    out.push(chunk);
    if (stopped || !stop(Buffer.concat(out).toString())) return;
    stopped = true;
    child.kill("SIGINT");
  });
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const [said, complained] = [Buffer.concat(out).toString(), Buffer.concat(err).toString()];
  expect([0, 1, 2], `exit code of ${args.join(" ")}: ${complained}`).toContain(code);
  expect(said + complained).not.toMatch(/\n\s+at .*:\d+/);
  return { code, out: said, err: complained, took: performance.now() - started };
}

export interface Json {
  readonly [name: string]: unknown;
}

export async function runJson(args: readonly string[]): Promise<Json & { exit: number | null }> {
  const { code, out } = await run([...args, "--json"]);
  expect(out.endsWith("\n") && out.indexOf("\n") === out.length - 1, out).toBe(true);
  return { exit: code, ...(JSON.parse(out) as Json) };
}

export interface Server {
  readonly url: string;
  /** Since the last time that this was called: paths, and bytes of all sockets both ways. */
  traffic(): Promise<{ readonly paths: readonly string[]; readonly bytes: number }>;
}

/** A static file server with entity tags. `hang`: takes requests, and never answers. */
export async function serve(folder: string, { hang = false } = {}): Promise<Server> {
  const sockets = new Set<Socket>();
  let paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url as string);
    if (!hang) answer(folder, request, response);
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async traffic() {
      await Promise.all(
        [...sockets].map((socket) =>
          socket.destroyed ? undefined : new Promise((resolve) => socket.once("close", resolve)),
        ),
      );
      let bytes = 0;
      for (const { bytesRead, bytesWritten } of sockets) bytes += bytesRead + bytesWritten;
      const seen = { paths, bytes };
      sockets.clear();
      paths = [];
      return seen;
    },
  };
}

function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(folder, decodeURIComponent(request.url as string)));
  } catch {
    response.writeHead(404).end("not found\n");
    return;
  }
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
  if (request.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
  else response.writeHead(200, { etag, "content-length": bytes.length }).end(bytes);
}
