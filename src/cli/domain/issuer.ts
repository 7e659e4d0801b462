import { addIssuer, addResumer, removeIssuer, removeResumer } from "../../domain/edit.js";
import { editCommand } from "./edit.js";
import { keyHelp, parseCommands, parseKey } from "./key-argument.js";

const DIR_HELP = "  DIR                       the domain's folder";
const REMOVED_HELP = "Once that is published, the key is revoked for ever.";

export const issuerAdd = editCommand({
  name: "domain issuer add",
  usage: "domain issuer add DIR NAME KEY --commands LIST",
  summary: "Let a key authorize commands.",
  help: `${DIR_HELP}
  NAME                      for people
${keyHelp("the issuer's")}
  --commands LIST           such as /pay,/read/log: each covers itself and what lies below it; / is all
For a key that is there, the name and the commands are replaced.`,
  options: { commands: { type: "string" } },
  positionals: ["DIR", "NAME", "KEY"],
  prepare: (args, { kernel }) => {
    const [, name, text] = args.positionals as [string, string, string];
    const commands = parseCommands(args.required("commands"));
    const key = parseKey(kernel, "KEY", text);
    return {
      edit: (draft) => addIssuer(draft, { name, key, commands }),
      said: `issuer ${name} (${key}) may authorize ${commands.join(", ")}`,
    };
  },
});

export const issuerRemove = editCommand({
  name: "domain issuer remove",
  usage: "domain issuer remove DIR NAME|KEY",
  summary: "Take an issuer out, for ever.",
  help: `${DIR_HELP}
  NAME|KEY                  the issuer's name, or its key
${REMOVED_HELP} "writ domain revoke DIR --key KEY" does so at once, with the online keys.`,
  options: {},
  positionals: ["DIR", "NAME|KEY"],
  prepare: (args) => {
    const which = args.positionals[1] as string;
    return { edit: (draft) => removeIssuer(draft, which), said: `issuer ${which} is removed` };
  },
});

export const resumerAdd = editCommand({
  name: "domain resumer add",
  usage: "domain resumer add DIR NAME KEY",
  summary: "Let a key sign that a contained gate goes on; never an issuer's or a gate's.",
  help: `${DIR_HELP}
  NAME                      for people
${keyHelp("the resumer's")}`,
  options: {},
  positionals: ["DIR", "NAME", "KEY"],
  prepare: (args, { kernel }) => {
    const [, name, text] = args.positionals as [string, string, string];
    const key = parseKey(kernel, "KEY", text);
    return {
      edit: (draft) => addResumer(draft, { name, key }),
      said: `resumer ${name} (${key}) may let gates go on`,
    };
  },
});

export const resumerRemove = editCommand({
  name: "domain resumer remove",
  usage: "domain resumer remove DIR NAME|KEY",
  summary: "Take a resumer out, for ever.",
  help: `${DIR_HELP}
  NAME|KEY                  the resumer's name, or its key
${REMOVED_HELP}`,
  options: {},
  positionals: ["DIR", "NAME|KEY"],
  prepare: (args) => {
    const which = args.positionals[1] as string;
    return { edit: (draft) => removeResumer(draft, which), said: `resumer ${which} is removed` };
  },
});
