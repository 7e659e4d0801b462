/**
 * How many keys have signed: no key counts twice, whatever ids it has, however often it is listed and
 * however often it signs. No file of other people has one key twice in a role, so that these are made.
 */
import { describe, expect, test } from "vitest";
import type { DomainSync } from "../../src/sync/sync.js";
import { frozen, TestReader } from "../sync/fixture.js";
import { KEYS, versions, world } from "../sync/world.js";
import type { Loose } from "./forge.js";
import { keyIdOf, keyRecord, publicKeyOf, signatureBy } from "./forge.js";

const { timestamp } = KEYS;

describe("threshold by duplicate", () => {
  const [first, second, third] = KEYS.root as [Loose, Loose, Loose];
  const ids = [first, second, third].map((signer) => keyIdOf(publicKeyOf(signer)));

  /** Root 2, with another role of root keys, signed as the test says. */
  async function rootBy(
    edit: (signed: Loose) => void,
    signatures: (signed: Loose) => Promise<Loose[]>,
  ): Promise<DomainSync> {
    const { a, reader, forgery } = await world();
    const { root } = await forgery.current();
    const { signed } = root;
    signed.version = 2;
    edit(signed);
    await forgery.write("metadata/2.root.json", { signatures: await signatures(signed), signed });
    return await reader.sync(a.now, frozen(forgery.storage, "thief"));
  }

  const by = async (signer: Loose, signed: Loose, keyid = keyIdOf(publicKeyOf(signer))) => ({
    keyid,
    sig: await signatureBy(signer, signed),
  });

  const refused = ({ sources, view }: DomainSync): void => {
    expect(sources).toMatchObject([{ status: "failed", failure: { code: "KEY", found: "1" } }]);
    expect(view.state?.metadata.root.signed.version).toBe(1);
  };

  test("the same signature twice counts once", async () => {
    refused(
      await rootBy(
        () => {},
        async (signed) => [await by(first, signed), await by(first, signed)],
      ),
    );
  });

  test("one key twice in a role's keyids counts once", async () => {
    const twice = (signed: Loose): void => {
      signed.roles.root = { keyids: [ids[0], ids[0]], threshold: 2 };
    };
    // Two keys of the old role, one of the new.
    refused(
      await rootBy(twice, async (signed) => [
        await by(first, signed),
        await by(first, signed),
        await by(second, signed),
      ]),
    );
    const { a, reader, forgery } = await world();
    await forgery.rotate(KEYS.root, (signed) => {
      const [id] = signed.roles.timestamp.keyids;
      signed.roles.timestamp = { keyids: Array(5).fill(id), threshold: 2 };
    });
    await forgery.publish({ timestamp: [...timestamp, ...timestamp] });
    const { sources } = await reader.sync(a.now, frozen(forgery.storage, "thief"));
    expect(sources).toMatchObject([{ failure: { code: "KEY", found: "1" } }]);
  });

  test("two ids for one key count once", async () => {
    const { a, forgery } = await world();
    const [key] = timestamp as [Loose];
    await forgery.rotate(KEYS.root, (signed) => {
      signed.keys["another id"] = keyRecord(publicKeyOf(key));
      signed.keys["a third"] = { ...keyRecord(publicKeyOf(key)), more: "of it" };
      const keyids = [...signed.roles.timestamp.keyids, "another id", "a third"];
      signed.roles.timestamp = { keyids, threshold: 2 };
    });
    const { signed } = await forgery.publish({ timestamp });
    const signatures = await Promise.all(
      [undefined, "another id", "a third"].map((id) => by(key, signed, id)),
    );
    await forgery.write("metadata/timestamp.json", { signatures, signed });
    const reader = await TestReader.of(a);
    const { sources } = await reader.sync(a.now, frozen(forgery.storage, "s"));
    expect(sources).toMatchObject([{ failure: { code: "KEY", found: "1" } }]);
  });

  test("an id that names another key counts for the key, and only within the role", async () => {
    refused(
      await rootBy(
        () => {},
        // The second id over a signature by the first key verifies under neither.
        async (signed) => [await by(first, signed), await by(first, signed, ids[1])],
      ),
    );
    const { a, reader, forgery } = await world();
    await forgery.rotate(KEYS.root, (signed) => {
      const [one, two] = [signed.keys[ids[0] as string], signed.keys[ids[1] as string]];
      signed.keys[ids[0] as string] = two;
      signed.keys[ids[1] as string] = one;
    });
    const { root } = await forgery.current();
    // By root 1 under their own ids, by root 2 under each other's.
    root.signatures = [
      await by(first, root.signed),
      await by(second, root.signed),
      await by(first, root.signed, ids[1]),
      await by(second, root.signed, ids[0]),
    ];
    await forgery.write("metadata/2.root.json", root);
    const swapped = await reader.sync(a.now, frozen(forgery.storage, "s"));
    expect(versions(swapped)).toMatchObject({ root: 2 });
  });

  test("two keys are two, in any order and with junk between them", async () => {
    const { view, sources } = await rootBy(
      () => {},
      async (signed) => [
        { keyid: "stranger", sig: "00" },
        { keyid: ids[2], sig: "" },
        await by(second, signed),
        { keyid: ids[0], sig: "ff".repeat(64) },
        await by(first, signed),
      ],
    );
    expect(sources[0]?.failure).toBeUndefined();
    expect(view.state?.metadata.root.signed.version).toBe(2);
  });

  test("a threshold of none is no threshold", async () => {
    for (const threshold of [0, -1, 0.5, null, "2", {}, true, [1]]) {
      const { sources } = await rootBy(
        (signed) => {
          signed.roles.timestamp.threshold = threshold;
        },
        async (signed) => [await by(first, signed), await by(second, signed)],
      );
      expect(sources, `${threshold}`).toMatchObject([{ failure: { code: "MALFORMED" } }]);
    }
  });
});
