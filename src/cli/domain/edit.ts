/** What every command that edits a draft has in common: its options, `--publish`, what it says. */
import type { Draft } from "../../domain/draft.js";
import type { Result } from "../../verdict.js";
import type { Arguments, Command } from "../command.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "./domain-folder.js";
import { publishDraft } from "./publish.js";

/** A change of the draft, and what it is for people. */
export interface Edit {
  readonly edit: (draft: Draft) => Result<Draft>;
  /** Printed when it stands. */
  readonly said: string | ((draft: Draft) => string);
}

type Description = Pick<Command, "name" | "usage" | "summary" | "help" | "options"> & {
  /** Reads the arguments. */
  readonly prepare: (args: Arguments, domain: DomainFolder) => Promise<Edit> | Edit;
  /** The arguments by their names; the first is DIR. */
  readonly positionals: readonly string[] | ((args: Arguments) => readonly string[]);
};

export function editCommand(description: Description): Command {
  const { prepare, positionals, ...command } = description;
  return {
    ...command,
    usage: `${command.usage} [--publish]`,
    help: `${command.help}
  --publish                 publish the draft at once, with the targets keys
${KEY_HELP_LINES}
  --json                    one JSON object: command, outcome, code, edited, and published: null, or as of
                            "writ domain publish"
Without --publish the change stands in the draft until "writ domain publish DIR".`,
    options: { ...KEY_OPTIONS, ...command.options, publish: { type: "boolean" } },
    run: async (args) => {
      const names = typeof positionals === "function" ? positionals(args) : positionals;
      const [dir] = args.exactly(...names) as [string];
      const domain = await DomainFolder.open(args, dir);
      const { edit, said: saying } = await prepare(args, domain);
      const publishes = args.flag("publish");
      // Keys that cannot sign are found before the draft changes.
      if (publishes) await domain.openKeys(["targets", "timestamp"]);
      const draft = await domain.edit(edit);
      const said = typeof saying === "string" ? saying : saying(draft);
      if (!publishes) {
        process.stderr.write(`writ: in the draft; published with "writ domain publish ${dir}"\n`);
        return { outcome: "DONE", json: { edited: said, published: null }, text: `${said}\n` };
      }
      const { json, text } = await publishDraft(domain);
      return { outcome: "DONE", json: { edited: said, published: json }, text: `${said}\n${text}` };
    },
  };
}
