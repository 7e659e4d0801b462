import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import type { Running } from "../../src/runtime/confinement/effect.js";
import type { ProcessOptions } from "../../src/runtime/confinement/process.js";
import { processGroup } from "../../src/runtime/confinement/process.js";
import type { Argument } from "../../src/runtime/confinement/program.js";
import {
  context,
  eventually,
  impatient,
  killMarked,
  mark,
  marked,
  patient,
  shell,
  Text,
} from "./fixture.js";

async function begin(
  options: ProcessOptions,
  text: string,
  ...words: Argument[]
): Promise<Running> {
  return processGroup(await shell(text, ...words), options).start(context());
}

/** Leaves the group, and then says so by a file; who waits for that knows that it has left. */
const APART = `setsid sh -c 'touch "/tmp/$0"; while :; do sleep 0.05; done' "$0" &`;
const MEET = `until [ -e "/tmp/$0" ]; do sleep 0.01; done`;

test("a program gives its exit code, or the signal that ended it", async () => {
  const end = async (text: string) => (await begin(patient(new Text()), text)).ended;
  expect(await end("exit 0")).toEqual({ outcome: "done", exit: 0, signal: null });
  expect(await end("exit 7")).toEqual({ outcome: "failed", exit: 7, signal: null });
  const killed = { outcome: "failed", exit: null, signal: "SIGKILL" };
  expect(await end("kill -KILL $$")).toEqual(killed);
});

test("it reads what it is given, writes where it is told, and starts where it is told", async () => {
  const text = new Text();
  const options = { ...patient(text), input: Buffer.from("given\n"), workingFolder: "/usr" };
  await (
    await begin(options, "cat; pwd; echo err >&2")
  ).ended;
  expect(text.text.split("\n").sort()).toEqual(["", "/usr", "err", "given"]);
  const none = new Text();
  await (
    await begin(patient(none), "cat; echo end")
  ).ended;
  expect(none.text).toBe("end\n");
  const large = new Text();
  await (
    await begin(patient(large), "head -c 3000000 /dev/zero | tr '\\0' x")
  ).ended;
  expect(large.text).toHaveLength(3_000_000);
});

test("what cannot be started is a failed end, and never throws", async () => {
  const prepared = await shell("exit 0");
  const nowhere = { ...patient(new Text()), workingFolder: "/nowhere" };
  const running = processGroup(prepared, nowhere).start(context());
  expect(await running.ended).toMatchObject({ outcome: "failed", exit: null, signal: null });
  expect(await running.interrupt()).toMatchObject({ answer: "unknown", steps: [] });
  const nul = { ...prepared, argv: ["/bin/sh", "\0"] };
  const refused = processGroup(nul, patient(new Text())).start(context());
  expect(await refused.ended).toMatchObject({ outcome: "failed" });
});

test("F35: a program that obeys SIGTERM has ended, and the answer is unknown", async () => {
  const text = new Text();
  const running = await begin(
    patient(text),
    'trap "echo orderly; exit 5" TERM; echo ready; while :; do sleep 0.01; done',
  );
  await text.says("ready");
  const { answer, steps } = await running.interrupt();
  expect([answer, steps[0]]).toEqual(["unknown", "signalled"]);
  expect(await running.ended).toEqual({ outcome: "failed", exit: 5, signal: null });
  expect(text.text).toContain("orderly");
});

test("F35: a hung program is killed after the grace time, and never said to have stopped", async () => {
  const text = new Text();
  const word = mark();
  const running = await begin(
    impatient(text),
    'trap "" TERM; (trap "" TERM; while :; do sleep 0.05; done) & echo ready; wait',
    word,
  );
  await text.says("ready");
  const { answer, steps, took } = await running.interrupt();
  expect([answer, steps]).toEqual(["unknown", ["signalled", "killed", "closed"]]);
  expect(took).toBeGreaterThanOrEqual(30);
  expect(Number.isSafeInteger(took)).toBe(true);
  expect((await running.ended).signal).toBe("SIGKILL");
  expect(marked(word)).toEqual([]);
});

test("F35: a setsid grandchild lives on, so the answer is unknown and not stopped", async () => {
  const text = new Text();
  const word = mark();
  const running = await begin(
    impatient(text),
    'setsid sh -c "echo apart; while :; do sleep 0.05; done" "$0" & wait',
    word,
  );
  try {
    await text.says("apart");
    expect((await running.interrupt()).answer).toBe("unknown");
    expect(marked(word)).toHaveLength(1);
  } finally {
    killMarked(word);
  }
});

test("F37: a double fork leaves a process group, and no set is claimed", async () => {
  const text = new Text();
  const word = mark();
  const prepared = await shell(
    `(${APART}); ${MEET}; cat /etc/passwd > /dev/null && echo read`,
    word,
  );
  const effect = processGroup(prepared, patient(text));
  expect(effect.isolation).toEqual({ level: "process" });
  const running = effect.start(context());
  try {
    expect((await running.ended).outcome).toBe("done");
    expect(text.text).toContain("read");
    expect((await running.interrupt()).answer).toBe("unknown");
    expect(marked(word)).toHaveLength(1);
  } finally {
    killMarked(word);
    await rm(`/tmp/${word}`);
  }
});

test("when a program ends by itself, the rest of its group does too", async () => {
  const word = mark();
  const text = new Text();
  const running = await begin(
    patient(text),
    'sh -c "while :; do sleep 0.05; done" "$0" & echo ready; exit 0',
    word,
  );
  try {
    expect((await running.ended).outcome).toBe("done");
    await eventually(() => marked(word).length === 0, "the rest of the group is gone");
  } finally {
    killMarked(word);
  }
});

test("a grandchild that holds the output does not keep the end waiting", async () => {
  const word = mark();
  const text = new Text();
  const running = await begin(patient(text), `${APART} ${MEET}; echo done`, word);
  try {
    expect((await running.ended).exit).toBe(0);
    expect(marked(word)).toHaveLength(1);
    expect(text.text).toBe("done\n");
  } finally {
    killMarked(word);
    await rm(`/tmp/${word}`);
  }
});

test("an interruption at once, twice, or after the end, is answered", async () => {
  const early = await begin(impatient(new Text()), "while :; do :; done");
  const first = early.interrupt();
  expect(early.interrupt()).toBe(first);
  expect((await first).answer).toBe("unknown");
  const over = await begin(patient(new Text()), "exit 0");
  await over.ended;
  expect((await over.interrupt()).answer).toBe("unknown");
});

test("F39: a busy loop in a child is ended, with one answer every time: 100 runs", async () => {
  const word = mark();
  const answers = new Set<string>();
  const ends = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const text = new Text();
    const options = { ...impatient(text), grace: 1 };
    const running = await begin(options, 'trap "" TERM; echo ready; while :; do :; done', word);
    await text.says("ready");
    const { answer, steps } = await running.interrupt();
    answers.add(`${answer} ${steps.join()}`);
    ends.add(JSON.stringify(await running.ended));
  }
  expect([...answers]).toEqual(["unknown signalled,killed,closed"]);
  expect([...ends]).toEqual(['{"outcome":"failed","exit":null,"signal":"SIGKILL"}']);
  expect(marked(word)).toEqual([]);
});
