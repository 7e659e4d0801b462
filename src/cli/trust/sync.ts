import { formatRfc3339 } from "../../bytes/rfc3339.js";
import type { Arguments, Command, Ending } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { parseDuration, parseTime } from "../time.js";
import type { Answer } from "./answer.js";
import { formatAnswer, jsonOfAnswer, judge, outcomeOf } from "./answer.js";
import { Live } from "./live.js";
import { readPins, TERMS_HELP, TERMS_OPTIONS } from "./pin-options.js";
import type { Round } from "./round.js";
import { syncRound } from "./round.js";
import { parseSource } from "./sources.js";
import { makeStore } from "./store.js";
import { Waiting } from "./waiting.js";
import { watch } from "./watch.js";

const DEFAULT_TIMEOUT = "10s";
const LONGEST_TIMEOUT = 3_600_000;

export const sync: Command = {
  name: "sync",
  usage:
    "sync STORE --pin FILE... --from [DOMAIN=]SOURCE... [--peers] [--max-staleness DURATION] [--max-lifetime DURATION] [--skew DURATION] [--timeout DURATION] [--now TIME] [--watch DURATION]",
  summary: "Fetch domains' trust state from sources that are not trusted, and remember it.",
  help: `  STORE                     the folder of your trust store, made if it is not there
  --pin FILE                root metadata of a domain that you trust, obtained in a way that you
                            trust; may be repeated. The store remembers it (default: all that it
                            has pinned)
  --from [DOMAIN=]SOURCE    where to read: an http(s) URL, a folder with metadata/ in it, or another
                            trust store; may be repeated. Without DOMAIN= it is asked for every
                            pinned domain
  --peers                   sync the peers too that the first pinned domain names, under the terms
                            that it states: from their urls, and from stores. Their peers are not
                            followed
${TERMS_HELP}
  --timeout DURATION        how long a URL may take for a domain (default: ${DEFAULT_TIMEOUT})
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --watch DURATION          sync again and again, this long after each start, until SIGINT
  --json                    one JSON object: command, outcome, code, time, domains; with --watch one
                            a round. Durations are milliseconds
Exit code: 0 every domain is trusted and fresh now, 1 one contradicts itself, 2 one is stale or
without a state.`,
  options: {
    pin: { type: "string", multiple: true },
    from: { type: "string", multiple: true },
    peers: { type: "boolean" },
    ...TERMS_OPTIONS,
    timeout: { type: "string" },
    now: { type: "string" },
    watch: { type: "string" },
  },
  run: async (args) => {
    const [folder] = args.exactly("STORE") as [string];
    const [every, now] = [args.text("watch"), args.text("now")];
    if (every !== undefined && now !== undefined) {
      throw new UsageError("--now stands still, and does not go with --watch");
    }
    const fixed = now === undefined ? undefined : parseTime(now);
    const interval = every === undefined ? undefined : parseInterval(every);
    const round = await readRound(folder, args, () => fixed ?? Date.now());
    if (interval !== undefined) {
      return await watch(round, interval, args.flag("json"), endingOf);
    }
    const live = new Live(() => round.waiting.lines());
    try {
      const answers = await syncRound(round);
      live.end();
      tellOfPeers(round, answers);
      return endingOf(answers, round.now());
    } finally {
      live.end();
    }
  },
};

async function readRound(folder: string, args: Arguments, now: () => number): Promise<Round> {
  const timeoutMs = parseDuration(args.text("timeout") ?? DEFAULT_TIMEOUT);
  if (timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT) {
    throw new UsageError(`--timeout is 1ms to 1h, not ${args.text("timeout")}`);
  }
  const from = args.list("from");
  if (from.length === 0) throw new UsageError("--from is missing: a URL, a folder, or a store");
  const kernel = await loadKernel();
  const given = [];
  for (const text of from) given.push(await parseSource(kernel, text, timeoutMs));
  const store = await makeStore(folder);
  const pins = await readPins(kernel, store, args);
  const peers = args.flag("peers");
  const strange = given.find(({ only }) => only && !pins.some(({ domain }) => domain === only));
  if (strange && !peers) {
    throw new UsageError(
      `--from ${strange.only}=...: ${strange.only} is not pinned: add --pin FILE`,
    );
  }
  return { kernel, store, pins, given, peers, timeoutMs, now, waiting: new Waiting() };
}

/** Who is not trusted names no peers. */
function tellOfPeers({ peers }: Round, [first]: readonly Answer[]): void {
  const named = first?.view.ok && first.view.value.state && !first.view.value.failure;
  if (!peers || !first || named) return;
  process.stderr.write(`writ: ${first.domain} is not trusted, so its peers were not synced\n`);
}

function parseInterval(text: string): number {
  const interval = parseDuration(text);
  if (interval >= 100 && interval <= 86_400_000) return interval;
  throw new UsageError(`--watch is 100ms to 1d, not ${text}`);
}

/** `now`: the time that the answers are for. */
function endingOf(answers: readonly Answer[], now: number): Ending {
  const failed = answers.map(({ view, terms }) => judge(view, terms, now).failure);
  const worst =
    failed.find((failure) => failure?.code === "EQUIVOCATION") ?? failed.find((each) => each);
  return {
    outcome: outcomeOf(answers, now),
    json: {
      code: worst?.code ?? null,
      time: formatRfc3339(now, "ms"),
      domains: answers.map((answer) => jsonOfAnswer(answer, now)),
    },
    text: answers.map((answer) => `${formatAnswer(answer, now).join("\n")}\n`).join(""),
  };
}
