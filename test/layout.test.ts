/** The architecture as a test: which folder may import which, and where a runtime may show. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A folder may use its own files and every floor below. Runtime may use the kernel alone. */
const FLOORS: Readonly<Record<string, number>> = {
  assembly: 0,
  kernel: 1,
  bytes: 1,
  storage: 1,
  verdict: 1,
  tlog: 2,
  attestation: 2,
  trust: 2,
  runtime: 2,
  authorization: 3,
  sync: 3,
  domain: 3,
  lineage: 3,
  gate: 4,
  proof: 5,
  cli: 6,
  node: 6,
  site: 6,
};
const HOSTS = new Set(["cli", "node", "site"]);

/** Only re-exports: what the package's subpaths name. */
const ENTRIES = new Set([
  "src/index.ts",
  "src/edge.ts",
  "src/pool.ts",
  "src/api.ts",
  "src/trust.ts",
  "src/authorization.ts",
  "src/gate.ts",
  "src/proof.ts",
  "src/node.ts",
]);

/** Drivers of one platform's medium, reached only from hosts. */
const DRIVERS = new Set([
  "src/storage/files.ts",
  "src/storage/file-system.ts",
  "src/storage/file-trust-store.ts",
  "src/storage/lock.ts",
  "src/storage/owner.ts",
]);

const PLATFORM =
  /\b(?:Deno|Bun|process(?!")|window|fetch|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bMath\.random\b|\bgetRandomValues\b|\brandomUUID\b|["']node:/;

interface Source {
  readonly path: string;
  readonly folder: string;
  readonly code: string;
  readonly imports: readonly string[];
}

function sources(folder: string): Source[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    if (!/\.tsx?$/.test(entry.name)) return [];
    const text = readFileSync(join(root, path), "utf8");
    const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    const statement =
      /^(?:import|export)\s(?!(?:const|function|class|async|interface)\b)[^;"]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms;
    const imports = [...code.matchAll(statement)].map((m) => (m[1] ?? m[2] ?? m[3]) as string);
    return [{ path, folder: folderOf(path), code, imports }];
  });
}

/** `src/tlog/note.ts` is tlog; `src/verdict.ts` is verdict; `assembly/abi.ts` is assembly. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "assembly" ? "assembly" : parts[1]!.replace(/\.ts$/, "");
}

const all = sources("src");

function target(source: Source, specifier: string): string {
  const path = normalize(join(dirname(source.path), specifier)).replace(/\.js$/, ".ts");
  return relative(".", path);
}

test("every folder of src stands on a floor", () => {
  const known = all.filter(({ path }) => !ENTRIES.has(path));
  for (const { path, folder } of known) expect(FLOORS[folder], path).toBeDefined();
});

test("imports point down, never to a neighbour", () => {
  for (const source of all.filter(({ path }) => !ENTRIES.has(path))) {
    for (const specifier of source.imports.filter((each) => each.startsWith("."))) {
      const to = target(source, specifier);
      const folder = folderOf(to);
      const rule = `${source.path} imports ${to}`;
      if (folder === source.folder) continue;
      expect(FLOORS[folder], rule).toBeLessThan(FLOORS[source.folder]!);
      if (source.folder === "runtime") expect(folder, rule).toBe("kernel");
      if (folder === "runtime") expect(HOSTS.has(source.folder), rule).toBe(true);
      if (folder === "assembly") expect(to, rule).toBe("assembly/abi.ts");
      if (folder === "assembly") expect(source.folder, rule).toBe("kernel");
      if (DRIVERS.has(to)) expect(HOSTS.has(source.folder), rule).toBe(true);
    }
  }
});

test("entry points only re-export", () => {
  for (const { path, code } of all.filter((each) => ENTRIES.has(each.path))) {
    const statements = code.split(";").filter((statement) => statement.trim() !== "");
    for (const statement of statements)
      expect(statement.trim(), path).toMatch(/^export .* from "/s);
  }
});

test("no platform shows outside runtime, drivers and hosts: time, chance and I/O are parameters", () => {
  for (const { path, folder, code } of all) {
    if (HOSTS.has(folder) || folder === "runtime" || DRIVERS.has(path)) continue;
    expect(PLATFORM.exec(code)?.[0], path).toBeUndefined();
  }
});

/** Folders whose files describe what is signed or stored. */
const SCHEMAS = new Set(["trust", "sync", "domain", "authorization", "lineage", "gate", "proof"]);

/** What draws pages, in the files of the site alone. */
const PAGES = new Set(["preact", "@preact/signals"]);

test("pages are drawn in the site alone", () => {
  for (const { path, folder } of all.filter((each) => each.path.endsWith(".tsx"))) {
    expect(folder, path).toBe("site");
  }
});

test("packages from outside are used where they belong", () => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    "@assemblyscript/loader": ["src/kernel/border.ts"],
    "@noble/post-quantum/ml-dsa.js": ["src/tlog/ml-dsa.ts"],
    "hash-wasm": ["src/cli/key-file.ts", "src/attestation/hash-wasm.ts"],
  };
  for (const { path, folder, imports } of all) {
    for (const specifier of imports.filter((each) => !/^(?:\.|#|node:)/.test(each))) {
      if (specifier === "valibot" && SCHEMAS.has(folder)) continue;
      if (folder === "site" && PAGES.has(specifier)) continue;
      expect(allowed[specifier] ?? [], `${path} imports ${specifier}`).toContain(path);
    }
  }
});

test("files are one idea: none under src is over 350 lines", () => {
  for (const { path } of all) {
    const lines = readFileSync(join(root, path), "utf8").split("\n").length;
    expect(lines, path).toBeLessThanOrEqual(350);
  }
});
