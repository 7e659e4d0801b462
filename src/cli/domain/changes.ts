/** What the draft holds and the published state does not, and the other way round. */
import { formatCanonical } from "../../bytes/canonical.js";
import type { Json } from "../../bytes/canonical.js";
import type { Draft } from "../../domain/draft.js";
import type { VerifiedTrustState } from "../../trust/state.js";
import { formatCount } from "./counts.js";
import { formatDuration } from "./durations.js";

export interface Change {
  readonly change: "added" | "removed" | "changed";
  readonly what: "issuer" | "resumer" | "gate" | "peer" | "policy" | "baseline" | "witnesses";
  /** Its name, where there may be several. */
  readonly name: string | undefined;
  /** As it will be, or as it was. */
  readonly text: string;
}

type Item = Omit<Change, "change"> & { readonly id: string; readonly value: string };

type State = Pick<Draft, "authority" | "policy" | "peers" | "baseline" | "witnesses">;

export function changesOf(draft: Draft, state: VerifiedTrustState): Change[] {
  const [before, after] = [itemsOf(state), itemsOf(draft)];
  const added = [...after.values()].filter(({ id }) => !before.has(id));
  const removed = [...before.values()].filter(({ id }) => !after.has(id));
  const changed = [...after.values()].filter(({ id, value }) => {
    const there = before.get(id);
    return there !== undefined && there.value !== value;
  });
  const as = (change: Change["change"], items: readonly Item[]): Change[] =>
    items.map(({ what, name, text }) => ({ change, what, name, text }));
  return [...as("added", added), ...as("changed", changed), ...as("removed", removed)];
}

/** All that a state holds, each in one line, in the order of the lists. */
export function contentLines(state: State): string[] {
  return [...itemsOf(state).values()].map((item) => lineOf(item));
}

const MARKS = { added: "+", removed: "-", changed: "~" } as const;

/** `+ issuer    ops  /pay  0a12...`. */
export function changeLine(change: Change): string {
  return `${MARKS[change.change]} ${lineOf(change)}`;
}

function lineOf({ what, name, text }: Pick<Change, "what" | "name" | "text">): string {
  return `${what.padEnd(9)} ${name === undefined ? "" : `${name}  `}${text}`;
}

function itemsOf(state: State): ReadonlyMap<string, Item> {
  const items = [...listed(state), ...single(state)];
  return new Map(items.map((each) => [each.id, each]));
}

function listed({ authority, peers }: State): Item[] {
  const { issuers, resumers, gates } = authority;
  return [
    ...issuers.map((each) => {
      const text = `${each.commands.join(", ")}  ${each.key}`;
      return item("issuer", each.key, each.name, text, each);
    }),
    ...resumers.map((each) => item("resumer", each.key, each.name, each.key, each)),
    ...gates.map((each) => {
      const released = each.released === undefined ? "" : `  released ${each.released}`;
      return item("gate", each.origin, each.origin, `${each.key}${released}`, each);
    }),
    ...peers.peers.map((each) => {
      const terms = [
        `at most ${formatDuration(each.maxStaleness)} old`,
        `timestamps for ${formatDuration(each.maxLifetime)}`,
        `skew ${formatDuration(each.skew)}`,
        `root ${each.root.version}`,
        ...(each.url === undefined ? [] : [each.url]),
      ];
      const text = `${each.commands.join(", ")}  ${terms.join(", ")}`;
      return item("peer", each.name, each.name, text, each);
    }),
  ];
}

function single({ policy, baseline, witnesses }: State): Item[] {
  const alone = (what: Item["what"], text: string, value: unknown): Item =>
    item(what, "", undefined, text, value);
  const { rules, trips = [] } = policy;
  const commands = rules.map(({ command }) => command).join(", ");
  const narrows = rules.length === 0 ? "narrows nothing" : formatCount(rules.length, "rule");
  const ids = trips.map(({ id }) => id).join(", ");
  const parts = [
    commands === "" ? narrows : `${narrows}: ${commands}`,
    ...(ids === "" ? [] : [`${formatCount(trips.length, "trip")}: ${ids}`]),
  ];
  const items = [alone("policy", parts.join("; "), policy)];
  if (baseline) {
    const { kernels, environment } = baseline;
    const parts = [formatCount(kernels.length, "kernel"), ...environment.map(({ name }) => name)];
    items.push(alone("baseline", parts.join(", "), baseline));
  }
  if (witnesses) {
    const text = new TextDecoder().decode(witnesses);
    const count = text.split("\n").filter((line) => /^[ \t]*witness[ \t]/.test(line)).length;
    items.push(alone("witnesses", formatCount(count, "witness", "witnesses"), text));
  }
  return items;
}

function item(
  what: Item["what"],
  id: string,
  name: string | undefined,
  text: string,
  value: unknown,
): Item {
  return { what, id: `${what} ${id}`, name, text, value: formatCanonical(value as Json) };
}
