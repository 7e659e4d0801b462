/** The real answer, where the model gives the same. */
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import { rehearseRequest } from "../../src/authorization/check.js";
import type { AdmittedAuthorization } from "../../src/authorization/admitted.js";
import type { Permission } from "../../src/authorization/check.js";
import type { Possession } from "../../src/authorization/possession.js";
import { checkPossession, provePossession } from "../../src/authorization/possession.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import type { Code } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { HandLink, Party } from "./craft.js";
import type { Decision } from "./model.js";
import { modelDecision, plainSituation } from "./model.js";
import { admitted, decide, situation } from "./world.js";

/** `allow`, or the code that denies. Throws where the model knows of no such reason, or of another answer. */
export function agreed(
  links: readonly HandLink[],
  request: AuthorizationRequest,
  where: Rehearsal,
): string {
  const real = decide(links, request, where);
  const model = modelDecision(links, request, plainSituation(where));
  if (!agrees(real, model)) throw new Error(`${real}, but the model says ${shown(model)}`);
  return real;
}

/** Admitted in the world as it was, decided on as it is; the model agrees, or this throws. */
export function later(
  links: readonly HandLink[],
  request: AuthorizationRequest,
  change: Partial<Rehearsal>,
): string {
  const where = situation(change);
  const permission = rehearseRequest(must(admitted(links)), request, where);
  const answer = permission.ok ? "allow" : permission.code;
  const model = modelDecision(links, request, plainSituation(where));
  if (!agrees(answer, model)) throw new Error(`${answer}, but the model differs`);
  return answer;
}

export function agrees(real: string, model: Decision): boolean {
  return model === "allow" ? real === "allow" : model.deny.has(real as Code);
}

export function shown(model: Decision): string {
  return model === "allow" ? model : `deny with ${[...model.deny].join(" or ")}`;
}

/** What is permitted. */
export function permitted(
  links: readonly HandLink[],
  request: AuthorizationRequest,
  where: Rehearsal,
): Permission {
  return must(rehearseRequest(must(admitted(links, where.domains)), request, where));
}

/** A proof that holds, made and checked at that time. */
export async function possessionOf(
  holder: Party,
  authorization: AdmittedAuthorization,
  request: AuthorizationRequest,
  gate: string,
  now: number,
): Promise<Possession> {
  const terms = { gate, nonce: "5a".repeat(32), salt: new Uint8Array(32).fill(1) };
  const { sha256 } = authorization;
  const proof = await provePossession(kernel, holder.signer, sha256, request, terms, now);
  return must(checkPossession(kernel, proof, authorization, request, terms, { now, skew: 0 }));
}
