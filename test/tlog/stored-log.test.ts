/** Verification of whole stored logs, and of logs with one file gone or one byte changed. */
import { beforeAll, describe, expect, test } from "vitest";
import { generateKey, signerOf } from "../../src/cli/key-file.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import type { Layout } from "../../src/tlog/tile.js";
import { NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import type { StoredLogDemand } from "../../src/tlog/verify-log.js";
import { verifyLog } from "../../src/tlog/verify-log.js";
import type { Verdict } from "../../src/verdict.js";
import { model, sampleEntries } from "../kernel/model.js";
import { kernel } from "../kernel.js";
import type { Files } from "./stored.js";
import { demanded, EMPTY, filesOf, grow, storageOf } from "./stored.js";

const SIZE = 700;
const entries = sampleEntries(1100);
const oracle = model(entries);
const signer = signerOf(generateKey(kernel, "log.example/stored", "ed25519"));
const demand: StoredLogDemand = {
  logs: [signer.key],
  origin: undefined,
  verifiers: NO_VERIFIERS,
  layout: "c2sp",
};

async function checkpointOf(size: number, rootHash = oracle.mth(0, size)): Promise<Uint8Array> {
  return await signCheckpoint(signer.key.name, { size: BigInt(size), rootHash }, signer);
}

const signed = await checkpointOf(SIZE);

async function verdictOf(
  files: Iterable<readonly [string, Uint8Array]>,
  layout: Layout = "c2sp",
  checkpoint = signed,
): Promise<Verdict> {
  return await verifyLog(kernel, await storageOf(files), checkpoint, { ...demand, layout });
}

/** The same tiles as the Go checksum database lays them out; it has no entry bundles. */
function inGoLayout(files: Files): Files {
  return new Map(
    [...files]
      .filter(([path]) => !path.startsWith("tile/entries/"))
      .map(([path, bytes]) => [path.replace(/^tile\//, "tile/8/"), bytes]),
  );
}

function flipped(files: Files, path: string, at: number): Files {
  const bad = (files.get(path) as Uint8Array).slice();
  bad[at] = (bad[at] as number) ^ (1 << (at % 8));
  return new Map([...files, [path, bad]]);
}

/** First, last, and places between that differ from file to file. */
function places(length: number, seed: number): number[] {
  return [0, 1, 31, 32, length - 1, ...[1, 2, 3, 4].map((n) => (n * 7919 + seed * 131) % length)];
}

test.each([0, 1, 2, 255, 256, 257, 511, 512, 513, 700, 1024, 1100])(
  "a complete log of %i entries is PROVEN",
  async (size) => {
    const files = demanded(entries, oracle, size);
    const checkpoint = await checkpointOf(size);
    const verdict = await verdictOf(files, "c2sp", checkpoint);
    expect(verdict.outcome).toBe("PROVEN");
    expect(verdict.checks.every((check) => check.outcome === "passed")).toBe(true);
    const go = await verdictOf(inGoLayout(files), "go", checkpoint);
    expect(go.outcome).toBe("PROVEN");
    expect(go.checks.map((check) => check.name)).not.toContain("entries");
  },
);

describe.each(["c2sp", "go"] as const)("a log in the %s layout", (layout) => {
  const all = demanded(entries, oracle, SIZE);
  const files = layout === "go" ? inGoLayout(all) : all;

  test("with any one file gone is INCOMPLETE", async () => {
    expect(files.size).toBe(layout === "go" ? 4 : 7);
    for (const path of files.keys()) {
      const rest = [...files].filter(([name]) => name !== path);
      const verdict = await verdictOf(rest, layout);
      expect(verdict, path).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
      expect(verdict.checks.at(-1)).toMatchObject({ name: "complete", outcome: "missing" });
    }
  });

  test("with all files gone is INCOMPLETE", async () => {
    expect(await verdictOf([], layout)).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
  });

  test("with one bit changed in any file is REFUTED", async () => {
    for (const [i, [path, bytes]] of [...files].entries()) {
      for (const at of places(bytes.length, i)) {
        const verdict = await verdictOf(flipped(files, path, at), layout);
        expect(verdict.outcome, `${path}, byte ${at}`).toBe("REFUTED");
        expect(["TREE", "MALFORMED"]).toContain(verdict.code);
      }
    }
  });

  test("with any file cut, empty or longer is REFUTED", async () => {
    for (const [path, bytes] of files) {
      for (const torn of [bytes.slice(0, -1), new Uint8Array(), Uint8Array.of(...bytes, 0)]) {
        const verdict = await verdictOf([...files, [path, torn]], layout);
        expect(verdict.outcome, `${path}, ${torn.length} bytes`).toBe("REFUTED");
      }
    }
  });

  test("with one bit changed anywhere in the checkpoint is not PROVEN", async () => {
    for (let at = 0; at < signed.length; at++) {
      const bad = signed.slice();
      bad[at] = (bad[at] as number) ^ (1 << (at % 7));
      const verdict = await verdictOf(files, layout, bad);
      expect(verdict.outcome, `byte ${at}`).not.toBe("PROVEN");
    }
  });

  test("tells its progress up to the number of its tiles", async () => {
    const done: number[] = [];
    const onProgress = (count: number, total: number): void => {
      expect(total).toBe(files.size);
      done.push(count);
    };
    const storage = await storageOf(files);
    await verifyLog(kernel, storage, signed, { ...demand, layout, onProgress });
    expect(done).toEqual(Array.from(files, (_, i) => i + 1));
  });
});

describe("a log that grew in steps", () => {
  let files: Files;
  const needed = demanded(entries, oracle, SIZE);

  beforeAll(async () => {
    const storage = new MemoryStorage();
    let head = EMPTY;
    for (const size of [1, 100, 255, 300, 600, SIZE]) {
      ({ head } = await grow(storage, head, entries.slice(Number(head.size), size)));
    }
    files = await filesOf(storage);
  });

  test("is PROVEN, with the partial tiles of its earlier sizes or without one of them", async () => {
    expect((await verdictOf(files)).outcome).toBe("PROVEN");
    const left = [...files.keys()].filter((path) => !needed.has(path));
    expect(left.length).toBeGreaterThan(8);
    for (const path of left) {
      const rest = [...files].filter(([name]) => name !== path);
      expect((await verdictOf(rest)).outcome, path).toBe("PROVEN");
    }
  });

  test("is INCOMPLETE without any file that its size needs", async () => {
    for (const path of needed.keys()) {
      const rest = [...files].filter(([name]) => name !== path);
      const verdict = await verdictOf(rest);
      expect(verdict, path).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    }
  });

  test("is REFUTED by one bit changed in any file, needed or left over", async () => {
    for (const [i, [path, bytes]] of [...files].entries()) {
      for (const at of places(bytes.length, i).filter((place) => place < bytes.length)) {
        const verdict = await verdictOf(flipped(files, path, at));
        expect(verdict.outcome, `${path}, byte ${at}`).toBe("REFUTED");
      }
    }
  });

  test("still proves the checkpoints of its earlier sizes", async () => {
    for (const size of [1, 100, 255, 256, 300, 512, 599]) {
      const verdict = await verdictOf(files, "c2sp", await checkpointOf(size));
      expect(verdict.outcome, `${size}`).toBe("PROVEN");
    }
  });

  test("is INCOMPLETE for the checkpoint of a later size", async () => {
    for (const size of [701, 768, 1100]) {
      const verdict = await verdictOf(files, "c2sp", await checkpointOf(size));
      expect(verdict, `${size}`).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
    }
  });
});

describe("a signed checkpoint", () => {
  const files = demanded(entries, oracle, SIZE);

  test("of another root is REFUTED by the tree", async () => {
    const lie = await checkpointOf(SIZE, oracle.mth(0, SIZE - 1));
    const verdict = await verdictOf(files, "c2sp", lie);
    expect(verdict).toMatchObject({ outcome: "REFUTED", code: "TREE" });
  });

  test("of another size with this root is not PROVEN", async () => {
    for (const size of [0, 1, 256, 512, 699, 701, 767, 768, 2 ** 40]) {
      const verdict = await verdictOf(files, "c2sp", await checkpointOf(size, oracle.mth(0, SIZE)));
      expect(verdict.outcome, `${size}`).not.toBe("PROVEN");
    }
  });

  test("of an empty log with another root than the empty one is REFUTED", async () => {
    const verdict = await verdictOf([], "c2sp", await checkpointOf(0, new Uint8Array(32)));
    expect(verdict).toMatchObject({ outcome: "REFUTED", code: "TREE" });
  });

  test("by another key of the same name is not PROVEN", async () => {
    const other = signerOf(generateKey(kernel, signer.key.name, "ed25519"));
    const head = { size: BigInt(SIZE), rootHash: oracle.mth(0, SIZE) };
    const checkpoint = await signCheckpoint(signer.key.name, head, other);
    const verdict = await verdictOf(files, "c2sp", checkpoint);
    expect(verdict).toMatchObject({ outcome: "INCOMPLETE", code: "UNSIGNED" });
  });

  test("of another origin is REFUTED", async () => {
    const head = { size: BigInt(SIZE), rootHash: oracle.mth(0, SIZE) };
    const checkpoint = await signCheckpoint("log.example/store", head, signer);
    const verdict = await verdictOf(files, "c2sp", checkpoint);
    expect(verdict).toMatchObject({ outcome: "REFUTED", code: "ORIGIN" });
  });
});

test("entries that changed places are REFUTED, though every one of them is there", async () => {
  const swapped = entries
    .with(300, entries[301] as Uint8Array)
    .with(301, entries[300] as Uint8Array);
  const files = demanded(entries, oracle, SIZE);
  const path = "tile/entries/001";
  files.set(path, demanded(swapped, oracle, SIZE).get(path) as Uint8Array);
  const verdict = await verdictOf(files);
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "TREE" });
  expect(verdict.checks.find((check) => check.name === "entries")?.expected).toContain("entry 300");
});

test("a log whose tiles and entries agree on another entry is REFUTED by the root", async () => {
  const forged = entries.with(10, new Uint8Array(5));
  const files = demanded(forged, model(forged), SIZE);
  expect(await verdictOf(files)).toMatchObject({ outcome: "REFUTED", code: "TREE" });
});

test("a log with one file gone and another changed is REFUTED", async () => {
  const files = demanded(entries, oracle, SIZE);
  files.delete("tile/0/001");
  const verdict = await verdictOf(flipped(files, "tile/entries/000", 5));
  expect(verdict.outcome).toBe("REFUTED");
});

test("a log whose last tile is gone is still REFUTED by what is wrong behind it", async () => {
  const files = new Map([600, SIZE].flatMap((size) => [...demanded(entries, oracle, size)]));
  files.set("tile/1/000.p/1", demanded(entries, oracle, 300).get("tile/1/000.p/1") as Uint8Array);
  files.delete("tile/0/002.p/188");
  expect(await verdictOf(files)).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
  const verdict = await verdictOf(flipped(files, "tile/1/000.p/1", 3));
  expect(verdict).toMatchObject({ outcome: "REFUTED", code: "TREE" });
});

test("files that are no tiles change nothing", async () => {
  const files = demanded(entries, oracle, SIZE);
  const empty = new Uint8Array();
  for (const path of ["README", "tile/0/abc", "tile/0/000.tmp", "tile/0/002.p/188.77.0.tmp"]) {
    files.set(path, empty);
  }
  for (const path of ["tile/0/x000/000", "tile/9/000", "tile/0/002.p/0188", "tile/0/002.p/300"]) {
    files.set(path, empty);
  }
  expect((await verdictOf(files)).outcome).toBe("PROVEN");
});

test("a store that lists names twice cannot make up for tiles that are absent", async () => {
  // More than 1,000 tiles, so that some lie in a folder of their own.
  const count = 256 * 1002;
  const added = Array.from({ length: count }, (_, i) => Uint8Array.of(i, i >> 8, i >> 16));
  const storage = new MemoryStorage();
  const { head } = await grow(storage, EMPTY, added);
  const checkpoint = await signCheckpoint(signer.key.name, head, signer);
  const judge = async () => {
    const twice = {
      read: storage.read.bind(storage),
      list: async (path: string) => [...(await storage.list(path)), ...(await storage.list(path))],
    };
    return (await verifyLog(kernel, twice, checkpoint, demand)).outcome;
  };
  expect(await judge()).toBe("PROVEN");
  for (const path of ["tile/0/005", "tile/0/006", "tile/entries/005", "tile/entries/006"]) {
    await storage.remove(path);
    expect(await judge(), `without ${path}`).toBe("INCOMPLETE");
  }
});
