/** What `authorize` and `attenuate` have made: where it goes, and what it says. */
import type { IssuedAuthorization } from "../../authorization/issue.js";
import type { Link } from "../../authorization/link.js";
import type { Arguments, Ending } from "../command.js";
import { writeNew } from "../output.js";
import { count } from "../trust/table.js";
import { endingFirst, formatLink } from "./link-text.js";

export const OUT_HELP = `  --out FILE                the chain, a file that is made new; - is stdout, and the rest goes to stderr
  --json                    one JSON object: command, outcome, code, authorization (its identity),
                            links (their number), predicate, artifacts, file, and with --out - chain`;

/** The members that say what an authorization is. */
export function jsonOfLink({ sha256, authorization, artifacts }: Link) {
  return { authorization: sha256, predicate: authorization, artifacts: artifacts ?? null };
}

export async function endIssued(
  args: Arguments,
  { chain, link }: IssuedAuthorization,
  above: readonly Link[],
  now: number,
): Promise<Ending> {
  const out = args.required("out");
  const links = above.length + 1;
  const said = `${formatLink(link, { now, above }).join("\n")}\n`;
  const first = endingFirst(link, above);
  if (first) {
    const { number, expires } = first;
    process.stderr.write(`writ: link ${number} expires before, at ${expires}: that counts\n`);
  }
  const { authorization, predicate, artifacts } = jsonOfLink(link);
  const json = { code: null, authorization, links, predicate, artifacts };
  if (out === "-") {
    const text = new TextDecoder().decode(chain);
    if (!args.flag("json")) process.stderr.write(said);
    return { outcome: "DONE", json: { ...json, file: null, chain: text }, text };
  }
  await writeNew(out, chain);
  return {
    outcome: "DONE",
    json: { ...json, file: out },
    text: `${said}written    ${out}, ${count(links, "link")}\n`,
  };
}
