import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { watchFolders } from "../../src/cli/gate/watch-folder.js";
import { withdraw } from "../../src/domain/publish.js";
import { followTrust } from "../../src/gate/follower.js";
import { systemClock } from "../../src/runtime/clock.js";
import { FileTrustStore } from "../../src/storage/file-trust-store.js";
import { FileStorage } from "../../src/storage/files.js";
import { folderSource } from "../../src/sync/folder-source.js";
import { hexKey, makeDomain } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { live, TERMS, TestReader } from "../sync/fixture.js";

const root = mkdtempSync(join(tmpdir(), "writ-watch-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const folder = (): string => join(root, `${++count}`);

/** Counts hints, and waits for the next. */
class Hints {
  count = 0;
  readonly stop: () => void;
  #wake: (() => void)[] = [];

  constructor(...folders: string[]) {
    this.stop = watchFolders(folders)(() => {
      this.count += 1;
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** Resolves at the next hint after this call. */
  next(): Promise<void> {
    return new Promise((resolve) => void this.#wake.push(resolve));
  }

  /** No hint for a while: what was under way has arrived. */
  async quiet(ms = 600): Promise<void> {
    for (let before = -1; before !== this.count;) {
      before = this.count;
      await new Promise((resolve) => void setTimeout(resolve, ms));
    }
  }
}

describe("a folder that is watched", () => {
  test("tells of files that are replaced, at any depth that matters", async () => {
    const at = folder();
    await mkdir(join(at, "a.example", "metadata"), { recursive: true });
    const hints = new Hints(at);
    await hints.next();
    await hints.quiet();
    const storage = new FileStorage(at);
    for (const path of [
      "pinned_domains",
      "a.example/record",
      "a.example/metadata/timestamp.json",
    ]) {
      const told = hints.next();
      await storage.write(path, new Uint8Array([1]));
      await told;
      await hints.quiet(50);
    }
    hints.stop();
  });

  test("tells of domains that come later, and goes on with folders that take another's place", async () => {
    const at = folder();
    await mkdir(at);
    const hints = new Hints(at);
    await hints.next();
    await hints.quiet();
    const made = hints.next();
    await mkdir(join(at, "b.example", "metadata"), { recursive: true });
    await made;
    await hints.quiet();
    const write = async (): Promise<void> => {
      const told = hints.next();
      await writeFile(join(at, "b.example/metadata/timestamp.json"), `${count}`);
      await told;
    };
    await write();
    // As who mirrors a whole folder anew.
    await mkdir(join(at, "new", "metadata"), { recursive: true });
    await rename(join(at, "b.example"), join(at, "old"));
    await rename(join(at, "new"), join(at, "b.example"));
    await hints.quiet();
    await write();
    hints.stop();
  });

  test("may not be there yet, or go and come back", async () => {
    const at = folder();
    const hints = new Hints(at);
    await mkdir(at);
    await hints.next();
    await hints.quiet();
    await rm(at, { recursive: true });
    await hints.quiet();
    const back = hints.next();
    await mkdir(at);
    await back;
    await hints.quiet();
    const told = hints.next();
    await writeFile(join(at, "record"), "x");
    await told;
    hints.stop();
  });

  test("tells nothing of half-written files, nor of anything after its end", async () => {
    const at = folder();
    await mkdir(at);
    const hints = new Hints(at);
    await hints.next();
    await hints.quiet();
    const before = hints.count;
    await writeFile(join(at, ".half.tmp"), "x");
    await hints.quiet();
    expect(hints.count).toBe(before);
    hints.stop();
    await writeFile(join(at, "record"), "x");
    await hints.quiet();
    expect(hints.count).toBe(before);
  });
});

/** Polls are an hour apart: what is seen at all is seen because it was told of. */
const HOUR = 3_600_000;

test("a follower sees what a domain publishes without waiting for its poll", async () => {
  const at = folder();
  const domain = await makeDomain("own.example", { storage: new FileStorage(at) });
  const published = join(at, "public");
  const follower = await followTrust({
    kernel,
    store: new FileTrustStore(folder()),
    own: domain.name,
    pins: [{ domain: domain.name, root: await domain.read("metadata/1.root.json"), terms: TERMS }],
    sources: () => [folderSource(new FileStorage(published), published)],
    clock: systemClock,
    poll: HOUR,
    within: 5_000,
    subscriptions: [watchFolders([published])],
  });
  const changed = (name: string): Promise<void> =>
    new Promise((resolve) => {
      const stop = follower.onChange(() => {
        if (!follower.domains.own.withdrawn.keys.has(hexKey(name))) return;
        stop();
        resolve();
      });
    });
  for (const name of ["x", "y"]) {
    const seen = changed(name);
    await domain.change((open) =>
      withdraw(open, { keys: [{ key: hexKey(name), expires: "9999-12-31T23:59:59Z" }] }),
    );
    await seen;
  }
  await follower.close();
});

test("and what another process syncs into its store", async () => {
  const domain = await makeDomain("own.example");
  const pin = { root: await domain.read("metadata/1.root.json"), terms: TERMS };
  const at = folder();
  const reader = new TestReader(domain.name, pin, new FileTrustStore(at));
  await reader.sync(domain.now, live(domain));
  const follower = await followTrust({
    kernel,
    store: new FileTrustStore(at),
    own: domain.name,
    pins: [{ domain: domain.name, ...pin }],
    sources: () => [],
    clock: systemClock,
    poll: HOUR,
    within: 5_000,
    subscriptions: [watchFolders([at])],
  });
  const version = follower.domains.own.state?.metadata.timestamp.signed.version;
  const seen = new Promise<void>((resolve) => void follower.onChange(resolve));
  await domain.publish();
  await reader.sync(domain.now, live(domain));
  await seen;
  expect(follower.domains.own.state?.metadata.timestamp.signed.version).toBe((version ?? 0) + 1);
  await follower.close();
});
