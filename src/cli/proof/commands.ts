import type { Command } from "../command.js";
import { continuity } from "./continuity.js";
import { prove } from "./prove.js";
import { trace } from "./trace.js";
import { why } from "./why.js";

export const PROOF_COMMANDS: readonly Command[] = [prove, continuity, why, trace];
