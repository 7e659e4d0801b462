// @ts-check
import { rows as authorization } from "./authorization.js";
import { rows as bundle } from "./bundle.js";
import { rows as chain } from "./chain.js";
import { rows as ed25519 } from "./ed25519.js";
import { rows as gate } from "./gate.js";
import { rows as kernel } from "./kernel.js";
import { rows as memory } from "./memory.js";
import { rows as merkle } from "./merkle.js";
import { rows as sha256 } from "./sha256.js";

/** @type {readonly import("../row.js").Row[]} */
export const rows = [
  ...sha256,
  ...merkle,
  ...chain,
  ...ed25519,
  ...authorization,
  ...gate,
  ...bundle,
  ...kernel,
  ...memory,
];
