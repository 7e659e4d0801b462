import { link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { deno, openDeno } from "../../src/runtime/confinement/deno.js";
import type { Sets } from "../../src/runtime/confinement/effect.js";
import { refuseLinksOut } from "../../src/runtime/confinement/links.js";
import { prepareModule } from "../../src/runtime/confinement/program.js";
import { installed, INSTALL } from "../conformance/launch/installed.js";
import { context, must, patient, testWith, Text } from "./fixture.js";

const path = installed("deno/deno");
const opened = path === undefined ? undefined : must(await openDeno(path));
const confined = testWith(opened ? undefined : `Deno is not there: ${INSTALL}`);
const base = await mkdtemp("/var/tmp/writ-links-");
afterAll(async () => {
  await opened?.discard();
  await rm(base, { recursive: true });
});

let folders = 0;

/** A folder `in` to be in a set, with a file and a folder, and one `out` that is in none. */
async function folder(): Promise<{ inside: string; outside: string }> {
  const at = join(base, String((folders += 1)));
  const [inside, outside] = [join(at, "in"), join(at, "out")];
  await mkdir(join(inside, "deep"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(inside, "file"), "inner");
  await writeFile(join(outside, "file"), "outer");
  await writeFile(join(at, "file"), "outer");
  return { inside, outside };
}

const refused = (sets: Sets) => refuseLinksOut(sets).then((each) => each?.found);

test("F37: a link that leads out of its set is refused: to a file, a folder, by way of others, to nothing", async () => {
  const targets = (outside: string): string[] => [
    join(outside, "file"),
    outside,
    "../../out/file",
    join(outside, "absent"),
    "absent",
    "self",
  ];
  for (let i = 0; i < targets("").length; i++) {
    const { inside, outside } = await folder();
    const at = join(inside, "deep", "self");
    await symlink(targets(outside)[i] as string, at);
    for (const sets of [{ read: [inside] }, { write: [inside] }, { read: [outside, inside] }]) {
      const stays = sets.read?.includes(outside) && i < 3;
      expect(await refused(sets), at).toBe(stays ? undefined : JSON.stringify(at));
    }
  }
  const { inside, outside } = await folder();
  await symlink(outside, join(inside, "deep", "b"));
  await symlink("deep/b/file", join(inside, "a"));
  expect(await refused({ read: [inside] })).toBeDefined();
});

test("F37: links that stay are no reason; what may be moved must stay wherever it is", async () => {
  const { inside, outside } = await folder();
  await symlink(join(inside, "file"), join(inside, "deep", "absolute"));
  await symlink("deep", join(inside, "below"));
  await symlink(inside, join(outside, "to-the-set"));
  await link(join(outside, "file"), join(inside, "hard"));
  expect(await refused({ read: [inside], write: [inside] })).toBeUndefined();
  expect(await refused({ read: [join(outside, "to-the-set")] })).toBeUndefined();
  const relative = join(inside, "deep", "relative");
  await symlink("../file", relative);
  expect(await refused({ read: [inside] })).toBeUndefined();
  expect(await refused({ write: [inside] })).toBe(JSON.stringify(relative));
  expect(await refused({ read: [inside], write: [inside] })).toBe(JSON.stringify(relative));
});

test("a file, what is not there, and everything, have no links in them", async () => {
  const { inside, outside } = await folder();
  await symlink(outside, join(inside, "out"));
  for (const each of [join(inside, "file"), join(inside, "absent"), "/"]) {
    expect(await refused({ read: [each], write: [each] }), each).toBeUndefined();
  }
  expect(await refused({})).toBeUndefined();
});

confined("F37: what Deno would follow, it is not given", async () => {
  const { inside, outside } = await folder();
  const program = join(base, "module.js");
  await writeFile(
    program,
    `const [place] = Deno.args;
    for (const name of ["out", "moved"]) {
      try {
        if (name === "moved") Deno.renameSync(place + "/deep/relative", place + "/moved");
        console.log(name, Deno.readTextFileSync(place + "/" + name));
      } catch (error) {
        console.log(name, error.name);
      }
    }`,
  );
  const prepare = async () =>
    must(await prepareModule({ program, arguments: [inside], environment: {} }));
  const sets = { read: [inside], write: [inside], net: [], run: [] };
  const runtime = opened as NonNullable<typeof opened>;
  const first = await prepare();
  const text = new Text();
  const effect = must(await deno(runtime, first, sets, patient(text)));
  // Made too late to be seen: so it can be shown what they would do.
  await symlink(join(outside, "file"), join(inside, "out"));
  await symlink("../file", join(inside, "deep", "relative"));
  await effect.start(context()).ended;
  expect(text.text).toBe("out outer\nmoved outer\n");
  for (const there of ["out", "moved"]) {
    const prepared = await prepare();
    expect(await deno(runtime, prepared, sets, patient(new Text()))).toMatchObject({
      code: "ISOLATION",
    });
    await prepared.discard();
    await rename(join(inside, there), join(outside, there));
  }
  const open = { ...sets, run: ["/bin/true"] };
  await symlink(join(outside, "file"), join(inside, "claimless"));
  const claimless = await prepare();
  expect((await deno(runtime, claimless, open, patient(new Text()))).ok).toBe(true);
  await claimless.discard();
  await rm(join(inside, "claimless"));
  const prepared = await prepare();
  const said = new Text();
  await must(await deno(runtime, prepared, sets, patient(said))).start(context()).ended;
  expect(said.text).toBe("out NotFound\nmoved NotFound\n");
});
