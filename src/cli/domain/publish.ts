import { readDraft } from "../../domain/draft.js";
import { publish } from "../../domain/publish.js";
import type { Command, Ending } from "../command.js";
import type { Change } from "./changes.js";
import { changeLine, changesOf } from "./changes.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "./domain-folder.js";
import { warn } from "./expiry.js";
import { publishedJson, publishedText } from "./published.js";

export const domainPublish: Command = {
  name: "domain publish",
  usage: "domain publish DIR [--key-dir FOLDER...] [--passphrase-file FILE...]",
  summary: "Sign what the draft holds with the targets keys, and publish it.",
  help: `  DIR                       the domain's folder
${KEY_HELP_LINES}
  --json                    one JSON object: command, outcome, code, domain, digest, the versions root,
                            targets, status, snapshot and timestamp, issued, expires, entry, changes
Also without a change, to sign the same anew before it expires. "writ domain status DIR" shows before
what would be signed. A key that was published and is in the draft no longer is revoked for ever.`,
  options: KEY_OPTIONS,
  run: async (args) => {
    const [dir] = args.exactly("DIR") as [string];
    const domain = await DomainFolder.open(args, dir);
    await domain.openKeys(["targets", "timestamp"]);
    const { json, text } = await publishDraft(domain);
    return { outcome: "DONE", json, text };
  },
};

/** Publishes the draft, and says what that changed. */
export async function publishDraft(domain: DomainFolder): Promise<Pick<Ending, "json" | "text">> {
  let changes: readonly Change[] = [];
  const published = await domain.change([], async (open) => {
    const draft = await readDraft(open.storage);
    if (!draft.ok) return draft;
    changes = changesOf(draft.value, open.state);
    return await publish(open);
  });
  await warn(domain, published);
  return {
    json: { ...publishedJson(published), changes },
    text: `${changes.map((change) => `${changeLine(change)}\n`).join("")}${publishedText(published)}`,
  };
}
