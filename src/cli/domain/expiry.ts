/** What of a domain expires when, and who must do what about it. */
import type { Lifetimes } from "../../domain/lifetimes.js";
import { DEFAULT_LIFETIMES, readLifetimes } from "../../domain/lifetimes.js";
import type { Published } from "../../domain/published.js";
import type { DomainFolder } from "./domain-folder.js";
import { formatDuration } from "./durations.js";
import { timeOf } from "./published.js";

/** Said when so much of a lifetime is left, or less. */
const SAID_BELOW = 1 / 4;

const OFFLINE = ["root", "targets"] as const;
const ONLINE = ["snapshot", "status", "timestamp"] as const;

/** A line for each role whose metadata has expired, or will soon and is not renewed by a refresh. */
export function expiryLines(
  folder: string,
  { state }: Pick<Published, "state">,
  lifetimes: Lifetimes,
  now: number,
): string[] {
  const left = (role: keyof Lifetimes): number => state.metadata[role].expires - now;
  const offline = OFFLINE.filter((role) => left(role) <= lifetimes[role] * SAID_BELOW);
  const online = ONLINE.filter((role) => left(role) <= 0);
  return [...offline, ...online].map((role) => {
    const { expires } = state.metadata[role];
    const when =
      expires > now
        ? `expires in ${formatDuration(expires - now)}, ${timeOf(expires)}`
        : `expired ${formatDuration(now - expires)} ago, and no reader accepts it`;
    return `${role} ${when}: ${remedyOf(role, folder)}`;
  });
}

function remedyOf(role: keyof Lifetimes, folder: string): string {
  switch (role) {
    case "root":
      return `"writ domain rotate ${folder} --role root"`;
    case "targets":
      return `"writ domain publish ${folder}"`;
    default:
      return `"writ domain refresh ${folder}"`;
  }
}

export async function lifetimesOf(domain: DomainFolder): Promise<Lifetimes> {
  const lifetimes = await readLifetimes(domain.storage);
  return lifetimes.ok ? lifetimes.value : DEFAULT_LIFETIMES;
}

/** Says on stderr what expires. */
export async function warn(domain: DomainFolder, published: Published): Promise<void> {
  const lifetimes = await lifetimesOf(domain);
  for (const line of expiryLines(domain.folder, published, lifetimes, domain.now())) {
    process.stderr.write(`writ: ${line}\n`);
  }
}
