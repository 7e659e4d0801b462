/**
 * The steps of deciding on a request, in their order. Each says nothing, or why not. They are the same
 * for `checkRequest`, which stops at the first that fails, and for `explainRequest`, which runs all that
 * do not need one that failed.
 */
import type { Step } from "./question.js";
import {
  checkArtifacts,
  checkAudience,
  checkCommand,
  checkHolder,
  checkLimits,
  checkLocalPolicy,
  checkPolicies,
  checkPrincipal,
  checkWindow,
} from "./request-steps.js";
import {
  checkBaseline,
  checkIssuer,
  checkIssuersTrust,
  checkOwn,
  checkOwnGate,
  checkPeer,
  checkQuorums,
  checkWithdrawn,
} from "./trust-steps.js";

export const STEPS: readonly Step[] = [
  { name: "own trust", needs: [], check: checkOwn },
  { name: "gate", needs: [], check: checkOwnGate },
  { name: "peer", needs: ["own trust"], check: checkPeer },
  { name: "issuer's trust", needs: ["peer"], check: checkIssuersTrust },
  { name: "issuer", needs: [], check: checkIssuer },
  { name: "not withdrawn", needs: [], check: checkWithdrawn },
  { name: "validity", needs: [], check: checkWindow },
  { name: "audience", needs: [], check: checkAudience },
  { name: "baseline", needs: ["own trust"], check: checkBaseline },
  { name: "quorum", needs: ["own trust"], check: checkQuorums },
  { name: "principal", needs: [], check: checkPrincipal },
  { name: "command", needs: [], check: checkCommand },
  { name: "artifacts", needs: [], check: checkArtifacts },
  { name: "own policy", needs: ["own trust"], check: checkLocalPolicy },
  { name: "policy", needs: [], check: checkPolicies },
  { name: "limits", needs: [], check: checkLimits },
  { name: "possession", needs: [], check: checkHolder },
];
