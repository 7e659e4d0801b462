/** Our repository read by another project's TUF client, over HTTP, to the same bytes as by ours. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Updater } from "tuf-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { addGate, addIssuer, addPeer, removeIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotateStatus } from "../../src/domain/rotate.js";
import { request } from "../../src/runtime/request.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Reader } from "../../src/storage/storage.js";
import type { ReadFile, Refreshed } from "../../src/trust/repository.js";
import { readTarget, refreshRepository } from "../../src/trust/repository.js";
import { verifyPinnedRoot } from "../../src/trust/root.js";
import { failure, ok } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import { rotateRole } from "../sync/history.js";
import type { TestDomain } from "./fixture.js";
import { hexKey, keyOf, makeDomain, must } from "./fixture.js";

const PEER_ROOT = "peers/b.example/root.json";
const PATHS = ["authority.json", "policy.json", "peers.json", PEER_ROOT, "status/status.json"];
const YEARS = 90 * 366 * 86_400_000;

let folder: string;
let domain: TestDomain;
let storage: Watched;
let server: Server;
let url: string;
/** What is served: the domain's public folder, as it is, or as a test has kept it. */
let served: Reader | undefined;
let firstRoot: Uint8Array;

/** Tells of each file of the public folder, once it is written. */
class Watched extends MemoryStorage {
  watch: (() => Promise<void>) | undefined;

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    await super.write(path, bytes);
    if (path.startsWith("public/")) await this.watch?.();
  }
}

/** One change. tuf-js reads the machine's clock, so the domain publishes by it. */
async function act(step: (domain: TestDomain) => Promise<unknown>): Promise<void> {
  domain.now = Date.now();
  await step(domain);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "writ-tuf-js-"));
  served = undefined;
  storage = new Watched();
  domain = await makeDomain("a.example", { storage, lifetimes: { root: YEARS } });
  firstRoot = await domain.read("metadata/1.root.json");
  const peer = await makeDomain("b.example");
  const root = await peer.read("metadata/1.root.json");
  const pinned = { version: 1, sha256: encodeHex(kernel.sha256(root)) };
  const terms = { commands: ["/pay"], maxStaleness: 30_000, maxLifetime: 120_000, skew: 0 };
  await act(async (a) => {
    const issuer = { name: "Ops & Co (Zürich)", key: hexKey("ops"), commands: ["/pay"] };
    await a.edit((draft) => addIssuer(draft, issuer));
    await a.publish((draft) => addPeer(draft, { ...terms, name: peer.name, root: pinned }, root));
  });
  // The status that was made with the domain has expired by the clock: this renews it.
  await act((a) => a.change(refresh));
  server = createServer(({ url: path = "" }, response) => {
    const reader = served ?? publicFolder(domain);
    void reader.read(decodeURIComponent(path.slice(1)), 1 << 20).then((bytes) => {
      response.writeHead(bytes ? 200 : 404, { "content-length": bytes?.length ?? 0 });
      response.end(bytes);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function publicFolder({ storage }: TestDomain): Reader {
  return {
    read: (path, limit) => storage.read(`public/${path}`, limit),
    list: (path) => storage.list(`public/${path}`),
  };
}

/** A client with its own memory, which begins with the first root and is kept under `name`. */
function tufJs(name: string, fresh = true): Updater {
  const path = join(folder, name);
  if (fresh) {
    mkdirSync(path);
    writeFileSync(join(path, "root.json"), firstRoot);
  }
  return new Updater({
    metadataDir: path,
    metadataBaseUrl: `${url}/metadata`,
    targetDir: path,
    targetBaseUrl: `${url}/targets`,
    config: { fetchRetries: 0 },
  });
}

async function targetsOf(updater: Updater): Promise<Record<string, string | undefined>> {
  await updater.refresh();
  const found: Record<string, string | undefined> = {};
  for (const path of PATHS) {
    const info = await updater.getTargetInfo(path);
    found[path] = info && readFileSync(await updater.downloadTarget(info), "utf8");
  }
  return found;
}

const read: ReadFile = async (path, limit) => {
  const answer = await request(`${url}/${path}`, { limit, timeoutMs: 5000 });
  if (answer.outcome === "found") return ok(answer.bytes);
  if (answer.outcome === "absent") return ok(undefined);
  return failure("UNREACHABLE", path, answer.outcome);
};

async function ours(): Promise<{ refreshed: Refreshed; targets: Record<string, string> }> {
  const root = must(await verifyPinnedRoot(kernel, firstRoot));
  const refreshed = must(await refreshRepository(kernel, { root }, read, Date.now()));
  const targets: Record<string, string> = {};
  for (const path of PATHS) {
    const bytes = must(await readTarget(kernel, refreshed, path, read, Date.now()));
    targets[path] = new TextDecoder().decode(bytes);
  }
  return { refreshed, targets };
}

async function rotateEverything(): Promise<void> {
  for (const role of ["root", "timestamp", "root", "targets", "root"] as const) {
    await act((a) => rotateRole(a, role));
  }
  await act(async (a) => {
    const next = keyOf("a.example/status", 1);
    a.ring.add(next);
    await a.change((open) => rotateStatus(open, next.key.publicKey));
  });
}

describe("tuf-js", () => {
  test("reads every target to the bytes that we read, the delegated one too", async () => {
    const found = await targetsOf(tufJs("new"));
    expect(found).toEqual((await ours()).targets);
    expect(JSON.parse(found["authority.json"] as string).issuers).toHaveLength(1);
    expect(JSON.parse(found["status/status.json"] as string).contained).toEqual([]);
  });

  test("finds no target that the wrong role would have to name, nor one that is not there", async () => {
    const updater = tufJs("new");
    for (const path of ["status/other.json", "no-such", "status", "status/a/b"]) {
      expect(await updater.getTargetInfo(path), path).toBeUndefined();
    }
  });

  test("follows three root rotations and new keys of every role, from the first root and from its memory", async () => {
    await targetsOf(tufJs("before"));
    await rotateEverything();
    await act((a) => a.publish((draft) => removeIssuer(draft, hexKey("ops"))));
    const { refreshed, targets } = await ours();
    expect(refreshed.root.signed.version).toBe(6);
    expect(await targetsOf(tufJs("new"))).toEqual(targets);
    expect(await targetsOf(tufJs("before", false))).toEqual(targets);
    expect(JSON.parse(targets["authority.json"] as string).removed).toEqual([hexKey("ops")]);
    for (const name of ["new", "before"]) {
      const root = JSON.parse(readFileSync(join(folder, name, "root.json"), "utf8"));
      expect(root.signed.version).toBe(6);
    }
  });

  test("sees a revocation and a containment at its next refresh", async () => {
    await act((a) =>
      a.publish((draft) => addGate(draft, { origin: "a.example/g", key: hexKey("g") })),
    );
    await targetsOf(tufJs("client"));
    const sha256 = hexKey("authorization");
    const authorizations = [{ sha256, expires: "9999-12-31T23:59:59Z" }];
    await act((a) =>
      a.change((open) => withdraw(open, { authorizations, contain: ["a.example/g"] })),
    );
    const found = await targetsOf(tufJs("client", false));
    expect(found).toEqual((await ours()).targets);
    expect(JSON.parse(found["status/status.json"] as string)).toMatchObject({
      authorizations,
      contained: [{ gate: "a.example/g" }],
    });
  });

  test("reads a whole state after each single write of a publication and of every rotation", async () => {
    const kept = tufJs("kept");
    await targetsOf(kept);
    let moments = 0;
    storage.watch = async () => {
      const { targets } = await ours();
      expect(await targetsOf(tufJs(`new ${++moments}`))).toEqual(targets);
      expect(await targetsOf(tufJs("kept", false))).toEqual(targets);
    };
    await act((a) => a.publish((draft) => removeIssuer(draft, hexKey("ops"))));
    await rotateEverything();
    expect(moments).toBeGreaterThan(50);
  });

  test("refuses what we refuse: an older folder, another's file, an expired timestamp", async () => {
    const old = await domain.snapshot();
    await act((a) => a.publish((draft) => removeIssuer(draft, hexKey("ops"))));
    await targetsOf(tufJs("client"));
    const { refreshed } = await ours();
    served = old;
    await expect(targetsOf(tufJs("client", false))).rejects.toThrow(/version/);
    expect(await refreshRepository(kernel, refreshed, read, Date.now())).toMatchObject({
      code: "ROLLBACK",
    });

    const mixed = new MemoryStorage();
    const now = await domain.snapshot();
    for (const part of ["metadata", "targets"]) await copy(now, mixed, part);
    const { hashes } = refreshed.targets.signed.targets["authority.json"]!;
    await mixed.write(`targets/${hashes["sha256"]}.authority.json`, new Uint8Array(40));
    served = mixed;
    await expect(targetsOf(tufJs("other"))).rejects.toThrow(/length/i);
    expect(await readTarget(kernel, refreshed, "authority.json", read, Date.now())).toMatchObject({
      code: "DIGEST",
    });

    const short = await makeDomain("c.example");
    served = publicFolder(short);
    firstRoot = await short.read("metadata/1.root.json");
    await expect(targetsOf(tufJs("late"))).rejects.toThrow(/expired/);
    const root = must(await verifyPinnedRoot(kernel, firstRoot));
    expect(await refreshRepository(kernel, { root }, read, Date.now())).toMatchObject({
      code: "EXPIRED",
    });
  });
});

async function copy(from: MemoryStorage, to: MemoryStorage, path: string): Promise<void> {
  const bytes = await from.read(path, 1 << 20);
  if (bytes) await to.write(path, bytes);
  else for (const name of await from.list(path)) await copy(from, to, `${path}/${name}`);
}
