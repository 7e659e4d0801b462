/** Sources that are slow: which of them is being waited for, and for how long. */
import type { Source } from "../../sync/source.js";
import { formatDuration } from "../domain/durations.js";

/** Milliseconds that an answer may take without a word of it. */
const SHOW_AFTER = 1000;

export class Waiting {
  readonly #open = new Map<object, { readonly name: string; readonly since: number }>();

  /** The source, seen while it is asked. */
  watch(source: Source): Source {
    return {
      name: source.name,
      read: async (domain, path, request) => {
        const question = {};
        this.#open.set(question, { name: source.name, since: performance.now() });
        try {
          return await source.read(domain, path, request);
        } finally {
          this.#open.delete(question);
        }
      },
    };
  }

  /** One line, or none where nobody is slow. */
  lines(): string[] {
    const now = performance.now();
    const slow = [...this.#open.values()].filter(({ since }) => now - since >= SHOW_AFTER);
    const [longest] = slow.sort((a, b) => a.since - b.since);
    if (!longest) return [];
    const others = new Set(slow.map(({ name }) => name)).size - 1;
    const more = others > 0 ? `, and ${others} more` : "";
    return [`waiting for ${longest.name} (${formatDuration(now - longest.since)})${more}`];
  }
}
