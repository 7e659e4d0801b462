/** Many trust states of one domain, of which most differ in their timestamps alone. */
import { expect, test, vi } from "vitest";
import { encodeHex } from "../../src/bytes/hex.js";
import { setWitnesses } from "../../src/domain/edit.js";
import { refresh } from "../../src/domain/publish.js";
import type { BundledState } from "../../src/proof/manifest.js";
import { BundledFiles } from "../../src/proof/read-bundle.js";
import { filesOfState, readPins, Trusted } from "../../src/proof/trusted.js";
import type { VerifiedTrustState } from "../../src/trust/state.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { seen } from "./fixture.js";

const { ship } = seen;
const states: VerifiedTrustState[] = [];
for (let i = 0; i < 12; i++) {
  if (i === 6) await ship.publish((draft) => setWitnesses(draft, undefined));
  states.push((await ship.change(refresh)).state);
}
const pins = await readPins(kernel, [await ship.read("metadata/1.root.json")]);
const root = states[0]!.metadata.root.bytes;
const sha256 = (bytes: Uint8Array): string => encodeHex(kernel.sha256(bytes));

const named = (state: VerifiedTrustState): BundledState => ({
  digest: state.digest,
  domain: ship.name,
  root: sha256(root),
  timestamp: sha256(state.metadata.timestamp.bytes),
});

async function trustedWith(extra: ReadonlyMap<string, Uint8Array> = new Map()) {
  const files = new Map([...states.flatMap((state) => [...filesOfState(kernel, state)]), ...extra]);
  const trusted = new Trusted(kernel, new BundledFiles(files), pins);
  expect(await trusted.followRoots({ domain: ship.name, roots: [sha256(root)] })).toBeUndefined();
  return trusted;
}

test("each is what it is when it is verified alone, in whatever order they come", async () => {
  for (const order of [states, [...states].reverse()]) {
    const trusted = await trustedWith();
    const found = await trusted.readStates(order.map(named));
    expect(found.every((each) => each === undefined)).toBe(true);
    for (const state of states) {
      expect(must(trusted.state(state.digest))).toEqual(state);
      const alone = await trustedWith();
      await alone.readStates([named(state)]);
      expect(must(trusted.state(state.digest))).toEqual(must(alone.state(state.digest)));
    }
    expect(trusted.statesOf(ship.name)).toHaveLength(2);
  }
});

test("one costs a signature, but for the first of its snapshot", async () => {
  const trusted = await trustedWith();
  const spy = vi.spyOn(kernel, "checkEd25519Many");
  await trusted.readStates(states.map(named));
  const checked = spy.mock.calls.reduce((sum, [claims]) => sum + claims.length, 0);
  spy.mockRestore();
  expect(checked).toBeGreaterThanOrEqual(states.length);
  expect(checked).toBeLessThan(states.length + 2 * 8);
});

test("a timestamp that is not signed, or that makes another state, is refused, and no other", async () => {
  const at = 3;
  const { bytes } = states[at]!.metadata.timestamp;
  const text = Buffer.from(bytes).toString();
  const forged = new Uint8Array(
    Buffer.from(text.replace(/"sig": ?"./, (sig) => `${sig.slice(0, -1)}0`)),
  );
  expect(Buffer.from(forged).toString()).not.toBe(text);
  const all = states.map(named);
  all[at] = { ...all[at]!, timestamp: sha256(forged) };
  all[5] = { ...all[5]!, digest: "0".repeat(64) };
  const trusted = await trustedWith(new Map([[sha256(forged), forged]]));
  const found = await trusted.readStates(all);
  expect(found.map((each) => each?.code)).toEqual(
    states.map((_, i) => (i === at ? "KEY" : i === 5 ? "DIGEST" : undefined)),
  );
  expect(trusted.state(states[at]!.digest)).toMatchObject({ code: "KEY" });
  expect(trusted.state("0".repeat(64))).toMatchObject({ code: "DIGEST" });
});
