import type { Command } from "../command.js";
import { mcp } from "../mcp/command.js";
import { lineage } from "./lineage.js";
import { resume } from "./resume.js";
import { run } from "./run.js";

export const GATE_COMMANDS: readonly Command[] = [run, mcp, resume, lineage];
