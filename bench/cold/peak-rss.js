// @ts-check
import { readFileSync } from "node:fs";

/** Of this process, in bytes. Not getrusage where there is /proc: its figure is also the parent's at the time of the fork. */
export function peakRss() {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kibibytes) return Number(kibibytes) * 1024;
  } catch {
    // No /proc.
  }
  return process.resourceUsage().maxRSS * 1024;
}
