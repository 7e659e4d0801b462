/** Domains in folders, and a reader that syncs them by the built program. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { addIssuer, addPeer, removePeer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotateRole } from "../sync/history.js";
import { hexKey } from "../domain/fixture.js";
import type { Json, StoredDomain } from "./domains.js";
import { acceptPeer, at, forkDomain, run, runJson, serve, storeDomain } from "./domains.js";
import { scratch, writ, writJson } from "./writ.js";

const path = scratch();

type Synced = Json & {
  readonly domain: string;
  readonly failure: Json | null;
  readonly sources: readonly Json[];
  readonly evidence: readonly Json[];
};

function domainsOf(json: Json): Synced[] {
  return json["domains"] as Synced[];
}

function domainOf(json: Json, name: string): Synced | undefined {
  return domainsOf(json).find(({ domain }) => domain === name);
}

/** `later`: seconds after the domain's own time. */
function now(domain: StoredDomain, later = 0): string[] {
  return ["--now", new Date(domain.domain.now + later * 1000).toISOString()];
}

const issuer = (name: string) => ({ name, key: hexKey(name), commands: ["/pay"] });

describe("one domain, from a folder", async () => {
  const a = await storeDomain(path("one/a"), "a.example");
  const store = path("one/store");
  const from = ["--from", a.public];

  test("first its pin is needed, and then no more", async () => {
    expect(writ(["sync", store, ...from])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--pin is missing, and the store has pinned nothing yet"),
    });
    const first = writJson(["sync", store, "--pin", a.pin, ...from, ...now(a)]);
    expect(first).toEqual({
      exit: 0,
      command: "sync",
      outcome: "DONE",
      code: null,
      time: at(a),
      domains: [
        {
          domain: "a.example",
          peerOf: null,
          trusted: true,
          fresh: true,
          failure: null,
          versions: { root: 1, targets: 1, status: 1, snapshot: 1, timestamp: 1 },
          digest: expect.stringMatching(/^[0-9a-f]{64}$/),
          issued: "2026-06-01T12:00:00.000Z",
          age: 1000,
          validUntil: "2026-06-01T12:00:30.000Z",
          limit: "maxStaleness",
          terms: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
          changed: true,
          sources: [
            { source: a.public, status: "new", failure: null, log: "first", logFailure: null },
          ],
          evidence: [],
        },
      ],
    });
    await a.domain.publish((draft) => addIssuer(draft, issuer("ops")));
    const second = writJson(["sync", store, ...from, ...now(a)]);
    expect(second).toMatchObject({ exit: 0, outcome: "DONE" });
    expect(domainsOf(second)).toMatchObject([
      {
        versions: { root: 1, targets: 2, status: 1, snapshot: 2, timestamp: 2 },
        sources: [{ status: "new", log: "extended" }],
      },
    ]);
    const third = writJson(["sync", store, ...from, ...now(a)]);
    expect(domainsOf(third)).toMatchObject([
      { changed: false, sources: [{ status: "unchanged", log: null }] },
    ]);
  });

  test("it is stale when its time has passed, and says so", () => {
    const stale = writJson(["sync", store, ...from, ...now(a, 30)]);
    expect(stale).toMatchObject({ exit: 2, outcome: "INCOMPLETE", code: "STALE" });
    expect(domainsOf(stale)).toMatchObject([
      { trusted: true, fresh: false, failure: { code: "STALE" }, age: 31_000 },
    ]);
    const early = writJson(["sync", store, ...from, ...now(a, -3)]);
    expect(early).toMatchObject({ exit: 2, code: "CLOCK" });
    const { out } = writ(["sync", store, ...from, ...now(a)]);
    expect(out).toMatch(
      /^a\.example {2}fresh: 1s old, valid until 2026-06-01T12:00:31Z \(30s after issue\)$/m,
    );
    expect(out).toContain("state   root 1, targets 2, status 1, snapshot 2, timestamp 2\n");
  });

  test("terms that are stated are remembered with the pin", () => {
    const terms = ["--max-staleness", "5m", "--max-lifetime", "1h", "--skew", "0s"];
    expect(writJson(["sync", store, ...from, ...terms, ...now(a, 40)])).toMatchObject({ exit: 0 });
    const later = writJson(["sync", store, ...from, ...now(a, 40)]);
    expect(domainsOf(later)).toMatchObject([
      { fresh: true, terms: { maxStaleness: 300_000, maxLifetime: 3_600_000, skew: 0 } },
    ]);
  });

  test("two rotations of the root while the reader was away are one walk", async () => {
    await rotateRole(a.domain, "root");
    await rotateRole(a.domain, "timestamp");
    const moved = writJson(["sync", store, ...from, ...now(a)]);
    expect(moved).toMatchObject({ exit: 0 });
    expect(domainsOf(moved)).toMatchObject([{ versions: { root: 3 } }]);
  });

  test("a copy that was left behind is said to be behind, and takes nothing back", async () => {
    const old = path("one/old");
    cpSync(a.public, old, { recursive: true });
    await a.domain.change((open) =>
      withdraw(open, { keys: [{ key: hexKey("ops"), expires: "2026-07-01T00:00:00Z" }] }),
    );
    const newest = writJson(["sync", store, ...from, ...now(a)]);
    const both = writJson(["sync", store, "--from", old, ...now(a)]);
    expect(domainsOf(both)).toMatchObject([{ versions: domainsOf(newest)[0]?.["versions"] }]);
    expect(["behind", "unchanged"]).toContain(domainsOf(both)[0]?.sources[0]?.["status"]);
    const anew = writJson([
      "sync",
      path("one/other"),
      "--pin",
      a.pin,
      "--from",
      old,
      ...from,
      ...now(a),
    ]);
    expect(domainsOf(anew)).toMatchObject([{ versions: domainsOf(newest)[0]?.["versions"] }]);
  });

  test("another pin is said aloud", () => {
    const pin = join(a.public, "metadata/2.root.json");
    const ran = writ(["sync", store, "--pin", pin, ...from, ...now(a)]);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining("pinned anew") });
    expect(writ(["sync", store, "--pin", pin, ...from, ...now(a)])).toMatchObject({ err: "" });
  });
});

describe("one domain, over HTTP", async () => {
  const a = await storeDomain(path("http/a"), "a.example");
  const server = await serve(a.public);
  const hanging = await serve(a.public, { hang: true });

  test("syncing what has not changed is two requests and under 3 KiB, whatever the domain holds", async () => {
    for (let i = 0; i < 40; i++) {
      await a.domain.edit((draft) => addIssuer(draft, issuer(`issuer-${i}`)));
    }
    await a.domain.publish();
    const args = ["sync", path("http/store"), "--from", server.url, ...now(a)];
    const first = await runJson([...args, "--pin", a.pin]);
    expect(domainsOf(first)).toMatchObject([
      { fresh: true, sources: [{ source: server.url, status: "new", log: "first" }] },
    ]);
    expect((await server.traffic()).bytes).toBeGreaterThan(10_000);
    const again = await runJson(args);
    expect(domainsOf(again)).toMatchObject([
      { changed: false, sources: [{ status: "unchanged" }] },
    ]);
    const { paths, bytes } = await server.traffic();
    expect(paths).toEqual(["/metadata/2.root.json", "/metadata/timestamp.json"]);
    expect(bytes).toBeLessThan(3 * 1024);
  });

  test("a new timestamp alone is three requests", async () => {
    await a.domain.change(refresh);
    const args = ["sync", path("http/store"), "--from", server.url, ...now(a)];
    expect(await runJson(args)).toMatchObject({ exit: 0 });
    const { paths, bytes } = await server.traffic();
    expect(paths).toEqual(["/metadata/2.root.json", "/metadata/timestamp.json", "/log/checkpoint"]);
    expect(bytes).toBeLessThan(6 * 1024);
  });

  test("a server that does not answer ends in TIMEOUT, and holds up neither the others nor the end", async () => {
    const both = ["--from", hanging.url, "--from", server.url, "--timeout", "1s"];
    const args = ["sync", path("http/two"), "--pin", a.pin, ...both, ...now(a)];
    const ended = await run([...args, "--json"]);
    expect(ended.took).toBeLessThan(6_000);
    const json = JSON.parse(ended.out) as Json;
    expect(json).toMatchObject({ outcome: "DONE" });
    expect(domainsOf(json)[0]?.sources).toMatchObject([
      { source: hanging.url, status: "failed", failure: { code: "TIMEOUT" } },
      { source: server.url, status: "new" },
    ]);
    const alone = ["--pin", a.pin, "--from", hanging.url, "--timeout", "200ms"];
    const nothing = await runJson(["sync", path("http/none"), ...alone, ...now(a)]);
    expect(nothing).toMatchObject({ exit: 2, outcome: "INCOMPLETE", code: "NO_TRUST" });
    expect(domainsOf(nothing)).toMatchObject([{ trusted: false, versions: null, age: null }]);
  });

  test("a server that is slow with every file has the time for one domain, and no more", async () => {
    let requests = 0;
    const slow = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        requests += 1;
        if (requests === 1) {
          setTimeout(() => socket.write("HTTP/1.1 404 no\r\ncontent-length: 0\r\n\r\n"), 400);
          return;
        }
        socket.write("HTTP/1.1 200 ok\r\ncontent-length: 9999\r\n\r\n");
        const drip = setInterval(() => socket.write("x"), 100);
        socket.on("close", () => clearInterval(drip));
      });
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = slow.address() as { port: number };
      const from = ["--from", `http://127.0.0.1:${port}/`, "--timeout", "1s"];
      const ended = await run(["sync", path("http/slow"), "--pin", a.pin, ...from, ...now(a)]);
      expect(ended).toMatchObject({ code: 2, out: expect.stringContaining("failed, TIMEOUT") });
      expect(ended.took).toBeLessThan(3_000);
    } finally {
      slow.close();
    }
  });

  test.skipIf(process.platform !== "linux")(
    "a connection that is never accepted does not keep the program alive",
    async () => {
      const code = `require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, function () {
        console.log(this.address().port);
      })`;
      const child = spawn(process.execPath, ["-e", code]);
      const port = await new Promise<number>((resolve) => {
        child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
      });
      child.kill("SIGSTOP");
      // They fill the queue of the process that stands still.
      const queue = Array.from({ length: 4 }, () =>
        connect(port, "127.0.0.1").on("error", () => {}),
      );
      try {
        const from = ["--from", `http://127.0.0.1:${port}/`, "--timeout", "1s"];
        const ended = await run(["sync", path("http/black"), "--pin", a.pin, ...from, ...now(a)]);
        expect(ended).toMatchObject({ code: 2, out: expect.stringContaining("failed, TIMEOUT") });
        expect(ended.took).toBeLessThan(5_000);
      } finally {
        for (const socket of queue) socket.destroy();
        child.kill("SIGKILL");
      }
    },
  );

  test.each([
    ["http://127.0.0.1:1/", "UNREACHABLE"],
    ["http://[::1]:1/", "UNREACHABLE"],
  ])("nobody at %s is %s", (url, code) => {
    const args = ["sync", path("http/nobody"), "--pin", a.pin, "--from", url, ...now(a)];
    const ended = writJson(args);
    expect(ended).toMatchObject({ exit: 2, code: "NO_TRUST" });
    expect(domainsOf(ended)[0]?.sources).toMatchObject([{ status: "failed", failure: { code } }]);
  });
});

describe("two domains that accept each other, and a third", async () => {
  const [a, b, c] = [
    await storeDomain(path("peers/a"), "a.example"),
    await storeDomain(path("peers/b"), "b.example"),
    await storeDomain(path("peers/c"), "c.example"),
  ];
  const server = await serve(b.public);
  const pinned = ["--pin", a.pin, "--from", `a.example=${a.public}`];

  beforeAll(async () => {
    await acceptPeer(a, b, { url: server.url });
    await acceptPeer(b, a);
    await acceptPeer(b, c, { commands: ["/read"] });
    await a.domain.change(refresh);
  });

  test("peers are followed when that is asked for, under the terms that the state pins", async () => {
    const store = path("peers/own");
    expect(domainsOf(await runJson(["sync", store, ...pinned, ...now(a)]))).toHaveLength(1);
    const both = await runJson(["sync", store, ...pinned, "--peers", ...now(a)]);
    expect(both).toMatchObject({ exit: 0, outcome: "DONE" });
    expect(domainsOf(both)).toMatchObject([
      { domain: "a.example", peerOf: null, fresh: true },
      {
        domain: "b.example",
        peerOf: "a.example",
        fresh: true,
        terms: { maxStaleness: 20_000, maxLifetime: 60_000, skew: 500 },
        sources: [{ source: server.url, status: "new" }],
      },
    ]);
    // c.example is a peer of b.example alone.
    expect(existsSync(join(store, "c.example"))).toBe(false);
    const later = new Date(a.domain.now + 22_000).toISOString();
    const stale = await runJson(["sync", store, ...pinned, "--peers", "--now", later]);
    expect(stale).toMatchObject({ exit: 2, code: "STALE" });
    expect(domainOf(stale, "a.example")).toMatchObject({ fresh: true });
    expect(domainOf(stale, "b.example")).toMatchObject({ failure: { code: "STALE" } });
  });

  test("from another store, with no way to the domain itself", async () => {
    const [first, second] = [path("peers/first"), path("peers/second")];
    const named = ["--from", `b.example=${b.public}`];
    const source = ["--pin", a.pin, "--from", a.public, ...named, "--peers"];
    expect(await runJson(["sync", first, ...source, ...now(a)])).toMatchObject({ exit: 0 });
    const relayed = ["--pin", a.pin, "--from", first, "--peers", "--timeout", "1s"];
    // The peer's url is asked too; it cannot answer while this process waits.
    const ended = writJson(["sync", second, ...relayed, ...now(a)]);
    expect(ended).toMatchObject({ exit: 0, outcome: "DONE" });
    expect(domainOf(ended, "b.example")?.sources).toMatchObject([
      { source: server.url, status: "failed", failure: { code: "TIMEOUT" } },
      { source: first, status: "new" },
    ]);
  });

  test("a removed peer is asked for no more, and is untrusted", async () => {
    const store = path("peers/own");
    await a.domain.publish((draft) => removePeer(draft, "b.example"));
    const ended = await runJson(["sync", store, ...pinned, "--peers", ...now(a)]);
    expect(domainsOf(ended).map(({ domain }) => domain)).toEqual(["a.example"]);
    const shown = writJson(["trust", "show", store, "b.example", ...now(a)]);
    expect(shown).toMatchObject({
      exit: 1,
      outcome: "REFUTED",
      code: "UNTRUSTED",
      domains: [{ domain: "b.example", trusted: false, fresh: false }],
    });
  });

  test("a domain that is pinned by its reader is followed on the reader's terms", async () => {
    const store = path("peers/two");
    const pins = ["--pin", b.pin, "--pin", a.pin, "--peers"];
    const from = ["--from", `a.example=${a.public}`, "--from", `b.example=${b.public}`];
    const ended = writJson(["sync", store, ...pins, ...from, ...now(b)]);
    expect(domainsOf(ended)).toMatchObject([
      { domain: "b.example", peerOf: null },
      { domain: "a.example", peerOf: null, terms: { maxStaleness: 30_000 } },
      { domain: "c.example", peerOf: "b.example", failure: { code: "NO_TRUST" }, sources: [] },
    ]);
    expect(writ(["sync", store, "--peers", ...from, ...now(b)]).out).toContain(
      "no source: name one with --from c.example=SOURCE",
    );
  });
});

test("a peer whose url is none is a source that fails, and no more", async () => {
  const [a, b] = [
    await storeDomain(path("url/a"), "a.example"),
    await storeDomain(path("url/b"), "b.example"),
  ];
  const root = new Uint8Array(readFileSync(b.pin));
  const sha256 = createHash("sha256").update(root).digest("hex");
  const terms = { commands: ["/pay"], maxStaleness: 20_000, maxLifetime: 60_000, skew: 500 };
  const peer = { name: "b.example", root: { version: 1, sha256 }, ...terms, url: "http://[b/" };
  const published = await a.domain.publish((draft) => addPeer(draft, peer, root)).catch(() => {});
  // Should the writer come to refuse it, the reader is safe all the same.
  if (!published) return;
  const from = ["--from", `a.example=${a.public}`, "--from", `b.example=${b.public}`];
  const args = ["sync", path("url/store"), "--pin", a.pin, "--peers", ...from, ...now(a)];
  const ended = writJson(args);
  expect(ended).toMatchObject({ exit: 0 });
  expect(domainOf(ended, "b.example")?.sources).toMatchObject([
    { source: '"http://[b/"', status: "failed", failure: { code: "MALFORMED" } },
    { status: "new" },
  ]);
});

describe("a domain that says two things", () => {
  test("is refuted, can be shown to others, and is trusted again only when that is lifted", async () => {
    const a = await storeDomain(path("fork/a"), "a.example");
    const fork = forkDomain(a, path("fork/copy"));
    await a.domain.publish((draft) => addIssuer(draft, issuer("ops")));
    await fork.domain.publish((draft) => addIssuer(draft, issuer("thief")));
    const store = path("fork/store");
    const sources = ["--from", a.public, "--from", fork.public];
    const ended = writJson(["sync", store, "--pin", a.pin, ...sources, ...now(a)]);
    expect(ended).toMatchObject({ exit: 1, outcome: "REFUTED", code: "EQUIVOCATION" });
    const [{ evidence }] = domainsOf(ended) as [Synced];
    expect(evidence.map(({ role }) => role).sort()).toEqual([
      "log",
      "snapshot",
      "targets",
      "timestamp",
    ]);
    expect(domainsOf(ended)).toMatchObject([{ trusted: false, fresh: false }]);

    // Nothing that comes later heals it.
    await a.domain.change(refresh);
    const later = ["sync", store, "--from", a.public, ...now(a)];
    expect(writJson(later)).toMatchObject({ exit: 1, code: "EQUIVOCATION" });
    const { code, out } = writ(later);
    expect(code).toBe(1);
    for (const { digest } of evidence) expect(out).toContain(digest);

    const other = await storeDomain(path("fork/b"), "b.example");
    for (const { digest, role } of evidence as readonly { digest: string; role: string }[]) {
      const file = path(`fork/${role}.json`);
      expect(writ(["trust", "evidence", store, "a.example", digest, "--out", file]).code).toBe(0);
      // A third party: the file, and a root that it pinned by itself.
      expect(writ(["verify", file, "--pin", a.pin])).toMatchObject({
        code: 0,
        out: expect.stringContaining("PROVEN"),
      });
      expect(writJson(["verify", file, "--pin", other.pin])).toMatchObject({
        exit: 1,
        code: "KEY",
      });
    }

    for (const { digest } of evidence as readonly { digest: string }[]) {
      expect(writJson(later)).toMatchObject({ exit: 1 });
      expect(writ(["trust", "lift", store, "a.example", digest]).code).toBe(0);
    }
    expect(writJson(later)).toMatchObject({ exit: 0, outcome: "DONE" });

    const peers = writ([...later, "--peers"]);
    expect(peers).toMatchObject({ code: 0, err: "" });
    await fork.domain.publish((draft) => addIssuer(draft, issuer("again")));
    const again = writJson(["sync", store, ...sources, ...now(fork)]);
    expect(again).toMatchObject({ exit: 1, code: "EQUIVOCATION" });
    expect(writ([...later, "--peers"]).err).toContain("its peers were not synced");
  });

  test("in two roots, is settled by pinning one of them and by nothing else", async () => {
    const a = await storeDomain(path("roots/a"), "a.example");
    const fork = forkDomain(a, path("roots/copy"));
    fork.domain.round = 7;
    await rotateRole(a.domain, "root");
    await rotateRole(fork.domain, "root");
    const store = path("roots/store");
    const sources = ["--from", a.public, "--from", fork.public];
    const ended = writJson(["sync", store, "--pin", a.pin, ...sources, ...now(a)]);
    expect(ended).toMatchObject({ exit: 1, code: "EQUIVOCATION" });
    const roots = domainsOf(ended)[0]?.evidence.filter(({ role }) => role === "root") ?? [];
    expect(roots).toHaveLength(1);
    const digest = roots[0]?.["digest"] as string;
    const lift = writ(["trust", "lift", store, "a.example", digest]);
    expect(lift).toMatchObject({ code: 1, err: expect.stringContaining("writ sync") });
    const pin = join(a.public, "metadata/2.root.json");
    const settled = writJson(["sync", store, "--pin", pin, "--from", a.public, ...now(a)]);
    const left = domainsOf(settled)[0]?.evidence.filter((each) => !each["settled"]) ?? [];
    for (const each of left) {
      writ(["trust", "lift", store, "a.example", each["digest"] as string]);
    }
    expect(writJson(["sync", store, "--from", a.public, ...now(a)])).toMatchObject({ exit: 0 });
  });
});

describe("watching", async () => {
  const a = await storeDomain(path("watch/a"), "a.example");
  const live = async (): Promise<void> => {
    a.domain.now = Math.max(a.domain.now, Date.now() - 2000);
    await a.domain.publish();
    await a.domain.change(refresh);
  };

  test("prints an object a round, and ends in order when it is interrupted", async () => {
    await live();
    const args = [
      "sync",
      path("watch/json"),
      "--pin",
      a.pin,
      "--from",
      a.public,
      "--json",
      "--skew",
      "9s",
    ];
    const ended = await run([...args, "--watch", "200ms"], (said) => said.split("\n").length > 3);
    const lines = ended.out.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ command: "sync", outcome: "DONE" });
    }
    expect(ended).toMatchObject({ code: 0, err: "" });
  });

  test("goes on from a root that somebody pins anew meanwhile", async () => {
    await live();
    await rotateRole(a.domain, "root");
    const store = path("watch/anew");
    const from = ["--from", a.public, "--skew", "9s"];
    const pin = join(a.public, "metadata/2.root.json");
    let pinned: Promise<unknown> | undefined;
    const args = ["sync", store, "--pin", a.pin, ...from, "--json", "--watch", "2s"];
    await run(args, (said) => {
      // In the pause after the first round.
      pinned ??= runJson(["sync", store, "--pin", pin, ...from]);
      return said.split("\n").length > 2;
    });
    await pinned;
    expect(writJson(["trust", "show", store])).toMatchObject({
      domains: [{ pinned: { version: 2 } }],
    });
  });

  test("without a terminal prints a line when something has changed, and the answer last", async () => {
    await live();
    const args = ["sync", path("watch/text"), "--pin", a.pin, "--from", a.public, "--skew", "9s"];
    let changed: Promise<void> | undefined;
    const ended = await run([...args, "--watch", "200ms"], (said) => {
      changed ??= live();
      return said.split("\n").length > 2;
    });
    await changed;
    const lines = ended.out.split("\n");
    expect(lines[0]).toMatch(
      /^\S+Z a\.example fresh, root \d+, targets \d+, status \d+, snapshot \d+$/,
    );
    expect(lines[1]).toMatch(
      /^\S+Z a\.example fresh, root \d+, targets \d+, status \d+, snapshot \d+$/,
    );
    expect(lines[2]).toMatch(/^a\.example {2}fresh: /);
    expect(ended.code).toBe(0);
  });
});

describe("misuse", async () => {
  const a = await storeDomain(path("misuse/a"), "a.example");
  const b = await storeDomain(path("misuse/b"), "b.example");
  mkdirSync(path("misuse/empty"));
  mkdirSync(path("misuse/full"));
  writeFileSync(path("misuse/full/file"), "x");
  const store = path("misuse/store");
  const pin = ["--pin", a.pin];
  const from = ["--from", a.public];

  test.each<[string, string[]]>([
    ["expected STORE", [...pin, ...from]],
    ["--from is missing", [store, ...pin]],
    ["no such file", [store, "--pin", path("misuse/none"), ...from]],
    ["is no root of a domain", [store, "--pin", path("misuse/full/file"), ...from]],
    ["pinned twice", [store, ...pin, ...pin, ...from]],
    ["b.example is not pinned", [store, ...pin, "--from", `b.example=${b.public}`]],
    ["it is empty, or not there", [store, ...pin, "--from", path("misuse/empty")]],
    ["it is empty, or not there", [store, ...pin, "--from", path("misuse/none")]],
    ["it holds none of these", [store, ...pin, "--from", path("misuse/full")]],
    ["name what it publishes", [store, ...pin, "--from", a.folder]],
    ["not ftp:", [store, ...pin, "--from", "ftp://example.com/"]],
    ["without credentials", [store, ...pin, "--from", "https://me:secret@example.com/"]],
    ["without query", [store, ...pin, "--from", "https://example.com/?x"]],
    ["is not a folder", [path("misuse/full/file"), ...pin, ...from]],
    ["neither empty nor a trust store", [a.public, ...pin, ...from]],
    ["neither empty nor a trust store", [path("misuse/full"), ...pin, ...from]],
    ["does not go with --watch", [store, ...pin, ...from, "--watch", "1s", "--now", "1"]],
    ["--watch is 100ms to 1d", [store, ...pin, ...from, "--watch", "1ms"]],
    ["--timeout is 1ms to 1h", [store, ...pin, ...from, "--timeout", "2h"]],
    ["a duration is like", [store, ...pin, ...from, "--timeout", "2"]],
    ["--max-staleness is 1ms to 3660d", [store, ...pin, ...from, "--max-staleness", "0s"]],
    ["--max-lifetime is 1ms to 3660d", [store, ...pin, ...from, "--max-lifetime", "999999999d"]],
    ["--skew is 0s to 1h", [store, ...pin, ...from, "--skew", "2h"]],
    ["a time is like", [store, ...pin, ...from, "--now", "now"]],
  ])("%s", (says, args) => {
    const { code, out, err } = writ(["sync", ...args]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(says);
    expect(existsSync(store)).toBe(false);
  });

  test("nothing was written anywhere", () => {
    expect(readdirSync(path("misuse")).sort()).toEqual(["a", "b", "empty", "full"]);
    expect(readdirSync(a.public).sort()).toEqual(["log", "metadata", "targets"]);
  });
});

test("a store that lost its files trusts nothing until they are there again", async () => {
  const a = await storeDomain(path("damaged/a"), "a.example");
  const store = path("damaged/store");
  const args = ["sync", store, "--from", a.public, ...now(a)];
  expect(writ([...args, "--pin", a.pin]).code).toBe(0);
  rmSync(join(store, "a.example/files"), { recursive: true });
  const ran = writ(args);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining("must be pinned again") });
  const pinned = writ([...args, "--pin", a.pin]);
  expect(pinned).toMatchObject({ code: 2, out: expect.stringContaining("the store is damaged") });
  const shown = writ(["trust", "show", store]);
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining("the store is damaged") });
  rmSync(join(store, "a.example"), { recursive: true });
  expect(writ([...args, "--pin", a.pin])).toMatchObject({ code: 0 });
  writeFileSync(join(store, "pinned_domains"), "[");
  expect(writ(args)).toMatchObject({ code: 2, err: expect.stringContaining("cannot be read") });
});
