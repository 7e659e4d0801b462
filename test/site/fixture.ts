/** A gate's log with all that a page can show: causes, denials, a drift, policies, a chain of two. */
import { below, rootBy } from "../authorization/craft.js";
import { BANK, CLERK, grant, HELPER, ISSUERS, GRANT } from "../authorization/world.js";
import type { Asking } from "../gate/harness.js";
import { asking, TestEffect } from "../gate/harness.js";
import type { SeenBench } from "../proof/fixture.js";
import { openSeen, ownWitness, see, witness } from "../proof/fixture.js";

const POLICY = [
  ["<=", ".amount", 100],
  [
    "or",
    [
      ["like", ".note", "for *"],
      ["==", ".note", "none"],
    ],
  ],
];

/** What must be shown as it is, and do nothing. */
export const HOSTILE = 'for \u202Etea <img src="//evil.example/x" onerror="alert(1)">';

/** Of a run that goes on. */
async function begin(bench: SeenBench, ask: Asking = {}) {
  const effect = new TestEffect();
  const started = await bench.gate.start(await asking(bench.gate, { ...ask, effect }));
  if (started.outcome !== "allow") throw new Error(`${started.code}: ${started.found}`);
  return { run: started.run, effect };
}

async function end({ run, effect }: Awaited<ReturnType<typeof begin>>): Promise<void> {
  effect.end();
  await run.finished;
}

export async function richLog(): Promise<SeenBench> {
  const bench = await openSeen({ cadence: { state: 16 } });
  const { gate, clock } = bench;
  const under = (of: Awaited<ReturnType<typeof begin>>): Asking => ({
    rest: { parents: [gate.nameOf(of.run)] },
  });
  await see(bench);
  const root = rootBy(BANK, ISSUERS.bank, { ...GRANT, policy: POLICY });
  const narrowed = below(root, CLERK, {
    principal: { id: "agent:clerk", key: HELPER.hex },
    command: "/pay/transfer",
    policy: [["==", ".amount", 7]],
  });
  const request = { arguments: { amount: 7, note: HOSTILE } };
  const first = await begin(bench, { links: [root, narrowed], holder: HELPER, request });
  await clock.advance(1_000);
  const second = await begin(bench, under(first));
  const third = await begin(bench, under(first));
  await clock.advance(1_000);
  await end(second);
  const fourth = await begin(bench, under(third));
  const denied = { links: [root], request: { arguments: { amount: 500, note: "none" } } };
  await gate.start(await asking(gate, denied));
  await end(fourth);
  await end(third);
  await end(first);
  await see(bench, [witness, ownWitness]);
  await begin(bench, { links: [grant()] });
  await clock.advance(40_000);
  await see(bench, [witness, ownWitness]);
  return bench;
}
