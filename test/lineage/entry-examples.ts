/** Entries of every kind: first one with every member, then one with as little as may be. */
import type { Entry, EntryKind } from "../../src/lineage/entry.js";
import type { TrustName } from "../../src/lineage/entry/run.js";

const linked = { prev: "ab".repeat(32), time: "2026-06-01T12:00:00.5Z" };
const first = { prev: null, time: "2026-06-01T12:00:00Z" };
const hex = (byte: string): string => byte.repeat(32);
const run = "0f".repeat(16);
const name = { origin: "a.example/gate", index: 7, leaf: hex("1e") };

const statement = {
  payloadType: "application/vnd.in-toto+json",
  payload: "eyJ3cml0IjoxfQ==",
  signatures: [{ keyid: hex("c1"), sig: "c2lnbmF0dXJl" }],
};

const known: TrustName = {
  domain: "a.example",
  digest: hex("d1"),
  version: 12,
  view: hex("d2"),
  age: 1_500,
};
const unknown: TrustName = { ...known, digest: null, version: 0, age: null };

export const EXAMPLES: {
  readonly [Kind in EntryKind]: readonly Extract<Entry, { readonly kind: Kind }>[];
} = {
  start: [
    {
      ...linked,
      kind: "start",
      state: "open",
      gate: { origin: "a.example/gate", key: hex("9a") },
      kernel: hex("4e"),
      limits: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
      witnessed: { size: 20, root: hex("70") },
      torn: 113,
      host: "node 20.19.0 linux x64",
    },
    {
      ...first,
      kind: "start",
      state: "contained",
      gate: { origin: "a.example/gate", key: hex("9a") },
      kernel: hex("4e"),
      limits: { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 },
      witnessed: null,
      torn: 0,
      host: "edge",
    },
  ],
  trust: [
    {
      ...linked,
      kind: "trust",
      domain: "b.example",
      trust: {
        digest: hex("d1"),
        issued: "2026-06-01T11:59:58Z",
        root: 1,
        timestamp: 12,
        snapshot: 5,
        targets: 4,
        status: 3,
      },
      view: hex("d2"),
      code: "STALE",
      authorizations: [hex("a1"), hex("a2")],
      keys: [hex("e1")],
    },
    {
      ...linked,
      kind: "trust",
      domain: "b.example",
      trust: null,
      view: hex("d2"),
      code: null,
      authorizations: [],
      keys: [],
    },
  ],
  policy: [
    {
      ...linked,
      kind: "policy",
      policy: hex("b1"),
      baseline: hex("b2"),
      trips: [
        { id: "many refusals", command: "/", of: "denials", most: 5, within: 60_000 },
        { id: "slow", command: "/pay", of: "duration", most: 30_000 },
      ],
    },
    { ...linked, kind: "policy", policy: hex("b1"), baseline: null, trips: [] },
  ],
  admission: [
    {
      ...linked,
      kind: "admission",
      run,
      state: "authorized",
      authorization: hex("a1"),
      chain: hex("c4"),
      issuer: { domain: "a.example", key: hex("15") },
      principal: { id: "agent:bot", key: hex("b0") },
      command: "/pay/transfer",
      arguments: [
        { name: "amount", sha256: hex("01") },
        { name: 'an\u2028odd \u{1f600} "name" \\ é', sha256: hex("02") },
      ],
      parents: [name],
    },
    {
      ...linked,
      kind: "admission",
      run,
      state: "authorized",
      authorization: hex("a1"),
      chain: hex("c4"),
      issuer: { domain: "a.example", key: hex("15") },
      principal: { id: "agent:bot", key: hex("b0") },
      command: "/",
      arguments: [],
      parents: [],
    },
  ],
  measurement: [
    {
      ...linked,
      kind: "measurement",
      run,
      state: "trusted",
      source: "attested",
      kernel: hex("4e"),
      environment: [{ name: "node", sha256: hex("40") }],
      artifacts: [{ sha256: hex("f1"), gitCommit: "f2".repeat(20) }],
      isolation: {
        level: "sandbox",
        read: ["/data"],
        write: [],
        net: ["api.example.com:443"],
        run: ["/usr/bin/env"],
      },
    },
    {
      ...linked,
      kind: "measurement",
      run,
      state: "trusted",
      source: "self-measured",
      kernel: hex("4e"),
      environment: [],
      artifacts: [],
      isolation: { level: "cooperative" },
    },
  ],
  decision: [
    {
      ...linked,
      kind: "decision",
      run,
      state: "denied",
      number: 0,
      outcome: "deny",
      code: "POLICY",
      rule: "no payments at night",
      command: "/pay/transfer",
      stateDigest: hex("5d"),
      trust: [known, unknown],
      validUntil: "2026-06-01T12:00:30Z",
      recheck: 500,
      possession: statement,
    },
    {
      ...linked,
      kind: "decision",
      run,
      state: "trusted",
      number: 3,
      outcome: "allow",
      code: null,
      rule: null,
      command: null,
      stateDigest: hex("5d"),
      trust: [],
      validUntil: null,
      recheck: null,
      possession: null,
    },
  ],
  intent: [
    {
      ...linked,
      kind: "intent",
      run,
      state: "executing",
      decision: hex("dc"),
      charges: [
        { link: hex("11"), counter: "uses", amount: 1, expires: "2026-06-01T13:00:00Z" },
        { link: hex("11"), counter: ".amount", amount: 0, expires: "2026-06-01T13:00:00Z" },
      ],
    },
    { ...linked, kind: "intent", run, state: "executing", decision: hex("dc"), charges: [] },
  ],
  outcome: [
    {
      ...linked,
      kind: "outcome",
      run,
      state: "completed",
      outcome: "failed",
      exit: 137,
      signal: "SIGKILL",
    },
    {
      ...linked,
      kind: "outcome",
      run,
      state: "completed",
      outcome: "done",
      exit: null,
      signal: null,
    },
  ],
  heartbeat: [
    { ...linked, kind: "heartbeat", run, state: "executing" },
    { ...linked, kind: "heartbeat", run: null, state: "open" },
  ],
  drift: [
    {
      ...linked,
      kind: "drift",
      run,
      state: "drifted",
      drift: "limit",
      code: "LIMIT",
      rule: "many refusals",
      evidence: hex("ee"),
    },
    {
      ...linked,
      kind: "drift",
      run: null,
      state: "contained",
      drift: "clock",
      code: "CLOCK",
      rule: null,
      evidence: null,
    },
  ],
  interruption: [
    {
      ...linked,
      kind: "interruption",
      run,
      state: "contained",
      level: "process",
      answer: "unknown",
      steps: ["signalled", "closed", "terminated", "killed"],
      took: 2_041,
    },
    {
      ...linked,
      kind: "interruption",
      run,
      state: "contained",
      level: "cooperative",
      answer: "not-stopped",
      steps: [],
      took: 0,
    },
  ],
  transition: [
    { ...linked, kind: "transition", run, state: "revoked", code: "REVOKED" },
    { ...linked, kind: "transition", run: null, state: "open", code: null },
  ],
  resume: [
    { ...linked, kind: "resume", run, state: "executing", drift: hex("df"), statement },
    { ...linked, kind: "resume", run: null, state: "open", drift: hex("df"), statement },
  ],
  handover: [
    { ...linked, kind: "handover", run, state: "executing", receiver: hex("7e"), nonce: hex("6e") },
  ],
  accept: [{ ...linked, kind: "accept", run, state: "baseline", parent: name, packet: hex("8a") }],
  state: [{ ...linked, kind: "state", digest: hex("57"), size: 4_096 }],
};

export const ALL: readonly Entry[] = Object.values(EXAMPLES).flat();
