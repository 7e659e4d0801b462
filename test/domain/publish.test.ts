import { expect, test } from "vitest";
import { inFolder } from "../../src/storage/folder.js";
import { addIssuer, removeIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { rotate } from "../../src/domain/rotate.js";
import { readPublished } from "../../src/domain/published.js";
import { kernel } from "../kernel.js";
import { hexKey, makeDomain, must, roleSigners } from "./fixture.js";

test("a domain is made, changed, rotated and read back", async () => {
  const a = await makeDomain("a.example");
  const issuer = { name: "ops", key: hexKey("ops"), commands: ["/pay"] };
  let now = await a.publish((draft) => addIssuer(draft, issuer));
  expect(now.state.authority.issuers).toEqual([issuer]);
  now = await a.change((domain) => refresh(domain));
  const next = roleSigners("a.example", "root", 1);
  a.ring.add(...next);
  now = await a.change((domain) =>
    rotate(domain, "root", { keys: next.map(({ key }) => key.publicKey), threshold: 2 }),
  );
  expect(now.root.signed.version).toBe(2);
  now = await a.change((domain) =>
    withdraw(domain, { keys: [{ key: hexKey("ops"), expires: "2030-01-01T00:00:00Z" }] }),
  );
  expect(now.state.status.keys).toHaveLength(1);
  await a.publish((draft) => removeIssuer(draft, "ops"));
  const read = must(await readPublished(kernel, a.storage));
  expect(read.state.authority).toMatchObject({ issuers: [], removed: [hexKey("ops")] });
});

test("a cosignature that is added while the domain publishes undoes nothing", async () => {
  const a = await makeDomain("a.example");
  const log = inFolder(a.storage, "public/log");
  const unlock = await a.storage.lock();
  await expect(log.lock()).rejects.toThrow(Error);
  await unlock();
});
