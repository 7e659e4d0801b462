import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

/** The caller asked for something that this program does not do; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** How a command ended. Exit code: 0 proven, allowed or done, 1 refuted or denied, 2 undecided. */
export interface Ending {
  readonly outcome: "PROVEN" | "REFUTED" | "INCOMPLETE" | "DONE" | "ALLOW" | "DENY";
  /** What `--json` prints besides `command` and `outcome`. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What is printed otherwise, on stdout. */
  readonly text: string;
  /** In place of the outcome's own exit code. */
  readonly exit?: number | undefined;
}

export interface Command {
  /** Words after `writ`, such as `log check`. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Lines for `--help`: arguments and options. */
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  readonly run: (args: Arguments) => Promise<Ending>;
}

/** Parsed arguments: every reader throws a `UsageError` that says what to write. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(positionals: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** The arguments that are not options: exactly as many as named. */
  exactly(...names: readonly string[]): string[] {
    if (this.positionals.length !== names.length) {
      const wanted = names.length === 0 ? "no arguments" : names.join(" ");
      throw new UsageError(`expected ${wanted}, found ${this.positionals.length} argument(s)`);
    }
    return [...this.positionals];
  }

  text(name: string): string | undefined {
    return this.#values[name] as string | undefined;
  }

  /** Every value of an option that may be repeated. */
  list(name: string): readonly string[] {
    return (this.#values[name] ?? []) as readonly string[];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is missing`);
    return value;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** Names all that is missing at once. */
  requireAll(...names: readonly string[]): void {
    const missing = names.filter((name) => !this.has(name));
    const last = missing.pop();
    if (last === undefined) return;
    const options = missing.map((name) => `--${name}`).join(", ");
    throw new UsageError(
      options === "" ? `--${last} is missing` : `${options} and --${last} are missing`,
    );
  }

  oneOf<Choice extends string>(
    name: string,
    choices: readonly Choice[],
    otherwise: Choice,
  ): Choice {
    const value = this.text(name) ?? otherwise;
    const choice = choices.find((each) => each === value);
    if (!choice) throw new UsageError(`--${name} is ${choices.join(" or ")}, not "${value}"`);
    return choice;
  }
}

export function readArguments(command: Command, words: readonly string[]): Arguments {
  try {
    const { positionals, values } = parseArgs({
      args: [...words],
      allowPositionals: true,
      strict: true,
      options: { ...command.options, json: { type: "boolean" }, help: { type: "boolean" } },
    });
    return new Arguments(positionals, values);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
