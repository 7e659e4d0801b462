import type { Command } from "../command.js";
import { gateAdd, gateContain, gateRelease, gateRemove } from "./gate.js";
import { domainInit } from "./init.js";
import { issuerAdd, issuerRemove, resumerAdd, resumerRemove } from "./issuer.js";
import { peerAdd, peerRemove } from "./peer.js";
import { baselineSet, domainWitness, policySet } from "./policy.js";
import { domainPublish } from "./publish.js";
import { domainRefresh } from "./refresh.js";
import { domainRevoke } from "./revoke.js";
import { domainRotate } from "./rotate.js";
import { domainStatus } from "./status.js";

export const DOMAIN_COMMANDS: readonly Command[] = [
  domainInit,
  domainStatus,
  domainPublish,
  domainRefresh,
  domainRotate,
  domainRevoke,
  issuerAdd,
  issuerRemove,
  resumerAdd,
  resumerRemove,
  gateAdd,
  gateContain,
  gateRelease,
  gateRemove,
  peerAdd,
  peerRemove,
  domainWitness,
  policySet,
  baselineSet,
];
