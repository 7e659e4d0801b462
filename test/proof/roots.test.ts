/** F21: which pinned roots a bundle can be verified from, where a domain has rotated its keys. */
import { beforeAll, expect, test } from "vitest";
import { encodeUtf8 } from "../../src/bytes/utf8.js";
import { setWitnesses } from "../../src/domain/edit.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { makeWorld } from "../authorization/world.js";
import type { World } from "../authorization/world.js";
import { rotateRole } from "../sync/history.js";
import { failuresIn, openSeen, prove, runOnce, see, verify, witness } from "./fixture.js";
import type { SeenBench } from "./fixture.js";

let world: World;
let bench: SeenBench;
let own: readonly Uint8Array[];
let others: readonly Uint8Array[];

beforeAll(async () => {
  const policy = encodeUtf8(`witness w1 ${formatVkey(witness.key)}\nquorum w1\n`);
  world = await makeWorld(async ({ ship, mill }) => {
    await mill.publish((draft) => setWitnesses(draft, policy));
    await rotateRole(ship, "root");
    await rotateRole(ship, "root");
  });
  bench = await openSeen({ domains: world.domains });
  await see(bench);
  await runOnce(bench);
  await see(bench);
  const { ship, bank, mill } = world;
  own = await Promise.all([1, 2, 3].map((n) => ship.read(`metadata/${n}.root.json`)));
  others = await Promise.all([bank, mill].map((each) => each.read("metadata/1.root.json")));
});

const pinned = (n: number) => ({ roots: [own[n - 1] as Uint8Array, ...others] });

test("from the first root on, where the bundle has those between", async () => {
  const { bytes, bundle } = await prove(bench, { roots: own });
  expect(
    bundle.manifest.domains.find(({ domain }) => domain === "ship.example")?.roots,
  ).toHaveLength(3);
  for (const n of [1, 2, 3]) {
    const report = await verify(bytes, pinned(n));
    expect(failuresIn(report), `root ${n}`).toEqual([]);
  }
});

test("a gap in the roots is missing, and contradicts nothing", async () => {
  const { bytes } = await prove(bench, { roots: [] });
  expect((await verify(bytes, pinned(3))).outcome).toBe("PROVEN");
  const report = await verify(bytes, pinned(1));
  expect(report).toMatchObject({ outcome: "INCOMPLETE", code: "NO_TRUST" });
  const holed = await prove(bench, { roots: [own[0] as Uint8Array] });
  const gap = await verify(holed.bytes, pinned(1));
  expect(gap).toMatchObject({ outcome: "INCOMPLETE", code: "MISSING" });
});

test("another root of the same domain and version is KEY", async () => {
  const { bytes } = await prove(bench, { roots: own });
  const { ship } = await makeWorld(async (domains) => {
    await rotateRole(domains.ship, "root");
    await rotateRole(domains.ship, "timestamp");
  });
  const other = await ship.read("metadata/3.root.json");
  const report = await verify(bytes, { roots: [other, ...others] });
  expect(report).toMatchObject({ outcome: "REFUTED", code: "KEY" });
});
