/** The package as its users get it: packed, installed beside nothing else, imported. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "writ-package-"));
const installed = join(folder, "node_modules", "writ");

beforeAll(() => {
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    stdio: "pipe",
  });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz")) as [string];
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(code: string, ...flags: string[]): string {
  writeFileSync(join(folder, "run.mjs"), code);
  return execFileSync(process.execPath, [...flags, "run.mjs"], {
    cwd: folder,
    stdio: "pipe",
  }).toString();
}

test("it installs without dependencies, and the kernel answers", () => {
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const code = `
    import { loadKernel } from "writ";
    const kernel = await loadKernel();
    console.log(Buffer.from(kernel.sha256(new TextEncoder().encode("abc"))).toString("hex"));`;
  expect(run(code)).toBe(`${digest}\n`);
});

test("the digest that it states is that of the kernel in it", () => {
  const code = `
    import { kernelDigest } from "writ";
    import { createHash } from "node:crypto";
    import { readFileSync } from "node:fs";
    import { fileURLToPath } from "node:url";
    const bytes = readFileSync(fileURLToPath(import.meta.resolve("writ/kernel.wasm")));
    console.log(createHash("sha256").update(bytes).digest("hex") === kernelDigest);`;
  expect(run(code)).toBe("true\n");
});

test("its command runs", () => {
  const cli = join(installed, "dist", "cli.js");
  const out = execFileSync(process.execPath, [cli, "demo"], {
    cwd: folder,
    stdio: "pipe",
  }).toString();
  expect(out).toContain("PROVEN");
});

test("nothing is packed but what runs and its types", () => {
  const walk = (path: string): string[] =>
    readdirSync(join(installed, path), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? walk(join(path, entry.name)) : [join(path, entry.name)],
    );
  const strange = walk("").filter(
    (path) =>
      !/^(?:dist\/[\w.-]+\.(?:js|wasm|wasm\.d\.ts)|dist\/types\/.*\.d\.ts|package\.json|README\.md|LICENSE)$/.test(
        path,
      ),
  );
  expect(strange).toEqual([]);
});
