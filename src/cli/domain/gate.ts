import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { addGate, releaseGate, removeGate } from "../../domain/edit.js";
import { withdraw } from "../../domain/publish.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "./domain-folder.js";
import { editCommand } from "./edit.js";
import { warn } from "./expiry.js";
import { keyHelp, parseKey } from "./key-argument.js";
import { publishedJson, publishedText } from "./published.js";

const HELP = `  DIR                       the domain's folder
  ORIGIN                    the origin of the gate's log, such as pay.example/gate-1`;

export const gateAdd = editCommand({
  name: "domain gate add",
  usage: "domain gate add DIR ORIGIN KEY",
  summary: "Let a gate decide in the domain's name, in a log of its own.",
  help: `${HELP}
${keyHelp("the gate's")}`,
  options: {},
  positionals: ["DIR", "ORIGIN", "KEY"],
  prepare: (args, { kernel }) => {
    const [, origin, text] = args.positionals as [string, string, string];
    const key = parseKey(kernel, "KEY", text);
    return {
      edit: (draft) => addGate(draft, { origin, key }),
      said: `gate ${origin} (${key}) may decide`,
    };
  },
});

export const gateRelease = editCommand({
  name: "domain gate release",
  usage: "domain gate release DIR ORIGIN",
  summary: "Lift what contains a gate, up to now.",
  help: `${HELP}
Containing takes the online status key, lifting it the offline targets keys.`,
  options: {},
  positionals: ["DIR", "ORIGIN"],
  prepare: (args, { now }) => {
    const origin = args.positionals[1] as string;
    const released = formatRfc3339(now(), "ms");
    return {
      edit: (draft) => releaseGate(draft, origin, released),
      said: `gate ${origin} is released from what contained it up to ${released}`,
    };
  },
});

export const gateRemove = editCommand({
  name: "domain gate remove",
  usage: "domain gate remove DIR ORIGIN|KEY",
  summary: "Take a gate out; its key is revoked for ever.",
  help: `  DIR                       the domain's folder
  ORIGIN|KEY                the origin of the gate's log, or its key`,
  options: {},
  positionals: ["DIR", "ORIGIN|KEY"],
  prepare: (args) => {
    const which = args.positionals[1] as string;
    return { edit: (draft) => removeGate(draft, which), said: `gate ${which} is removed` };
  },
});

export const gateContain: Command = {
  name: "domain gate contain",
  usage: "domain gate contain DIR ORIGIN... [--key-dir FOLDER...]",
  summary: "Let gates run nothing but clean-up; published at once, with the online keys.",
  help: `  DIR                       the domain's folder
  ORIGIN...                 origins of published gates
${KEY_HELP_LINES}
  --json                    one JSON object, as of "writ domain publish", and contained
Lifted by "writ domain gate release". The draft is not published with it.`,
  options: KEY_OPTIONS,
  run: async (args) => {
    const [dir, ...contain] = args.positionals;
    if (dir === undefined || contain.length === 0) throw new UsageError("expected DIR ORIGIN...");
    const domain = await DomainFolder.open(args, dir);
    const published = await domain.change(["status", "timestamp"], (open) =>
      withdraw(open, { contain }),
    );
    await warn(domain, published);
    const { contained } = published.state.status;
    return {
      outcome: "DONE",
      json: { ...publishedJson(published), contained },
      text: `contained: ${contain.join(", ")}\n${publishedText(published)}`,
    };
  },
};
