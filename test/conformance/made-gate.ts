/** What a gate of the suite decides on: two domains at two times, a chain, and the keys that sign. */
import { createHash } from "node:crypto";
import { issueAuthorization } from "../../src/authorization/issue.js";
import { formatRfc3339 } from "../../src/bytes/rfc3339.js";
import { addResumer, setBaseline } from "../../src/domain/edit.js";
import { refresh } from "../../src/domain/publish.js";
import { kernelDigest } from "../../src/runtime/digest.js";
import type { TestDomain } from "../domain/fixture.js";
import { hexKey, keyOf, must, START } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import { GATE, makeDomains, PAY, SHIP } from "./made-authorizations.js";
import { folderOf } from "./made-trust.js";
import type { MadeGate } from "./suite/data.js";

/** Milliseconds from the first state to the later one: the first is long stale then. */
const LATER = 50_000;

export async function madeGate(): Promise<MadeGate> {
  const [pay, ship] = await makeDomains();
  await ship.edit((draft) => addResumer(draft, { name: "on call", key: hexKey("on-call") }));
  await ship.publish((draft) =>
    setBaseline(kernel, draft, { kernels: [kernelDigest], environment: [] }),
  );
  const { key, sign } = keyOf("billing");
  const issued = await issueAuthorization(kernel, { publicKey: key.publicKey, sign }, PAY, {
    audience: [SHIP],
    principal: { id: "agent:bot", key: hexKey("bot") },
    command: "/pay/invoice",
    policy: [["<=", ".amount", 1000]],
    expires: formatRfc3339(START + 3_600_000, "s"),
    nonce: new Uint8Array(16).fill(1),
  });
  const first = await stateOf(ship, pay);
  for (const domain of [ship, pay]) {
    domain.now += LATER;
    await domain.change(refresh);
  }
  return {
    origin: GATE,
    seeds: { gate: seedOf("gate"), holder: seedOf("bot"), resumer: seedOf("on-call") },
    chain: Buffer.from(must(issued).chain).toString("base64"),
    states: [first, await stateOf(ship, pay)],
  };
}

async function stateOf(ship: TestDomain, pay: TestDomain): Promise<MadeGate["states"][number]> {
  const domains = [];
  for (const domain of [ship, pay]) {
    domains.push({ name: domain.name, files: Object.fromEntries(await folderOf(domain)) });
  }
  return { now: Math.max(ship.now, pay.now), domains };
}

/** As `keyOf` of the fixture has it. */
function seedOf(name: string): string {
  return createHash("sha256").update(`${name}#0`).digest("base64");
}
