/**
 * The behaviour that every log storage shares. It is a list of checks, so that a test can also see
 * that a store which breaks a promise is refused.
 */
import { expect, describe, test } from "vitest";
import type { Journal, LogStorage } from "../../src/storage/storage.js";
import { describeStorage } from "./storage.js";

/** More than any file here holds. */
const LIMIT = 1 << 24;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What is at a path, as text. */
async function read(storage: LogStorage, path: string): Promise<string | undefined> {
  const found = await storage.read(path, LIMIT);
  return found && new TextDecoder().decode(found);
}

async function began(storage: LogStorage, path: string, ...texts: string[]): Promise<Journal> {
  const journal = await storage.createJournal(path);
  for (const text of texts) await journal.append(bytes(text));
  return journal;
}

/** Storages over one medium, which is new and empty: one more at each call. */
export type Medium = () => LogStorage;

interface Check {
  readonly name: string;
  readonly run: (medium: Medium) => Promise<void>;
}

const ALONE: readonly Check[] = [
  {
    name: "what was appended is read, in its order, and nothing else",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "ahead/1");
      expect(await read(storage, "ahead/1")).toBe("");
      await journal.append(bytes("one"));
      expect(await read(storage, "ahead/1")).toBe("one");
      await journal.append(bytes(" two"));
      await journal.append(new Uint8Array());
      await journal.append(bytes(" three"));
      expect(await read(storage, "ahead/1")).toBe("one two three");
      await journal.close();
      expect(await read(storage, "ahead/1")).toBe("one two three");
      expect(await read(medium(), "ahead/1")).toBe("one two three");
    },
  },
  {
    name: "of a journal that is longer than the limit one byte more is read",
    run: async (medium) => {
      const storage = medium();
      await began(storage, "a", "abc", "", "def", "ghi");
      for (let limit = 0; limit < 12; limit++) {
        const found = new TextDecoder().decode(await storage.read("a", limit));
        expect(found).toBe("abcdefghi".slice(0, limit + 1));
      }
    },
  },
  {
    name: "bytes of any kind and number are appended, each time from their own start to their own end",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "a");
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
      for (let at = 0; at < all.length; at += 9973)
        await journal.append(all.subarray(at, at + 9973));
      expect(Uint8Array.from((await storage.read("a", LIMIT)) ?? [])).toEqual(all);
    },
  },
  {
    name: "bytes are copied in once the append is answered, and copied out",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "a");
      const mine = bytes("mine");
      await journal.append(mine);
      mine.fill(0);
      (await storage.read("a", LIMIT))?.slice().fill(0);
      await journal.append(bytes(" and yours"));
      expect(await read(storage, "a")).toBe("mine and yours");
    },
  },
  {
    name: "a journal is in the list of its folder, beside files",
    run: async (medium) => {
      const storage = medium();
      await storage.write("ahead/file", bytes("1"));
      await began(storage, "ahead/1");
      await began(storage, "ahead/2", "two");
      await began(storage, "top");
      expect([...(await storage.list("ahead"))].sort()).toEqual(["1", "2", "file"]);
      expect([...(await storage.list(""))].sort()).toEqual(["ahead", "top"]);
      expect(await storage.list("ahead/2")).toEqual([]);
    },
  },
  {
    name: "a journal is made only where nothing stands",
    run: async (medium) => {
      const storage = medium();
      await began(storage, "journal", "kept");
      await storage.write("file", bytes("kept"));
      await storage.write("folder/file", bytes("kept"));
      for (const path of ["journal", "file", "folder"]) {
        await expect(storage.createJournal(path), path).rejects.toThrow(Error);
        await expect(medium().createJournal(path), path).rejects.toThrow(Error);
      }
      expect(await read(storage, "journal")).toBe("kept");
      expect(await read(storage, "file")).toBe("kept");
      expect(await read(storage, "folder/file")).toBe("kept");
    },
  },
  {
    name: "of many that make a journal at one path at once one succeeds",
    run: async (medium) => {
      const made = await Promise.allSettled(
        Array.from({ length: 10 }, () => medium().createJournal("a/b")),
      );
      const journals = made.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      expect(journals).toHaveLength(1);
      await journals[0]?.append(bytes("one"));
      expect(await read(medium(), "a/b")).toBe("one");
    },
  },
  {
    name: "a journal that was removed is gone, and can be made anew",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "a/1", "one", "two");
      await journal.close();
      await began(storage, "a/2", "other");
      await storage.remove("a/1");
      expect(await read(storage, "a/1")).toBeUndefined();
      expect(await storage.list("a")).toEqual(["2"]);
      await began(storage, "a/1", "new");
      expect(await read(storage, "a/1")).toBe("new");
      expect(await read(storage, "a/2")).toBe("other");
    },
  },
  {
    name: "one append at a time: a second one is a mistake, and harms nothing",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "a");
      const [first, ...others] = [
        journal.append(bytes("one")),
        journal.append(bytes("two")),
        journal.close(),
      ];
      for (const each of await Promise.allSettled(others)) {
        expect(each).toMatchObject({ reason: expect.any(TypeError) });
      }
      await first;
      await journal.append(bytes("three"));
      expect(await read(storage, "a")).toBe("onethree");
    },
  },
  {
    name: "a journal that is closed takes nothing more",
    run: async (medium) => {
      const storage = medium();
      const journal = await began(storage, "a", "one");
      await journal.close();
      await journal.close();
      await expect(journal.append(bytes("two"))).rejects.toThrow(TypeError);
      expect(await read(storage, "a")).toBe("one");
    },
  },
  {
    name: "a hostile path is a mistake, and nothing is made",
    run: async (medium) => {
      const storage = medium();
      for (const path of [
        "",
        "..",
        "../a",
        "/a",
        "a//b",
        "a/",
        ".lock",
        "a/.b",
        "a\\b",
        "C:a",
        "a\0",
      ]) {
        await expect(storage.createJournal(path), path).rejects.toThrow(TypeError);
      }
      expect(await storage.list("")).toEqual([]);
    },
  },
];

const WRITERS: readonly Check[] = [
  {
    name: "of two writers one at most goes on, and nothing that was answered is lost",
    run: async (medium) => {
      const [one, two] = [medium(), medium()];
      await one.lock();
      const journal = await began(one, "a", "one");
      const taken = await two.lock().then(
        () => true,
        () => false,
      );
      if (!taken) return await journal.append(bytes("two"));
      expect(await read(two, "a")).toBe("one");
      await expect(journal.append(bytes("two"))).rejects.toThrow(Error);
      await expect(journal.append(bytes("three"))).rejects.toThrow(Error);
      await expect(one.createJournal("b")).rejects.toThrow(Error);
      await expect(one.remove("a")).rejects.toThrow(Error);
      expect(await read(two, "a")).toBe("one");
      await two.write("file", bytes("new"));
      await expect(one.write("file", bytes("old"))).rejects.toThrow(Error);
      await began(two, "b", "four");
      expect(await read(medium(), "b")).toBe("four");
      expect(await read(medium(), "file")).toBe("new");
    },
  },
  {
    name: "who has lost the writer's place appends nothing where its successor removed the journal",
    run: async (medium) => {
      const [one, two] = [medium(), medium()];
      await one.lock();
      const journals = [await began(one, "a"), await began(one, "b", "one", "two")];
      const taken = await two.lock().then(
        () => true,
        () => false,
      );
      if (!taken) return;
      for (const path of ["a", "b"]) await two.remove(path);
      for (const journal of journals)
        await expect(journal.append(bytes("3"))).rejects.toThrow(Error);
      await began(two, "b", "new");
      expect(await read(two, "b")).toBe("new");
    },
  },
  {
    name: "of many that take the writer's place at once one at most can use it",
    run: async (medium) => {
      for (let round = 0; round < 10; round++) {
        const storages = Array.from({ length: 4 }, () => medium());
        const locks = await Promise.allSettled(storages.map((each) => each.lock()));
        const holders = storages.filter((_, i) => locks[i]?.status === "fulfilled");
        const made = await Promise.allSettled(
          holders.map((each, i) => each.createJournal(`round/${round}-${i}`)),
        );
        expect(made.filter((each) => each.status === "fulfilled").length, `${round}`).toBe(1);
        for (const each of locks) if (each.status === "fulfilled") await each.value();
      }
    },
  },
  {
    name: "whoever takes the writer's place amid appends sees all that was answered, and no more comes",
    run: async (medium) => {
      for (let round = 0; round < 20; round++) {
        const [one, two] = [medium(), medium()];
        const unlock = await one.lock();
        const path = `journal-${round}`;
        const journal = await one.createJournal(path);
        let answered = "";
        const appending = (async () => {
          for (let i = 0; i < 30; i++) {
            await journal.append(bytes(`${i},`));
            answered += `${i},`;
          }
        })().catch(() => {});
        for (let turns = round; turns > 0; turns--) await Promise.resolve();
        const next = await two.lock().catch(() => undefined);
        const seen = next && (await read(two, path));
        await appending;
        if (seen !== undefined) {
          expect(
            seen.startsWith(answered),
            `${round}: ${answered} was answered, ${seen} seen`,
          ).toBe(true);
          expect(await read(two, path), `round ${round}`).toBe(seen);
        }
        await next?.();
        await unlock();
      }
    },
  },
];

/** Checks of what needs a linearizable compare-and-swap where nothing else tells writers apart. */
export const LOG_STORAGE_CHECKS: readonly Check[] = [...ALONE, ...WRITERS].map(closing);

/** The check, after which its journals are closed. */
function closing({ name, run }: Check): Check {
  return {
    name,
    run: async (medium) => {
      const journals: Journal[] = [];
      try {
        await run(() => {
          const storage = medium();
          const create = storage.createJournal.bind(storage);
          storage.createJournal = async (path) => {
            const journal = await create(path);
            journals.push(journal);
            return journal;
          };
          return storage;
        });
      } finally {
        await Promise.all(journals.map((each) => each.close()));
      }
    },
  };
}

/** Runs over storages that `open` makes, each time over another medium. */
export function describeLogStorage(name: string, open: () => Promise<Medium>): void {
  describeStorage(name, async () => (await open())());
  describe(name, () => {
    for (const { name: check, run } of LOG_STORAGE_CHECKS) {
      test(check, async () => run(await open()));
    }
  });
}
