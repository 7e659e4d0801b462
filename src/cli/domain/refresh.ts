import { refresh } from "../../domain/publish.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { parseDuration } from "../time.js";
import { formatCount } from "./counts.js";
import { DomainFolder, KEY_HELP_LINES, KEY_OPTIONS } from "./domain-folder.js";
import { formatDuration } from "./durations.js";
import { lifetimesOf, warn } from "./expiry.js";
import { publishedJson, publishedText } from "./published.js";
import { keepFresh } from "./refresh-loop.js";

export const domainRefresh: Command = {
  name: "domain refresh",
  usage: "domain refresh DIR [--every DURATION] [--key-dir FOLDER...]",
  summary: "Issue a new timestamp with the online keys; with --every, again and again.",
  help: `  DIR                       the domain's folder
  --every DURATION          go on, such as every 20s, until SIGINT or SIGTERM; a round that fails is
                            said on stderr and tried again at the next. Less than a timestamp lasts
${KEY_HELP_LINES}
  --json                    one JSON object, as of "writ domain publish"; not with --every
Status and snapshot are renewed with it once half of their life is over. Root and targets need offline
keys: that they will expire is said when a quarter of their life is left.`,
  options: { ...KEY_OPTIONS, every: { type: "string" } },
  run: async (args) => {
    const [dir] = args.exactly("DIR") as [string];
    const every = args.text("every");
    const interval = every === undefined ? undefined : parseDuration(every);
    if (interval !== undefined && args.flag("json")) {
      throw new UsageError("--every has no end to report, and --json goes without it");
    }
    if (interval !== undefined && args.text("now") !== undefined) {
      throw new UsageError("--now goes without --every, for which time passes");
    }
    const domain = await DomainFolder.open(args, dir);
    if (interval !== undefined) {
      const { timestamp } = await lifetimesOf(domain);
      if (interval < 100 || interval >= timestamp) {
        const range = `from 100ms to less than a timestamp lasts, ${formatDuration(timestamp)}`;
        throw new UsageError(`--every is ${range}, not ${every}`);
      }
      const { done, failed } = await keepFresh(domain, interval);
      const text = `${formatCount(done, "timestamp")} issued, ${formatCount(failed, "round")} failed\n`;
      return { outcome: "DONE", json: {}, text };
    }
    const published = await domain.change([], refresh);
    await warn(domain, published);
    return {
      outcome: "DONE",
      json: publishedJson(published),
      text: publishedText(published),
    };
  },
};
