/** The behaviour that every trust store shares. */
import { describe, expect, test } from "vitest";
import type { TrustStore } from "../../src/storage/trust-store.js";

/** More than any value here holds. */
const LIMIT = 1 << 24;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes alone, whatever view of them the driver gives. */
async function get(store: TrustStore, key: string): Promise<Uint8Array | undefined> {
  const found = await store.get(key, LIMIT);
  return found && Uint8Array.from(found);
}

/** Adds one to the number that is a key's value, as often as others get in between. */
export async function increment(store: TrustStore, key: string): Promise<void> {
  for (;;) {
    const found = await get(store, key);
    const next = Number(new TextDecoder().decode(found)) + 1;
    if (await store.compareAndSwap(key, found, bytes(`${next}`))) return;
  }
}

const HOSTILE = [
  "",
  "..",
  ".",
  "../a",
  "a/..",
  "a/../b",
  "a/./b",
  "./a",
  "/",
  "/a",
  "/etc/passwd",
  "//a",
  "a//b",
  "a/",
  "a\\b",
  "..\\a",
  "C:\\a",
  "a:b",
  "a\0b",
  "\0",
  "a\n",
  "\t",
  ".lock",
  ".lock~",
  ".a.tmp",
  "a/.b",
  ".a/b",
  "...",
];

/** What `open` gives: stores over one medium, which is new and empty. */
export type Opened = () => TrustStore;

/** What needs a linearizable compare-and-swap: a list, so that a test can see a store refused. */
export const SWAP_CHECKS: readonly { name: string; run: (opened: Opened) => Promise<void> }[] = [
  {
    name: "of many swaps at once that expect the same value one succeeds",
    run: async (opened) => {
      const stores = Array.from({ length: 4 }, opened);
      for (const expected of [undefined, bytes("again")]) {
        const swaps = Array.from({ length: 20 }, (_, i) =>
          (stores[i % 4] as TrustStore).compareAndSwap("key", expected, bytes(`${i}`)),
        );
        const done = await Promise.all(swaps);
        expect(done.filter(Boolean)).toHaveLength(1);
        expect(await get(opened(), "key")).toEqual(bytes(`${done.indexOf(true)}`));
        await opened().put("key", bytes("again"));
      }
    },
  },
  {
    name: "of 50 increments at once none is lost",
    run: async (opened) => {
      const store = opened();
      await Promise.all(Array.from({ length: 50 }, () => increment(store, "n")));
      expect(await get(store, "n")).toEqual(bytes("50"));
    },
  },
  {
    name: "of 50 increments at once through two stores none is lost",
    run: async (opened) => {
      const stores = [opened(), opened()] as const;
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => increment(stores[i % 2 === 0 ? 0 : 1], "n")),
      );
      expect(await get(opened(), "n")).toEqual(bytes("50"));
    },
  },
];

/** Runs over stores; each call of what `open` gives makes one more over the same values. */
export function describeTrustStore(name: string, open: () => Promise<Opened>): void {
  const one = async (): Promise<TrustStore> => (await open())();

  describe(name, () => {
    test("a key without a value is undefined", async () => {
      const store = await one();
      expect(await store.get("a", LIMIT)).toBeUndefined();
      expect(await store.get("a/b/c", LIMIT)).toBeUndefined();
    });

    test("a key above another's is none", async () => {
      const store = await one();
      await store.put("a/b/c", bytes("1"));
      expect(await store.get("a", LIMIT)).toBeUndefined();
      expect(await store.get("a/b", LIMIT)).toBeUndefined();
    });

    test("of a key and one below it the second is refused whole, or both have their values", async () => {
      for (const [first, second] of [
        ["a", "a/b"],
        ["a/b", "a"],
      ] as const) {
        const store = await one();
        await store.put(first, bytes("1"));
        const put = store.put(second, bytes("2"));
        const set = await put.then(
          () => true,
          () => false,
        );
        const swapped = await store
          .compareAndSwap(second, undefined, bytes("3"))
          .catch(() => false);
        expect(swapped).toBe(false);
        expect(await get(store, second)).toEqual(set ? bytes("2") : undefined);
        expect(await get(store, first)).toEqual(bytes("1"));
      }
    });

    test("what was put is got, whatever its bytes", async () => {
      const store = await one();
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i);
      for (const each of [new Uint8Array(), Uint8Array.of(0), bytes("text\r\n"), all]) {
        await store.put("key", each);
        expect(await get(store, "key")).toEqual(each);
      }
    });

    test("values of several keys stand side by side", async () => {
      const store = await one();
      const keys = ["a", "b/a", "b/b/a", "b/b/b", "A-1 é~", "root/1.json", "root/10.json"];
      for (const key of keys) await store.put(key, bytes(key));
      for (const key of keys) expect(await get(store, key)).toEqual(bytes(key));
    });

    test("of a value longer than the limit there is one byte more", async () => {
      const store = await one();
      await store.put("key", bytes("0123456789"));
      const found = async (limit: number): Promise<number | undefined> =>
        (await store.get("key", limit))?.length;
      expect([await found(0), await found(4), await found(9)]).toEqual([1, 5, 10]);
      expect([await found(10), await found(11), await found(LIMIT)]).toEqual([10, 10, 10]);
      expect(await store.get("key", 4).then((value) => value && Uint8Array.from(value))).toEqual(
        bytes("01234"),
      );
    });

    test("a value that was removed is gone, and can be set again", async () => {
      const store = await one();
      await store.put("a/b", bytes("1"));
      await store.put("a/c", bytes("2"));
      await store.remove("a/b");
      expect(await store.get("a/b", LIMIT)).toBeUndefined();
      expect(await get(store, "a/c")).toEqual(bytes("2"));
      expect(await store.compareAndSwap("a/b", bytes("1"), bytes("3"))).toBe(false);
      expect(await store.compareAndSwap("a/b", undefined, bytes("3"))).toBe(true);
      expect(await get(store, "a/b")).toEqual(bytes("3"));
    });

    test("removing what is not there changes nothing", async () => {
      const store = await one();
      await store.put("a/b", bytes("1"));
      for (const key of ["x", "x/y/z", "a/c", "a/b/c"]) await store.remove(key);
      expect(await get(store, "a/b")).toEqual(bytes("1"));
    });

    test("a swap sets the value where it is as expected, byte for byte", async () => {
      const store = await one();
      expect(await store.compareAndSwap("key", undefined, bytes("one"))).toBe(true);
      expect(await store.compareAndSwap("key", bytes("one"), bytes("two"))).toBe(true);
      expect(await get(store, "key")).toEqual(bytes("two"));
      expect(await store.compareAndSwap("key", bytes("two"), new Uint8Array())).toBe(true);
      expect(await store.compareAndSwap("key", new Uint8Array(), bytes("three"))).toBe(true);
      expect(await get(store, "key")).toEqual(bytes("three"));
    });

    test("a swap that expects something else changes nothing", async () => {
      const store = await one();
      expect(await store.compareAndSwap("key", new Uint8Array(), bytes("no"))).toBe(false);
      expect(await store.compareAndSwap("key", bytes("x"), bytes("no"))).toBe(false);
      expect(await store.get("key", LIMIT)).toBeUndefined();
      await store.put("key", bytes("value"));
      for (const text of ["", "v", "valu", "valuf", "value ", "Value"]) {
        expect(await store.compareAndSwap("key", bytes(text), bytes("no")), text).toBe(false);
      }
      expect(await store.compareAndSwap("key", undefined, bytes("no"))).toBe(false);
      expect(await get(store, "key")).toEqual(bytes("value"));
      await store.put("key", new Uint8Array());
      expect(await store.compareAndSwap("key", undefined, bytes("no"))).toBe(false);
      expect(await store.compareAndSwap("key", Uint8Array.of(0), bytes("no"))).toBe(false);
      expect(await get(store, "key")).toEqual(new Uint8Array());
    });

    test("views into larger buffers are compared and set from their own start to their own end", async () => {
      const store = await one();
      const text = bytes("before and after");
      await store.put("key", text.subarray(0, 6));
      expect(await store.compareAndSwap("key", text.subarray(0, 6), text.subarray(7, 10))).toBe(
        true,
      );
      expect(await get(store, "key")).toEqual(bytes("and"));
    });

    test("bytes are copied in, when the call is made", async () => {
      const store = await one();
      const mine = bytes("mine");
      const put = store.put("key", mine);
      mine.fill(0);
      await put;
      expect(await get(store, "key")).toEqual(bytes("mine"));
      const [expected, value] = [bytes("mine"), bytes("next")];
      const swapped = store.compareAndSwap("key", expected, value);
      expected.fill(0);
      value.fill(0);
      expect(await swapped).toBe(true);
      expect(await get(store, "key")).toEqual(bytes("next"));
    });

    test("bytes are copied out, and are a plain Uint8Array, whose slices are copies", async () => {
      const store = await one();
      await store.put("key", bytes("theirs"));
      const found = (await store.get("key", LIMIT)) as Uint8Array;
      found.slice().fill(0);
      expect(Uint8Array.from(found)).toEqual(bytes("theirs"));
      found.fill(0);
      expect(await get(store, "key")).toEqual(bytes("theirs"));
    });

    test("a hostile key is a mistake, and nothing is changed", async () => {
      const store = await one();
      await store.put("a", bytes("1"));
      for (const key of HOSTILE) {
        const calls = [
          store.get(key, LIMIT),
          store.put(key, bytes("2")),
          store.compareAndSwap(key, undefined, bytes("2")),
          store.remove(key),
        ];
        for (const each of await Promise.allSettled(calls)) {
          expect(each, JSON.stringify(key)).toMatchObject({ reason: expect.any(TypeError) });
        }
      }
      expect(await get(store, "a")).toEqual(bytes("1"));
    });

    for (const { name: check, run } of SWAP_CHECKS) {
      test(check, async () => run(await open()));
    }

    test("a put or a removal amid swaps comes before or after each", async () => {
      const opened = await open();
      for (let round = 0; round < 10; round++) {
        const [one, two] = [opened(), opened()];
        await one.put("key", bytes("old"));
        const [swapped] = await Promise.all([
          one.compareAndSwap("key", bytes("old"), bytes("swapped")),
          round % 2 === 0 ? two.put("key", bytes("put")) : two.remove("key"),
        ]);
        // Swapped first, then put over it; or put first, and then there is nothing to swap.
        expect(typeof swapped).toBe("boolean");
        expect(await get(opened(), "key")).toEqual(round % 2 === 0 ? bytes("put") : undefined);
      }
    });

    test("many keys are changed at once", async () => {
      const opened = await open();
      const [one, two] = [opened(), opened()];
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => [
          one.put(`put/${i}`, bytes(`${i}`)),
          two.compareAndSwap(`swap/${i}`, undefined, bytes(`${i}`)),
        ]).flat(),
      );
      for (let i = 0; i < 20; i++) {
        expect(await get(one, `swap/${i}`)).toEqual(bytes(`${i}`));
        expect(await get(two, `put/${i}`)).toEqual(bytes(`${i}`));
      }
    });
  });
}
