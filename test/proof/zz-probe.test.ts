import { test } from "vitest";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import { kernel } from "../kernel.js";
import { must } from "../domain/fixture.js";
import { formatEntry } from "../../src/lineage/entry.js";
import { openSeen, prove, runOnce, see, verify, failuresIn, goodLog, publicFolders, roots, witness } from "./fixture.js";
import { assemble, refit, takeApart, copyOf, writtenOf, rewrite, withLog, leafOf, sha256 } from "./attacker.js";
import { asking, gateSigner, TestEffect } from "../gate/harness.js";
import { NOW } from "../authorization/world.js";
import { encodeBase64 } from "../../src/bytes/base64.js";
void formatEntry; void leafOf; void gateSigner; void roots; void witness;

const say = (what: string, r: any) => console.log("##", what, r.outcome, r.code, failuresIn(r).join(" | ").slice(0, 400));
const attempt = async (what: string, f: () => Promise<any>) => { try { say(what, await f()); } catch (e) { console.log("##", what, "THROWS", String(e).slice(0, 300)); } };

test("probe", async () => {
  const bench = await goodLog();
  const { bytes } = await prove(bench);
  const good = takeApart(bytes);
  console.log("identity", Buffer.from(assemble(good)).equals(Buffer.from(bytes)), Buffer.from(assemble(refit(good))).equals(Buffer.from(bytes)));
  await attempt("A cut between runs", async () => {
    const p = copyOf(good);
    const cut = p.logs[0]!.findIndex(({ text }) => /"kind":"outcome"/.test(text)) + 1;
    const size = p.logs[0]!.length;
    p.logs[0] = p.logs[0]!.slice(0, cut);
    const proof = must(await new TreeReader(kernel, bench.storage, BigInt(size), "c2sp").proveConsistency(BigInt(cut)));
    p.manifest.logs[0].checkpoints.at(-1).proof = proof.map(encodeBase64);
    return verify(assemble(refit(p)));
  });
  await attempt("B openings behind a decision", async () => {
    const p = copyOf(good);
    const d = p.logs[0]!.find(({ text }) => /"kind":"outcome"/.test(text))!;
    d.opened.push(p.logs[0]!.flatMap((l) => l.opened)[0]!);
    return verify(assemble(refit(p)));
  });
  await attempt("B2 openings behind start", async () => {
    const p = copyOf(good);
    p.logs[0]![0]!.opened.push('{"request":"' + "00".repeat(32) + '"}');
    return verify(assemble(refit(p)));
  });
  // C: denied without possession
  await attempt("C denied", async () => {
    const b = await openSeen();
    await see(b);
    const ask = await asking(b.gate, { effect: new TestEffect() });
    const wrong = { ...ask, possession: { ...ask.possession, salt: new Uint8Array(32).fill(9) } };
    const s = await b.gate.start(wrong as any);
    console.log("started", s.outcome, (s as any).code);
    await runOnce(b, {}, 0);
    await see(b);
    const { bytes } = await prove(b);
    const p = takeApart(bytes);
    for (const l of p.logs[0]!) console.log(l.text.slice(0, 130), l.opened.length);
    say("C good", await verify(bytes));
    const line = p.logs[0]!.find((l) => l.opened.length > 0)!;
    console.log(line.opened);
    line.opened = line.opened.map((o) => o.replace('"value":5', '"value":6'));
    say("C changed value", await verify(assemble(refit(p))));
    line.opened = [line.opened[0]!, line.opened[0]!, ...line.opened.slice(1)];
    say("C twice", await verify(assemble(refit(p))));
    line.opened = [];
    return verify(assemble(refit(p)));
  });
  await attempt("D policy before trust", async () => {
    return undefined as any;
  });
  for (const [n, d] of Object.entries({ "now 1e300": { now: 1e300 }, "asOf 1e300": { asOf: 1e300 }, "asOf -1e300": { asOf: -1e300 }, "now 1e15": { now: 1e15 }, "limit NaN": { limit: NaN }, "limit 0": { limit: 0 }, "skew 1e300": { skew: 1e300 }, compromised: { compromised: new Set([Buffer.from(witness.key.publicKey).toString("hex").toUpperCase()]) }, "wi inf": { witnessInterval: Infinity }, "remembered junk": { remembered: [new Uint8Array(3)] } }))
    await attempt(n, () => verify(bytes, d as any));
  await attempt("I extra domain root twice", async () => {
    const p = copyOf(good);
    p.manifest.domains[0].roots.push(p.manifest.domains[0].roots[0]);
    return verify(assemble(refit(p)));
  });
  await attempt("I2 domain without state", async () => {
    const p = copyOf(good);
    p.manifest.trust = p.manifest.trust.filter((t: any) => t.domain !== "mill.example");
    return verify(assemble(refit(p)));
  });
  // K, M domain logs
  const whole = await prove(bench, { domains: publicFolders() });
  say("domains good", await verify(whole.bytes));
  console.log(JSON.stringify((await verify(whole.bytes)).notChecked), whole.bundle.manifest.logs.map((l) => [l.origin, l.count, l.checkpoints.map((c) => c.size)]));
  // written
  const written = await writtenOf(bench);
  console.log(written.map((w) => `${w.body.kind}@${w.time - NOW}`).join(" "));
  const sights = [{ size: 5, time: NOW }, { size: written.length, time: written.at(-1)!.time }];
  await attempt("identity rewrite", async () => verify((await prove(withLog(bench, await rewrite(written, { sights, kept: bench.storage as any })))).bytes));
  const change = async (what: string, f: (w: typeof written) => void, s: any = sights) => attempt(what, async () => {
    const w = structuredClone(written); f(w);
    const st = await rewrite(w, { sights: s.map((each: any) => ({ ...each, size: Math.min(each.size, w.length) })), kept: bench.storage as any });
    return verify((await prove(withLog(bench, st))).bytes);
  });
  await change("F start origin", (w) => (w[0]!.body.gate.origin = "ship.example/gate-2"));
  await change("G outcome late", (w) => (w.at(-1)!.time += 600_000));
  await change("G2 outcome of last run late by 1 s", (w) => (w.at(-1)!.time += 1_400));
  await change("policy first", (w) => { const [s, a, b, c, p] = w.splice(0, 5) as any; w.unshift(s, p, a, b, c); });
  await change("two starts", (w) => w.splice(5, 0, { ...w[0]!, time: w[4]!.time, leaf: "x" }));
  await attempt("J from notChecked", async () => {
    const b = await openSeen({ cadence: { state: 8 } });
    await see(b);
    for (let i = 0; i < 3; i++) await runOnce(b, {}, 1);
    await see(b);
    const last = await runOnce(b, {}, 1);
    await see(b);
    const { bytes, bundle } = await prove(b, { selection: { what: "run", run: last } });
    const r = await verify(bytes);
    console.log(bundle.manifest.logs[0]!.from, r.notChecked);
    return r;
  });
});
