import { inspectChain } from "../../authorization/inspect.js";
import type { UnverifiedLink } from "../../authorization/inspect.js";
import { checkFollows } from "../../authorization/parentage.js";
import type { Failure } from "../../verdict.js";
import { CODES } from "../../verdict.js";
import type { Command, Ending } from "../command.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { bold, formatFailure, formatOutcome, green, red } from "../print.js";
import { jsonOfFailure } from "../trust/answer.js";
import { count, indent } from "../trust/table.js";
import { CHAIN_HELP } from "./chain-argument.js";
import { jsonOfLink } from "./issued.js";
import { formatLink } from "./link-text.js";

export const inspect: Command = {
  name: "inspect",
  usage: "inspect CHAIN",
  summary: "Show what each link of a chain says, and whether it is signed by whom it names.",
  help: `${CHAIN_HELP}
  --json                    one JSON object: command, outcome, code, failure, trust ("not consulted"), and
                            links: list of {authorization (its identity), predicate, artifacts,
                            signature: null where it holds, or {code, expected, found}, follows: the same
                            for whether it is by the holder of the link before, and no wider}
No trust is consulted: anybody can sign a chain that is shown as whole here. "writ check" says what a
gate would. Exit code: 0 every link is signed by whom it names and follows from the one before; 1 one
is not.`,
  options: {},
  run: async (args) => {
    const [path] = args.exactly("CHAIN") as [string];
    const kernel = await loadKernel();
    const inspected = inspectChain(kernel, await readInput(path));
    return inspected.ok ? endInspected(inspected.value.map(inspectLink)) : endMalformed(inspected);
  },
};

interface Inspected extends UnverifiedLink {
  /** Why it does not follow from the link before; undefined if it does. */
  readonly follows: Failure | undefined;
}

function inspectLink(each: UnverifiedLink, at: number, all: readonly UnverifiedLink[]): Inspected {
  const links = all.slice(0, at + 1).map(({ link }) => link);
  return { ...each, follows: checkFollows(links) };
}

function endInspected(links: readonly Inspected[]): Ending {
  const first = links.map(failureOf).find((each) => each !== undefined);
  return {
    outcome: first ? "REFUTED" : "DONE",
    json: {
      code: first?.code ?? null,
      failure: first ? jsonOfFailure(first) : null,
      trust: "not consulted",
      links: links.map(({ link, signature, follows }) => ({
        ...jsonOfLink(link),
        signature: signature.ok ? null : jsonOfFailure(signature),
        follows: follows ? jsonOfFailure(follows) : null,
      })),
    },
    text: `${[...links.flatMap(formatInspected), ...conclusion(links, first)].join("\n")}\n`,
  };
}

function failureOf({ signature, follows }: Inspected): Failure | undefined {
  return signature.ok ? follows : signature;
}

function formatInspected(each: Inspected, at: number, all: readonly Inspected[]): string[] {
  const { link, signature, follows } = each;
  const failed = failureOf(each);
  const state = !signature.ok
    ? `${red("NOT SIGNED")} by the key that it names`
    : follows
      ? `signed by the key that it names, and ${red("DOES NOT FOLLOW")} from the link before`
      : green("signed by the key that it names");
  return [
    `${bold(`link ${at + 1} of ${all.length}`)}  ${state}`,
    ...indent(failed ? [...formatFailure(failed), ""] : []),
    ...indent(formatLink(link)),
    "",
  ];
}

function conclusion(links: readonly Inspected[], first: Failure | undefined): string[] {
  const { length } = links;
  const domain = links[0]?.link.authorization.issuer.domain;
  const answer = first
    ? `${formatOutcome("REFUTED")}  ${first.code}: ${CODES[first.code]}`
    : `${bold(count(length, "link"))}, ${length === 1 ? "" : "each "}signed by whom it names`;
  return [
    answer,
    "Nobody's trust was consulted: whether the first key is an issuer's of",
    `${domain}, and whether anything is revoked, is for "writ check" to say.`,
  ];
}

function endMalformed(failed: Failure): Ending {
  return {
    outcome: "REFUTED",
    json: {
      code: failed.code,
      failure: jsonOfFailure(failed),
      trust: "not consulted",
      links: [],
    },
    text: [
      `${formatOutcome("REFUTED")}  ${failed.code}: ${CODES[failed.code]}`,
      ...indent(formatFailure(failed)),
      "",
    ].join("\n"),
  };
}
