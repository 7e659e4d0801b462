import { expect, test } from "vitest";
import { admitAuthorizations } from "../../src/authorization/admit.js";
import type { AdmittedAuthorization } from "../../src/authorization/admitted.js";
import type { Permission } from "../../src/authorization/check.js";
import { checkRequest, explainRequest, rehearseRequest } from "../../src/authorization/check.js";
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import { requestBytes } from "../../src/authorization/request.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import { NOT_CHECKED } from "../../src/authorization/situation.js";
import type { Code, Result } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import { agrees, possessionOf, shown } from "./agreed.js";
import { fileOf } from "./craft.js";
import type { Node } from "./forest.js";
import { plant } from "./forest.js";
import type { Decision } from "./model.js";
import { modelAdmission, modelCheck, plainSituation } from "./model.js";
import { widening } from "./narrower.js";
import { Random, SEED } from "./random.js";
import { requestOf, timeOf, weather } from "./weather.js";
import { situation, world } from "./world.js";

const CHAINS = 100_000;
const BATCH = 2_500;
/** How often, at least, each answer must come, or this shows nothing. */
const LEAST: Readonly<Record<string, number>> = {
  allow: CHAINS / 10,
  MALFORMED: 500,
  SIGNATURE: 50,
  KEY: 500,
  MISSING: 50,
  NO_TRUST: 200,
  DIGEST: 500,
  SCOPE: 2_000,
  AUDIENCE: 500,
  EXPIRED: 500,
  NOT_YET: 100,
  BASELINE: 200,
  LIMIT: 500,
  TOO_LARGE: 50,
  STALE: 500,
  CLOCK: 200,
  EQUIVOCATION: 100,
  UNTRUSTED: 500,
  REVOKED: 500,
  CONTAINED: 500,
  HOLDER: 300,
  POLICY: 200,
  QUORUM: 100,
  UNSUPPORTED_DIGEST: 20,
};

interface Admission {
  readonly real: Result<AdmittedAuthorization>;
  readonly model: ReadonlySet<Code>;
}

const plainWorld = plainSituation(situation());

function admitAll(nodes: readonly Node[]): Map<Node, Admission> {
  const files = nodes.map(({ links }) => fileOf(links));
  const real = admitAuthorizations(kernel, files, world.domains);
  return new Map(
    nodes.map((node, i) => {
      const model = modelAdmission(node.links, plainWorld);
      return [node, { real: real[i] as Result<AdmittedAuthorization>, model }];
    }),
  );
}

/** The real answer, and the model's. */
function decide(
  node: Node,
  { real, model }: Admission,
  request: AuthorizationRequest,
  where: Rehearsal,
  plain: ReturnType<typeof plainSituation>,
): readonly [Result<Permission>, Decision] {
  const denied = model.size > 0 ? model : modelCheck(node.links, request, plain);
  const decision = denied.size > 0 ? { deny: denied } : "allow";
  return [real.ok ? rehearseRequest(real.value, request, where) : real, decision];
}

/**
 * Whether the answer holds for as long as it says, and not for longer; of a quorum, another domain may
 * be counted by then, whose clock was ahead.
 */
function lasts(permission: Permission, where: Rehearsal): boolean {
  const { authorization, request, validUntil } = permission;
  const isAllowed = (now: number): boolean =>
    rehearseRequest(authorization, request, { ...where, now }).ok;
  const mayLast = authorization.demands.quorums.length > 0;
  return isAllowed(validUntil) && (mayLast || !isAllowed(validUntil + 1));
}

/** What the explanation comes to: the first step that failed, or none. */
function explanation(...question: Parameters<typeof explainRequest>): string {
  const steps = explainRequest(...question);
  const failed = steps.find(({ outcome }) => outcome === "failed");
  if (failed) return failed.failure?.code ?? "none";
  return steps.some(({ outcome }) => outcome === "not-run") ? "not run" : "allow";
}

test("F26: none of 100,000 random chains widens, and a naive model agrees on every decision", async () => {
  const random = new Random(SEED);
  const counts = new Map<string, number>();
  let [chains, decisions, attenuated] = [0, 0, 0];
  for (; chains < CHAINS; chains += BATCH) {
    const nodes = await plant(random, BATCH);
    const admissions = admitAll(nodes);
    const climates = Array.from({ length: 80 }, () => {
      const where = weather(random, nodes);
      return { where, plain: plainSituation(where) };
    });
    for (const leaf of nodes) {
      const { where, plain } = random.pick(climates);
      const now = timeOf(random, leaf);
      const asked = requestOf(random, leaf);
      const answers: string[] = [];
      let below: Permission | undefined;
      for (let node: Node | undefined = leaf; node; node = node.parent) {
        const admission = admissions.get(node) as Admission;
        const { principal } = (node.links.at(-1) as Node["links"][number]).predicate;
        const request = asked.by(principal.id);
        const plainNow = { ...plain, now };
        const [result, model] = decide(node, admission, request, { ...where, now }, plainNow);
        const real = result.ok ? "allow" : result.code;
        decisions++;
        if (!agrees(real, model)) {
          throw new Error(`seed ${SEED}: ${real}, but the model: ${shown(model)}\n${told(node)}`);
        }
        if (answers.includes("allow") && real !== "allow") {
          throw new Error(`seed ${SEED}: ${answers.join(", ")}, but ${real} above\n${told(leaf)}`);
        }
        if (node === leaf && admission.real.ok && random.chance(0.05)) {
          const explained = explanation(admission.real.value, request, { ...where, now });
          expect(explained, `seed ${SEED}\n${told(leaf)}`).toBe(real);
        }
        answers.push(real);
        // Of a chain that is denied the one above is looked at, of one that is allowed all.
        if (!result.ok && answers.length > 1) break;
        if (!result.ok) continue;
        const wider = below && widening(below, result.value);
        if (wider) throw new Error(`seed ${SEED}: ${wider} is wider\n${told(leaf)}`);
        if (!below && !lasts(result.value, where)) {
          throw new Error(`seed ${SEED}: not until ${result.value.validUntil}\n${told(leaf)}`);
        }
        below = result.value;
      }
      const [answer = ""] = answers;
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
      if (!leaf.attenuated) continue;
      attenuated++;
      const codes = objections(leaf);
      expect(leaf.attenuated.ok, told(leaf)).toBe(codes.size === 0);
    }
  }
  const table = [...counts].sort().map(([answer, count]) => `${answer} ${count}`);
  console.log(`seed ${SEED}: ${chains} chains, ${decisions} decisions: ${table.join(", ")}`);
  expect(attenuated).toBeGreaterThan(500);
  const rare = Object.entries(LEAST).filter(([answer, least]) => (counts.get(answer) ?? 0) < least);
  expect(rare.map(([answer]) => `${answer} ${counts.get(answer) ?? 0}`)).toEqual([]);
});

test("at a gate and with a proof, random chains get the answer that was rehearsed", async () => {
  console.log(`seed ${SEED}`);
  const random = new Random(SEED);
  const nodes = await plant(random, BATCH);
  const answers = new Map<string, number>();
  for (const [node, { real }] of admitAll(nodes)) {
    const now = timeOf(random, node);
    const { gate, ...where } = weather(random, nodes);
    if (!real.ok || gate === NOT_CHECKED) continue;
    const request = requestOf(random, node).by(real.value.principal.id);
    const possession = await possessionOf(node.holder, real.value, request, gate, now);
    const decided = checkRequest(real.value, request, { ...where, now, gate, possession });
    const rehearsal = { ...where, now, gate, possession: NOT_CHECKED } as const;
    const rehearsed = rehearseRequest(real.value, request, rehearsal);
    const answer = decided.ok ? "allow" : decided.code;
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    expect(decided.ok && decided.value.unchecked, told(node)).toEqual(decided.ok && []);
    expect(withoutProof(decided), told(node)).toEqual(withoutProof(rehearsed));
  }
  expect(answers.get("allow")).toBeGreaterThan(300);
  expect(answers.size).toBeGreaterThan(8);
});

/** All that an answer says but what was left out. */
function withoutProof(answer: Result<Permission>): unknown {
  if (!answer.ok) return answer;
  const { authorization, request, unchecked: _, ...rest } = answer.value;
  return [authorization.sha256, requestBytes(request), rest];
}

/** Why no gate would take such a child, save that its issuer is not listed, which only gates see. */
function objections({ links }: Node): ReadonlySet<Code> {
  const { domain: name, key } = (links[0] as Node["links"][number]).predicate.issuer;
  const listed = { ...plainWorld.own.state, issuers: [{ key, commands: ["/"] }] };
  const own = { ...plainWorld.own, name, state: listed } as typeof plainWorld.own;
  return modelAdmission(links, { own, others: [] });
}

function told({ links }: Node): string {
  return links.map(({ predicate }) => JSON.stringify(predicate)).join("\n");
}
