/** Calls between the demonstration and the processes of its domains. */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";

/** Tells a process of this program that it is one part of the demonstration. */
const PART = "WRIT_DEMO_PART";

/** What a part does when it is asked. */
export type Methods<M> = {
  readonly [Name in keyof M]: (...args: never[]) => Promise<unknown>;
};

interface Question {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a part asks of another one, which its parent knows. */
interface Errand {
  readonly id: number;
  readonly to: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

export function isPart(): boolean {
  return process.send !== undefined && process.env[PART] !== undefined;
}

/** Answers questions until the parent is gone or says that it is over. */
export async function serve<M extends Methods<M>>(methods: M): Promise<void> {
  const ended = new Promise<void>((resolve) => process.once("disconnect", resolve));
  process.on("message", (question: Question | Answer) => {
    if ("method" in question) void answer(methods, question);
  });
  await ended;
}

let errands = 0;

/** Asks another part, by way of the parent. */
export function askOther(
  to: string,
  method: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const id = errands++;
  return new Promise((resolve, reject) => {
    const hear = (said: Question | Answer): void => {
      if ("method" in said || said.id !== id) return;
      process.off("message", hear);
      if ("value" in said) resolve(said.value);
      else reject(new Error(said.error));
    };
    process.on("message", hear);
    const errand: Errand = { id, to, method, args };
    if (!process.connected) reject(new Error("the parent is gone"));
    else process.send?.(errand);
  });
}

async function answer<M extends Methods<M>>(
  methods: M,
  { id, method, args }: Question,
): Promise<void> {
  let said: Answer;
  try {
    const call = methods[method as keyof M];
    said = { id, value: await call.apply(methods, args as never[]) };
  } catch (error) {
    said = { id, error: error instanceof Error ? error.message : String(error) };
  }
  if (process.connected) process.send?.(said);
}

/** A process of its own, to be asked. */
export class Part<M extends Methods<M>> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** Carries what this part asks of another one. */
  onErrand: (to: string, method: string, args: readonly unknown[]) => Promise<unknown> = () =>
    Promise.reject(new Error("nobody is there"));

  constructor(readonly name: string) {
    this.#child = fork(process.argv[1] as string, ["demo"], {
      env: { ...process.env, [PART]: name },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (said: Answer | Errand) => {
      if ("to" in said) return void this.#carry(said);
      const waiting = this.#waiting.get(said.id);
      this.#waiting.delete(said.id);
      if ("value" in said) waiting?.resolve(said.value as never);
      else waiting?.reject(new Error(`${name}: ${said.error}`));
    });
    this.#child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} has ended`));
      this.#waiting.clear();
    });
  }

  ask<Name extends keyof M & string>(
    method: Name,
    ...args: Parameters<M[Name]>
  ): ReturnType<M[Name]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, args } satisfies Question, (error) => {
        if (error) reject(error);
      });
    }) as ReturnType<M[Name]>;
  }

  async #carry({ id, to, method, args }: Errand): Promise<void> {
    let said: Answer;
    try {
      said = { id, value: await this.onErrand(to, method, args) };
    } catch (error) {
      said = { id, error: error instanceof Error ? error.message : String(error) };
    }
    if (this.#child.connected) this.#child.send(said);
  }

  /** Ends the process; its last answer was given. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await gone;
  }
}
