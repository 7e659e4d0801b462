import { nowOf } from "../time.js";
import type { Arguments, Command, Ending } from "../command.js";
import type { Kernel } from "../../kernel/kernel.js";
import { loadKernel } from "../kernel.js";
import { describe } from "../print.js";
import { failure } from "../../verdict.js";
import type { Failure } from "../../verdict.js";
import { jsonOfFailure } from "./answer.js";
import type { Description } from "./description.js";
import { describeFollowed } from "./description.js";
import { formatDescription } from "./show-text.js";
import type { Followed } from "./store.js";
import { openFollowed, requireDomainName, requireStore } from "./store.js";

export const trustShow: Command = {
  name: "trust show",
  usage: "trust show STORE [DOMAIN] [--now TIME]",
  summary: "Show what a trust store holds: domains, versions, keys, gates, peers, evidence.",
  help: `  STORE                     the folder of a trust store, from "writ sync"
  DOMAIN                    this one alone (default: those that are pinned, and the first one's peers)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --json                    one JSON object: command, outcome, code, domains. Durations are
                            milliseconds
Nothing is fetched. Exit code: 0 shown, whatever it is; 1 DOMAIN is neither pinned nor a peer.`,
  options: { now: { type: "string" } },
  run: async (args) => {
    const [folder, name] = namesOf(args);
    const at = nowOf(args);
    const store = await requireStore(folder);
    const kernel = await loadKernel();
    const followed = await openFollowed(kernel, store);
    const chosen = name === undefined ? followed : followed.filter(({ domain }) => domain === name);
    if (name !== undefined && chosen.length === 0)
      return endUntrusted(untrusted(followed, name), name);
    return endShown(
      kernel,
      chosen.map((each) => describeFollowed(kernel, each, followed, at)),
    );
  },
};

function namesOf(args: Arguments): [string, string | undefined] {
  if (args.positionals.length !== 2) return [args.exactly("STORE")[0] as string, undefined];
  const [folder, name] = args.exactly("STORE", "DOMAIN") as [string, string];
  return [folder, requireDomainName(name)];
}

/** Why a domain that the store may know of is trusted by nobody here. */
function untrusted(followed: readonly Followed[], name: string): Failure {
  const names = followed.map(({ domain }) => domain).join(", ");
  return failure("UNTRUSTED", `a domain that is pinned, or a peer of one: ${names}`, name);
}

function endUntrusted(failed: Failure, name: string): Ending {
  const domain = { domain: name, trusted: false, fresh: false, failure: jsonOfFailure(failed) };
  return {
    outcome: "REFUTED",
    json: { code: failed.code, domains: [domain] },
    text: `${name}  ${describe(failed)}\n`,
  };
}

function endShown(kernel: Kernel, domains: readonly Description[]): Ending {
  return {
    outcome: "DONE",
    json: { code: null, domains },
    text: `${domains.map((each) => formatDescription(kernel, each).join("\n")).join("\n\n")}\n`,
  };
}
