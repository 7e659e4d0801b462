/** What README says is run: the snippets, the commands, the limits. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { vectors } from "./vectors.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

/** Fenced blocks of one language, in order. */
function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return [...readme.matchAll(pattern)].map((match) => match[1] as string);
}

test("the commands and snippets run as they stand", async () => {
  const [first, commands, domains, witness, authorizations, gated, proof, ...more] = blocks("sh");
  expect(more).toEqual([]);
  expect(first).toBe("npm ci && npm start\nnpm test\n");
  // Inside the package, so that "writ" is the package itself.
  mkdirSync(join(root, "dist"), { recursive: true });
  const folder = mkdtempSync(join(root, "dist", "readme-"));
  const server = createServer((request, response) => {
    const path = join(folder, request.url ?? "/");
    const found = existsSync(path);
    response.writeHead(found ? 200 : 404).end(found ? readFileSync(path) : "");
  });
  try {
    writeFileSync(
      join(folder, "writ"),
      `#!/bin/sh\nexec "${process.execPath}" "${root}dist/cli.js" "$@"\n`,
    );
    chmodSync(join(folder, "writ"), 0o755);
    const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
    const shell = (text: string | undefined): string =>
      execFileSync("bash", ["-euc", text ?? "exit 1"], {
        cwd: folder,
        env,
        stdio: "pipe",
      }).toString();
    const node = async (name: string, text: string | undefined, ...args: string[]) => {
      writeFileSync(join(folder, name), text ?? "");
      const run = promisify(execFile);
      return (await run(process.execPath, [name, ...args], { cwd: folder })).stdout;
    };
    const [sixLines, reader, decide, verifying] = blocks("js");
    expect(shell(commands)).toMatch(/PROVEN\n$/);
    expect(await node("snippet.mjs", sixLines)).toContain("outcome: 'PROVEN'");

    expect(shell(domains)).toMatch(/pay\.example {2}fresh[^]*peers: what their issuers authorize/);
    expect(shell(witness)).toMatch(/— ship\.example\/witness /);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answered = await node("reader.mjs", reader, `http://127.0.0.1:${port}/pay/public/`);
    const asked = shell(authorizations);
    expect(asked).toMatch(/^ALLOW {2}agent:helper \/pay\/invoice$/m);
    expect(asked).toMatch(/DENY {2}REVOKED[^]*denied\n$/);
    const governed = shell(gated);
    expect(governed).toMatch(
      /^the report of eu\nexit code 77\nexit code 78\nship\.example\/gate-1: /m,
    );
    expect(governed).toMatch(
      /deny SCOPE[^]*drifted {5}REVOKED, revocation\n[^]*contained {3}unknown/,
    );
    const proven = shell(proof);
    expect(proven).toMatch(/^a report that can be proven\nreport\.bundle: [0-9]+ bytes/m);
    expect(proven).toMatch(/^PROVEN\nas of 20/m);
    expect(await node("verifying.mjs", verifying)).toMatch(/^PROVEN 20/);
    const decided = await node("decide.mjs", decide, `http://127.0.0.1:${port}`);
    expect(decided).toMatch(/ok: false,\s+code: 'REVOKED'/);
    expect(answered).toMatch(/ok: true[^]*domain: 'pay\.example'[^]*limit: 'maxStaleness'/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(!vectors.present)(
  "the example runs over the built package, and its exit code tells",
  () => {
    const example = (file: string) =>
      spawnSync(process.execPath, [join(root, "examples/eleven-eleven.mjs"), file], {
        encoding: "utf8",
      });
    const sample = vectors.path("eleven-eleven", "sample-lineage.json");
    expect(example(sample)).toMatchObject({ status: 0 });
    expect(example(sample).stdout).toMatch(/events: 3 verified\n[^]*does not prove/);
    const folder = mkdtempSync(join(root, "dist", "example-"));
    try {
      const changed = join(folder, "changed.json");
      writeFileSync(changed, readFileSync(sample, "utf8").replace("agent:demo", "agent:evil"));
      expect(example(changed)).toMatchObject({ status: 1 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("every npm script that a document names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const file of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]) {
    for (const [, name] of read(file).matchAll(/`npm run ([\w:]+)/g)) {
      expect(Object.keys(scripts), file).toContain(name);
    }
  }
});

test("every file that a document names exists", () => {
  for (const file of ["README.md", "ARCHITECTURE.md", "SECURITY.md"]) {
    for (const [, path] of read(file).matchAll(/`((?:src|assembly|test|build)\/[\w./-]+\.\w+)`/g)) {
      expect(() => read(path as string), `${file} names ${path}`).not.toThrow();
    }
  }
});

/** What a bundler makes of these entry points: one file, and apart what is loaded when it is needed. */
async function bundled(...entries: string[]): Promise<{ main: number; lazy: number[] }> {
  const { outputFiles } = await build({
    stdin: {
      contents: entries.map((entry) => `export * from "./dist/${entry}.js";`).join("\n"),
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: "out",
    write: false,
    logLevel: "error",
  });
  const sizes = outputFiles.map(({ path, contents }) => ({
    main: path.endsWith("stdin.js"),
    size: gzipSync(contents, { level: 9 }).length,
  }));
  return {
    main: sizes.find(({ main }) => main)?.size ?? 0,
    lazy: sizes.filter(({ main }) => !main).map(({ size }) => size),
  };
}

test("sizes are within what README states", async () => {
  const limit = (what: string): number => {
    const [, number] = new RegExp(`\\| [^|]*${what}[^|]*\\| ([0-9]+) KiB +\\|`).exec(readme) ?? [];
    return Number(number) * 1024;
  };
  const one = await bundled("index");
  const two = await bundled("index", "trust");
  const three = await bundled("index", "trust", "authorization");
  const four = await bundled("index", "trust", "authorization", "gate");
  const five = await bundled("index", "trust", "authorization", "gate", "proof");
  expect(one.main).toBeLessThanOrEqual(limit("browser bundle"));
  expect(two.main - one.main).toBeLessThanOrEqual(limit("`writ/trust`"));
  expect(three.main - two.main).toBeLessThanOrEqual(limit("`writ/authorization`"));
  expect(four.main - three.main).toBeLessThanOrEqual(limit("`writ/gate`"));
  expect(five.main - four.main).toBeLessThanOrEqual(limit("`writ/proof`"));
  expect(one.lazy).toHaveLength(1);
  expect(one.lazy[0]).toBeLessThanOrEqual(limit("ML-DSA-44 chunk"));
  expect(three.lazy).toHaveLength(2);
  expect(four.lazy).toEqual(three.lazy);
  expect(Math.max(...three.lazy)).toBeLessThanOrEqual(limit("hash-wasm chunk"));
  const kernel = readFileSync(join(root, "dist/kernel.wasm"));
  expect(gzipSync(kernel, { level: 9 }).length).toBeLessThanOrEqual(limit("the kernel alone"));
  const viewer = readFileSync(join(root, "dist/viewer.html"));
  expect(gzipSync(viewer, { level: 9 }).length).toBeLessThanOrEqual(limit("the Proof Viewer"));
});
