/** The package as its users get it: packed, installed beside nothing else, imported. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDomain } from "./domain/fixture.js";

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

test("writ/trust syncs a domain from memory, with the kernel of the main entry", async () => {
  const domain = await makeDomain("a.example");
  const folder = await domain.snapshot();
  const files: Record<string, string> = {};
  const gather = async (path: string): Promise<void> => {
    for (const name of await folder.list(path)) {
      const below = path === "" ? name : `${path}/${name}`;
      const bytes = await folder.read(below, 1 << 20);
      if (bytes) files[below] = Buffer.from(bytes).toString("base64");
      else await gather(below);
    }
  };
  for (const part of ["metadata", "targets", "log"]) await gather(part);
  const code = `
    import { loadKernel } from "writ";
    import { checkTrusted, folderSource, MemoryTrustStore, sync } from "writ/trust";
    const files = new Map(Object.entries(${JSON.stringify(files)}));
    const bytesOf = (path) => files.has(path) ? new Uint8Array(Buffer.from(files.get(path), "base64")) : undefined;
    const reader = { read: async (path) => bytesOf(path), list: async () => [] };
    const pin = {
      root: bytesOf("metadata/1.root.json"),
      terms: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
    };
    const sources = new Map([["a.example", [folderSource(reader, "memory")]]]);
    const now = ${domain.now};
    const store = new MemoryTrustStore();
    const results = await sync(await loadKernel(), store, sources, [pin], now);
    const { value } = results.get("a.example");
    const trusted = checkTrusted(value.view, { now, maxStaleness: 30_000, terms: pin.terms });
    console.log(value.sources[0].status, value.sources[0].log, trusted.ok);`;
  expect(run(code)).toBe("new first true\n");
});

test("writ/authorization issues, narrows and inspects, and loads digests when they are needed", () => {
  const code = `
    import { loadKernel } from "writ";
    import * as writ from "writ/authorization";
    const kernel = await loadKernel();
    const newKey = async () => writ.webCryptoSigner(
      await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const [billing, buyer] = [await newKey(), await newKey()];
    const principal = { id: "agent:buyer", key: Buffer.from(buyer.publicKey).toString("hex") };
    const terms = {
      audience: ["ship.example"], principal, command: "/pay", policy: [["<=", ".amount", 1000]],
      expires: "2030-01-01T00:00:00Z", nonce: new Uint8Array(16),
    };
    const issued = await writ.issueAuthorization(kernel, billing, "pay.example", terms);
    const narrowed = await writ.attenuateAuthorization(
      kernel, buyer, issued.value.chain, { principal, nonce: new Uint8Array(16) });
    const inspected = writ.inspectChain(kernel, narrowed.value.chain);
    console.log(inspected.value.map(({ signature }) => signature.ok).join());
    const measured = await writ.measureArtifact(kernel, ["sha256", "sha3_256"], [new Uint8Array()]);
    console.log(measured.value.sha3_256);`;
  const empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
  expect(run(code)).toBe(`true,true\n${empty}\n`);
});

test("writ/gate opens over a folder of writ/node, and the log is read without it", async () => {
  const domain = await makeDomain("a.example");
  const pinned = Buffer.from(await domain.read("metadata/1.root.json")).toString("base64");
  const code = `
    import { loadKernel, makeVerifierKey } from "writ";
    import { webCryptoSigner } from "writ/authorization";
    import { followTrust, MemoryTrustStore, openGate, parseEntry, readLog, systemHost, UNWITNESSED } from "writ/gate";
    import { FileStorage } from "writ/node";
    const kernel = await loadKernel();
    const { publicKey, sign } = await webCryptoSigner(
      await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]));
    const key = makeVerifierKey(kernel, "a.example/gate-1", "ed25519", publicKey);
    const terms = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };
    const root = new Uint8Array(Buffer.from("${pinned}", "base64"));
    const host = systemHost();
    const follower = await followTrust({
      kernel, store: new MemoryTrustStore(), own: "a.example",
      pins: [{ domain: "a.example", root, terms }],
      sources: () => [], clock: host.clock, poll: 1_000, within: 500,
    });
    const storage = new FileStorage("gate-log");
    const { value: gate } = await openGate({
      ...host, kernel, storage, signer: { key, sign }, follower, terms, maxStaleness: 30_000,
      witness: UNWITNESSED,
    });
    await gate.close();
    await follower.close();
    const { value: log } = await readLog(kernel, storage, key);
    for await (const { bytes } of log.entries(0)) console.log(parseEntry(bytes).value.kind);`;
  expect(run(code)).toMatch(/^start\n/);
});

test("on the edge, what two entries need is there once", () => {
  const files = readdirSync(join(installed, "dist"));
  const holding = (condition: string, text: string): number =>
    files.filter(
      (file) =>
        file.endsWith(".js") &&
        file.includes(condition) &&
        readFileSync(join(installed, "dist", file), "utf8").includes(text),
    ).length;
  for (const condition of ["workerd", "edge-light"]) {
    expect(holding(condition, "expected an Ed25519 "), "the kernel's bridge").toBe(1);
    expect(holding(condition, "each name once in an object"), "the reader of JSON").toBe(1);
    expect(holding(condition, "timestamp issued at most"), "freshness").toBe(1);
  }
});

test("its types stand alone, and say what they are", () => {
  const program = `
    import { loadKernel, type Kernel } from "writ";
    import { checkRequest, type Authorization, type Permission } from "writ/authorization";
    import { cooperative, openGate, systemClock, type Effect, type GateOptions } from "writ/gate";
    import { exposureOf, readTarget, type Authority, type RecordedEvidence, type VerifiedRoot } from "writ/trust";
    type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
    export const checks: [
      Equal<Authority["issuers"][number]["commands"], readonly string[]>,
      Equal<VerifiedRoot["signed"]["version"], number>,
      Equal<RecordedEvidence["evidence"], string>,
      Equal<Awaited<ReturnType<typeof loadKernel>>, Kernel>,
      Equal<Authorization["principal"]["id"], string>,
      Equal<Permission["recheck"], number>,
      Equal<Parameters<typeof openGate>[0], GateOptions>,
    ] = [true, true, true, true, true, true, true];
    export const effect: Effect = cooperative(() => {}, { clock: systemClock, grace: 0 });
    export { checkRequest, exposureOf, readTarget };`;
  writeFileSync(join(folder, "user.mts"), program);
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2022,dom"];
  const types = ["--types", "", "--ignoreConfig", "user.mts"];
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(tsc, [...options, ...types], { cwd: folder });
  expect(stdout.toString()).toBe("");
  expect(status).toBe(0);
});

test("its command runs", () => {
  const cli = join(installed, "dist", "cli.js");
  const out = execFileSync(process.execPath, [cli, "demo"], {
    cwd: folder,
    stdio: "pipe",
  }).toString();
  expect(out).toContain("PROVEN");
});

test("nothing is packed but what runs, its types, the viewer, and the schemas that README names", () => {
  const walk = (path: string): string[] =>
    readdirSync(join(installed, path), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? walk(join(path, entry.name)) : [join(path, entry.name)],
    );
  const strange = walk("").filter(
    (path) =>
      !/^(?:dist\/[\w.-]+\.(?:js|wasm|wasm\.d\.ts)|dist\/viewer\.html|dist\/types\/.*\.d\.ts|src\/(?:authorization\/predicate|lineage\/entry)\.schema\.json|package\.json|README\.md|LICENSE)$/.test(
        path,
      ),
  );
  expect(strange).toEqual([]);
  const schema = readFileSync(join(installed, "src/authorization/predicate.schema.json"), "utf8");
  expect(JSON.parse(schema)).toMatchObject({ properties: { principal: {}, policy: {} } });
});
