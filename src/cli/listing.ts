/** Lists of commands that can be read at a glance. */
import type { Command } from "./command.js";

/** A group of more is listed, instead of with the help of each. */
const MOST_HELPS = 8;

/** A line a command; those of three words that differ in the last share one. */
export function listCommands(commands: readonly Command[]): string[] {
  const stems = new Map<string, Command[]>();
  for (const command of commands) {
    const stem = command.name.split(" ").slice(0, 2).join(" ");
    stems.set(stem, [...(stems.get(stem) ?? []), command]);
  }
  return table(
    [...stems].map(([stem, group]) => {
      const [only] = group as [Command];
      if (group.length === 1) return [only.name, only.summary];
      return [stem, group.map(({ name }) => name.slice(stem.length + 1)).join(", ")];
    }),
  );
}

/** A line for each command of a large group; undefined for a small one. */
export function listGroup(group: readonly Command[]): string | undefined {
  if (group.length <= MOST_HELPS) return undefined;
  const rows = group.map(({ name, summary }) => [name, summary] as const);
  return `${[...table(rows), "", '"writ COMMAND --help" says more.'].join("\n")}\n`;
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
