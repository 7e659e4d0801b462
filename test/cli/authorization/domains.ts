/** pay.example and ship.example in folders, made by the built program: what is known of them, and decided. */
import { writeFileSync } from "node:fs";
import { writ, writJson } from "../writ.js";
import type { Json } from "./fixture.js";
import { GATE, NONCE, at, billing, gate, good, helper, must, narrow, path } from "./fixture.js";

const LIFETIMES = ["--lifetimes", "timestamp=1h"];
export const TERMS = ["--max-staleness", "60s", "--max-lifetime", "2h"];

/** pay.example has an issuer for /pay; ship.example accepts it for that, has a gate, and a rule. */
export const [pay, ship] = [path("pay"), path("ship")];
must("domain", "init", "pay.example", "--dir", pay, ...LIFETIMES, ...at(0));
must("domain", "init", "ship.example", "--dir", ship, ...LIFETIMES, ...at(0));
must(
  ["domain", "issuer", "add", pay, "billing", billing.vkey, "--commands", "/pay"],
  ["--publish", ...at(1)],
);
must("domain", "gate", "add", ship, GATE, gate.vkey, ...at(0));
writeFileSync(
  path("rules.json"),
  '{"rules":[{"command":"/pay","policy":[["<=",".amount",100000]]}]}',
);
must("domain", "policy", "set", ship, path("rules.json"), ...at(0));
must(
  ["domain", "peer", "add", ship, "pay.example", "--commands", "/pay", ...TERMS],
  ["--root", `${pay}/public/metadata/1.root.json`, "--publish", ...at(1)],
);

let stores = 0;
/** A store that synced now, and knows of nothing later. */
export function store(seconds: number): string {
  const folder = path(`store-${++stores}`);
  must(
    ["sync", folder, "--pin", `${ship}/public/metadata/1.root.json`, "--peers", ...TERMS],
    ["--from", `ship.example=${ship}/public`, "--from", `pay.example=${pay}/public`],
    ...at(seconds),
  );
  return folder;
}

let proofs = 0;
export function prove(chain: string, asked: string, ...more: string[]): string {
  const out = path(`proof-${++proofs}`);
  const given = ["--gate", GATE, "--nonce", NONCE, "--key", helper.file];
  must("possess", chain, "--request", asked, ...given, "--out", out, ...at(2), ...more);
  return out;
}

export const trust = store(2);
export const proof = prove(narrow, good);
export const WITH_PROOF = ["--gate", GATE, "--nonce", NONCE, "--proof", proof];

export function check(chain: string, asked: string, ...more: string[]) {
  const now = more.includes("--now") ? [] : at(2);
  const by = more.includes("--trust") ? [] : ["--trust", trust];
  return writ(["check", chain, "--request", asked, ...by, ...now, ...more]);
}

export function checkJson(chain: string, asked: string, ...more: string[]): Json {
  const now = more.includes("--now") ? [] : at(2);
  const by = more.includes("--trust") ? [] : ["--trust", trust];
  return writJson(["check", chain, "--request", asked, ...by, ...now, ...more]);
}
