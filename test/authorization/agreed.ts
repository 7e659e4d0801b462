/** The real answer, where the model gives the same. */
import type { AuthorizationRequest } from "../../src/authorization/request.js";
import { rehearseRequest } from "../../src/authorization/check.js";
import type { Permission } from "../../src/authorization/check.js";
import type { Rehearsal } from "../../src/authorization/situation.js";
import type { Code } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import type { HandLink } from "./craft.js";
import type { Decision } from "./model.js";
import { modelDecision, plainSituation } from "./model.js";
import { admitted, decide } from "./world.js";

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
