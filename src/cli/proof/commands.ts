import type { Command } from "../command.js";
import { prove } from "./prove.js";

export const PROOF_COMMANDS: readonly Command[] = [prove];
