/** Every attack and every legitimate request through the real functions, from bytes to the decision. */
import { describe, expect, test } from "vitest";
import { readRequest } from "../../src/authorization/request.js";
import { agreed } from "../authorization/agreed.js";
import { rootBy } from "../authorization/craft.js";
import { inputOf } from "../authorization/model.js";
import { modelEvaluate } from "../authorization/policy/model.js";
import {
  admitted,
  CLERK,
  decide,
  GRANT,
  ISSUERS,
  SHIP,
  situation,
} from "../authorization/world.js";
import type { AttackCase } from "./cases.js";
import { attackCases } from "./cases.js";

const cases = attackCases();

/** Of these the model, which counts no steps, says nothing. */
const COSTLY = "huge-values";
/** Milliseconds, on the slowest of machines. */
const LONGEST = 2_000;

/** `allow`, or the code that denies, at the first of reading, admitting and deciding. */
function answerTo(attack: AttackCase): string {
  const { command, policy, principal } = attack.authorization;
  const link = rootBy(SHIP, ISSUERS.ship, {
    ...GRANT,
    command,
    policy,
    principal: { id: principal, key: CLERK.hex },
  });
  const admission = admitted([link]);
  if (!admission.ok) return admission.code;
  const request = readRequest(attack.bytes);
  if (!request.ok) return request.code;
  const answer = decide([link], request.value, situation());
  if (attack.file === COSTLY) return answer;
  const policyHolds = modelEvaluate(policy, inputOf(request.value)) === "true";
  if (answer === "allow") expect(policyHolds).toBe(true);
  expect(agreed([link], request.value, situation())).toBe(answer);
  return answer;
}

describe.each([...new Set(cases.map(({ file }) => file))])("F13: %s", (file) => {
  const all = cases.filter((each) => each.file === file);
  const run = (attack: AttackCase): void => {
    const due = attack.expect === "allow" ? ["allow"] : attack.codes;
    const start = performance.now();
    expect(due, attack.why).toContain(answerTo(attack));
    expect(performance.now() - start).toBeLessThan(LONGEST);
  };
  for (const attack of all) test(attack.name, () => run(attack));
});
