/** What README says is run: the snippets, the commands, the limits. */
import { execFile, execFileSync } from "node:child_process";
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
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

/** Fenced blocks of one language, in order. */
function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return [...readme.matchAll(pattern)].map((match) => match[1] as string);
}

test("the commands and snippets run as they stand", async () => {
  const [first, commands, domains, witness, ...more] = blocks("sh") as string[];
  expect(more).toEqual([]);
  expect(first).toBe("npm ci && npm start\nnpm test\n");
  // Inside the package, so that "writ" is the package itself.
  mkdirSync(join(root, "dist"), { recursive: true });
  const folder = mkdtempSync(join(root, "dist", "readme-"));
  const server = createServer((request, response) => {
    const path = join(folder, "pay/public", request.url ?? "/");
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
    const [sixLines, reader] = blocks("js");
    expect(shell(commands)).toMatch(/PROVEN\n$/);
    expect(await node("snippet.mjs", sixLines)).toContain("outcome: 'PROVEN'");

    expect(shell(domains)).toMatch(/pay\.example {2}fresh[^]*peers: what their issuers authorize/);
    expect(shell(witness)).toMatch(/— ship\.example\/witness /);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answered = await node("reader.mjs", reader, `http://127.0.0.1:${port}/`);
    expect(answered).toMatch(/ok: true[^]*domain: 'pay\.example'[^]*limit: 'maxStaleness'/);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});

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

/** What a page loads for an entry point: the file and all that it imports statically. */
function loaded(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const code = read(`dist/${entry}`);
  for (const [, path] of code.matchAll(/(?:from|import)"\.\/([\w.-]+\.js)"/g)) {
    loaded(path as string, seen);
  }
  return seen;
}

/** Of all files, each compressed by itself, as a server sends them. */
function gzipped(...files: string[]): number {
  const sizes = files.map(
    (file) => gzipSync(readFileSync(join(root, "dist", file)), { level: 9 }).length,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("sizes are within what README states", () => {
  const limit = (what: string): number => {
    const [, number] = new RegExp(`\\| [^|]*${what}[^|]*\\| ([0-9]+) KiB +\\|`).exec(readme) ?? [];
    return Number(number) * 1024;
  };
  const entry = [...loaded("index.js")];
  expect(gzipped(...entry)).toBeLessThanOrEqual(limit("browser bundle"));
  const trust = [...loaded("trust.js")].filter((file) => !entry.includes(file));
  expect(gzipped(...trust)).toBeLessThanOrEqual(limit("writ/trust"));
  expect(gzipped("kernel.wasm")).toBeLessThanOrEqual(limit("the kernel alone"));
  const lazy = entry.flatMap((file) =>
    [...read(`dist/${file}`).matchAll(/import\("\.\/([\w.-]+\.js)"\)/g)].map(
      (match) => match[1] as string,
    ),
  );
  expect(lazy).toHaveLength(1);
  expect(gzipped(...lazy)).toBeLessThanOrEqual(limit("ML-DSA-44 chunk"));
});
