import type { Level } from "./effect.js";
import { runtimeLevels } from "./host.js";
import type { Outcome } from "./refusal.js";
import type { Bubblewrap } from "./sandbox.js";
import { findBubblewrap } from "./sandbox.js";

export interface HostIsolation {
  /** What can be had here, from the weakest on. A Deno that is installed gives a sandbox too. */
  readonly levels: readonly Level[];
  /** Or why there is none. */
  readonly bubblewrap: Outcome<Bubblewrap>;
}

/** What this machine has for a host with processes (Node). Bubblewrap is tried, not only looked for. */
export async function hostIsolation(bubblewrapPath?: string): Promise<HostIsolation> {
  const bubblewrap = await findBubblewrap(bubblewrapPath);
  const levels: Level[] = [...runtimeLevels()];
  // Windows has no process groups.
  if (process.platform !== "win32") levels.push("process");
  if (bubblewrap.ok) levels.push("sandbox");
  return { levels, bubblewrap };
}
