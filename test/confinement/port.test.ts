/** The shapes of the runtime are those of the gate's port, which it may not import. */
import { expectTypeOf, test } from "vitest";
import type * as port from "../../src/gate/confinement.js";
import type { Clock } from "../../src/gate/clock.js";
import type { Failure, Result } from "../../src/verdict.js";
import type { cooperative } from "../../src/runtime/confinement/cooperative.js";
import type { deno } from "../../src/runtime/confinement/deno.js";
import type * as runtime from "../../src/runtime/confinement/effect.js";
import type { Clock as RuntimeClock } from "../../src/runtime/confinement/patience.js";
import type { processGroup } from "../../src/runtime/confinement/process.js";
import type { Outcome, Refusal } from "../../src/runtime/confinement/refusal.js";
import type { bubblewrap } from "../../src/runtime/confinement/sandbox.js";
import type { worker } from "../../src/runtime/confinement/worker.js";

test("F35: every confinement is an effect of the gate's port", () => {
  expectTypeOf<ReturnType<typeof worker>>().toExtend<port.Effect>();
  expectTypeOf<ReturnType<typeof processGroup>>().toExtend<port.Effect>();
  expectTypeOf<ReturnType<typeof bubblewrap>>().toExtend<Result<port.Effect>>();
  expectTypeOf<Awaited<ReturnType<typeof deno>>>().toExtend<Result<port.Effect>>();
  expectTypeOf<ReturnType<typeof cooperative<port.EffectContext>>>().toExtend<port.Effect>();
  expectTypeOf<ReturnType<typeof cooperative>>().toExtend<port.Effect>();
});

test("the shapes are the same, in both directions where a value goes both ways", () => {
  expectTypeOf<runtime.Interrupted>().toExtend<port.Interrupted>();
  expectTypeOf<port.Interrupted>().toExtend<runtime.Interrupted>();
  expectTypeOf<runtime.Ended>().toExtend<port.Ended>();
  expectTypeOf<port.Ended>().toExtend<runtime.Ended>();
  expectTypeOf<port.EffectContext>().toExtend<runtime.EffectContext>();
  expectTypeOf<port.Effect["isolation"]>().toExtend<runtime.Isolation>();
  expectTypeOf<runtime.Isolation>().toExtend<port.Effect["isolation"]>();
  expectTypeOf<Clock>().toExtend<RuntimeClock>();
  expectTypeOf<Refusal>().toExtend<Failure>();
  expectTypeOf<Outcome<string>>().toExtend<Result<string>>();
});
