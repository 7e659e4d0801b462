/** The JSON Schemas beside the sources: up to date, and what is signed and logged satisfies them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { makeSchemas } from "../build/schemas.js";
import { attenuateAuthorization, issueAuthorization } from "../src/authorization/issue.js";
import type { Authorization } from "../src/authorization/predicate.js";
import {
  addGate,
  addIssuer,
  addPeer,
  addResumer,
  releaseGate,
  setBaseline,
  setPolicy,
} from "../src/domain/edit.js";
import { withdraw } from "../src/domain/publish.js";
import { readFolder } from "../src/storage/folder.js";
import { entrySchemas } from "../src/lineage/entry.js";
import { MAX_ENTRY_BYTES, readEntry } from "../src/tlog/tile.js";
import type { Trip } from "../src/trust/contents/policy.js";
import { CONTENTS } from "../src/trust/state.js";
import { SEED } from "./authorization/random.js";
import { kernel } from "./kernel.js";
import { hexKey, keyOf, makeDomain, must } from "./domain/fixture.js";
import { anyEntry } from "./lineage/any-entry.js";
import { ALL } from "./lineage/entry-examples.js";
import { encodeHex } from "../src/bytes/hex.js";

const root = fileURLToPath(new URL("..", import.meta.url));

type Schema = { readonly [keyword: string]: unknown };

/** Says nothing of a value by itself. */
const ANNOTATIONS = ["$schema", "$comment", "title", "description", "format"];

/** Of JSON Schema 2020-12 what the generated files use; any other keyword is an error. */
function accepts(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, operand]) => {
    if (ANNOTATIONS.includes(keyword)) return true;
    const check = KEYWORDS[keyword];
    if (!check) throw new Error(`the keyword ${keyword} is not known here`);
    return check(operand as never, value, schema);
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  null: (value) => value === null,
};

type Keyword = (operand: never, value: unknown, schema: Schema) => boolean;

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  type: (type: string, value) => TYPES[type]?.(value) === true,
  const: (operand: unknown, value) => value === operand,
  enum: (operand: unknown[], value) => operand.includes(value),
  anyOf: (operand: Schema[], value) => operand.some((each) => accepts(each, value)),
  oneOf: (operand: Schema[], value) => operand.filter((each) => accepts(each, value)).length === 1,
  pattern: (operand: string, value) =>
    typeof value !== "string" || new RegExp(operand, "u").test(value),
  maxLength: (operand: number, value) => typeof value !== "string" || [...value].length <= operand,
  minimum: (operand: number, value) => typeof value !== "number" || value >= operand,
  maximum: (operand: number, value) => typeof value !== "number" || value <= operand,
  maxItems: (operand: number, value) => !Array.isArray(value) || value.length <= operand,
  minItems: (operand: number, value) => !Array.isArray(value) || value.length >= operand,
  uniqueItems: (_: true, value) =>
    !Array.isArray(value) ||
    new Set(value.map((each) => JSON.stringify(each))).size === value.length,
  prefixItems: (operand: Schema[], value) =>
    !Array.isArray(value) ||
    operand.every((each, i) => i >= value.length || accepts(each, value[i])),
  items: (operand: Schema, value, { prefixItems = [] }) =>
    !Array.isArray(value) ||
    value.slice((prefixItems as Schema[]).length).every((each) => accepts(operand, each)),
  required: (operand: string[], value) =>
    !isObject(value) || operand.every((name) => Object.hasOwn(value, name)),
  properties: (operand: Record<string, Schema>, value) =>
    !isObject(value) ||
    Object.entries(operand).every(
      ([name, each]) => !Object.hasOwn(value, name) || accepts(each, value[name]),
    ),
  propertyNames: (operand: Schema, value) =>
    !isObject(value) || Object.keys(value).every((name) => accepts(operand, name)),
  additionalProperties: (operand: Schema | false, value, { properties = {} }) =>
    !isObject(value) ||
    Object.entries(value).every(
      ([name, each]) =>
        Object.hasOwn(properties as object, name) || (operand !== false && accepts(operand, each)),
    ),
};

/** Every copy of `value` with one member less or one more, at any depth. */
function* misshapen(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      for (const other of misshapen(item)) yield value.with(i, other);
    }
  } else if (isObject(value)) {
    yield { ...value, more: 1 };
    for (const [name, member] of Object.entries(value)) {
      for (const other of misshapen(member)) yield { ...value, [name]: other };
      yield { ...value, [name]: true };
    }
  }
}

let schemas: ReadonlyMap<string, string>;
/** What is signed or logged, by the file of its schema. */
const signed = new Map<string, unknown[]>();

beforeAll(async () => {
  schemas = await makeSchemas();
  const peer = await makeDomain("b.example");
  const peerRoot = await peer.read("metadata/1.root.json");
  const a = await makeDomain("a.example");
  const [issuer, resumer] = ["issuer", "resumer"].map((name) => ({ name, key: hexKey(name) }));
  const gate = { origin: "a.example/gate", key: hexKey("gate") };
  const pinned = { version: 1, sha256: encodeHex(kernel.sha256(peerRoot)) };
  const terms = { commands: ["/pay"], maxStaleness: 30_000, maxLifetime: 120_000, skew: 0 };
  const url = "https://b.example/trust/";
  await a.edit((draft) => addIssuer(draft, { ...issuer!, commands: ["/", "/pay"] }));
  await a.edit((draft) => addResumer(draft, resumer!));
  await a.edit((draft) => addGate(draft, gate));
  await a.edit((draft) => releaseGate(draft, gate.origin, "2026-06-01T12:00:00.5Z"));
  await a.edit((draft) =>
    addPeer(draft, { ...terms, name: "b.example", root: pinned, url }, peerRoot),
  );
  const rules = [{ command: "/pay", policy: [["<=", ".amount", 1000]] }];
  const trips: Trip[] = [
    { id: "refusals", command: "/", of: "denials", most: 5, within: 60_000 },
    { id: "slow", command: "/pay", of: "duration", most: 30_000 },
  ];
  await a.edit((draft) => setPolicy(kernel, draft, { rules, trips }));
  await a.edit((draft) =>
    setBaseline(kernel, draft, {
      kernels: [hexKey("kernel")],
      environment: [{ name: "node", sha256: hexKey("node") }],
    }),
  );
  await a.publish();
  const { state } = await a.change((domain) =>
    withdraw(domain, {
      authorizations: [{ sha256: hexKey("authorization"), expires: "2026-07-01T00:00:00Z" }],
      keys: [{ key: hexKey("holder"), expires: "9999-12-31T23:59:59Z" }],
      contain: [gate.origin],
    }),
  );
  for (const name of ["authority", "baseline", "peers", "policy", "status"] as const) {
    const text = new TextDecoder().decode(state.contents.get(CONTENTS[name]));
    signed.set(`src/trust/contents/${name}.schema.json`, [JSON.parse(text)]);
  }
  const entries: unknown[] = [];
  for (let index = 0n; index < 3n; index++) {
    const entry = must(await readEntry(readFolder(a.storage, "public/log"), 3n, index));
    entries.push(JSON.parse(new TextDecoder().decode(entry)));
  }
  signed.set("src/trust/entry.schema.json", entries);
  signed.set("src/authorization/predicate.schema.json", await authorizations());
  signed.set("src/lineage/entry.schema.json", [...ALL]);
});

/** Predicates with every member, as they are signed. */
async function authorizations(): Promise<Authorization[]> {
  const signerOf = (name: string) => ({ ...keyOf(name), publicKey: keyOf(name).key.publicKey });
  const principal = { id: "agent:bot", key: hexKey("bot") };
  const issued = must(
    await issueAuthorization(kernel, signerOf("ops"), "a.example", {
      audience: ["a.example/gate"],
      principal,
      command: "/pay",
      policy: [["<=", ".amount", 1000]],
      notBefore: "2026-06-01T12:00:00Z",
      expires: "2026-06-01T13:00:00Z",
      maxStaleness: 5_000,
      recheck: 500,
      baseline: { sha256: hexKey("baseline") },
      limits: {
        uses: 3,
        duration: 60_000,
        delegations: 2,
        totals: [{ argument: ".amount", most: 5000 }],
      },
      quorum: { k: 1, domains: ["a.example", "b.example"] },
      isolation: {
        level: "sandbox",
        read: ["/data"],
        write: [],
        net: ["api.example.com:443"],
        run: ["/usr/bin/env"],
      },
      cleanup: ["/pay/undo"],
      witnessed: "intent",
      nonce: new Uint8Array(16),
    }),
  );
  const narrowed = must(
    await attenuateAuthorization(kernel, signerOf("bot"), issued.chain, {
      principal,
      nonce: new Uint8Array(16),
    }),
  );
  return [issued.link.authorization, narrowed.link.authorization];
}

test("the files are what build/schemas.js writes", () => {
  expect(schemas.size).toBe(8);
  for (const [path, text] of schemas)
    expect(readFileSync(join(root, path), "utf8"), path).toBe(text);
});

describe("what is signed or logged", () => {
  test("satisfies its schema", () => {
    expect([...signed.keys()].sort()).toEqual([...schemas.keys()].sort());
    for (const [path, values] of signed) {
      const schema = JSON.parse(schemas.get(path) as string) as Schema;
      for (const value of values) expect(accepts(schema, value), path).toBe(true);
    }
  });

  test("does not with a member too many, or one of another type", () => {
    for (const [path, values] of signed) {
      const schema = JSON.parse(schemas.get(path) as string) as Schema;
      for (const value of values) {
        const others = [...misshapen(value)];
        expect(others.length).toBeGreaterThan(2);
        for (const other of others)
          expect(accepts(schema, other), JSON.stringify(other)).toBe(false);
      }
    }
  });
});

describe("the schema of a gate's log", () => {
  const path = "src/lineage/entry.schema.json";
  const schemaOf = () => JSON.parse(schemas.get(path) as string) as Schema;

  test("has every kind under its name, with what it means", () => {
    const kinds = schemaOf()["oneOf"] as readonly Schema[];
    expect(kinds.map(({ title }) => title)).toEqual(Object.keys(entrySchemas));
    for (const kind of kinds) {
      expect(kind).toMatchObject({
        description: expect.stringMatching(/\.$/),
        properties: {
          prev: { description: expect.stringContaining("entry before") },
          time: { format: "date-time" },
          kind: { const: kind["title"] },
        },
      });
    }
    expect(schemaOf()["$comment"]).toContain(`at most ${MAX_ENTRY_BYTES} bytes`);
  });

  test("describes every member at every depth", () => {
    const bare: string[] = [];
    const walk = (schema: unknown, place: string): void => {
      if (Array.isArray(schema)) for (const each of schema) walk(each, place);
      if (!isObject(schema)) return;
      for (const [name, part] of Object.entries(schema["properties"] ?? {})) {
        if (!(part as Schema)["description"]) bare.push(`${place}.${name}`);
        walk(part, `${place}.${name}`);
      }
      for (const below of ["items", "anyOf", "oneOf"]) walk(schema[below], place);
    };
    for (const [file, text] of schemas) walk(JSON.parse(text), file);
    expect(bare).toEqual([]);
  });

  test("takes an entry as no other kind, and none that lacks a member", () => {
    const schema = schemaOf();
    for (const entry of ALL) {
      for (const kind of Object.keys(entrySchemas)) {
        expect(accepts(schema, { ...entry, kind })).toBe(kind === entry.kind);
      }
      for (const name of Object.keys(entry)) {
        const { [name as "kind"]: _, ...rest } = entry;
        expect(accepts(schema, rest), `${entry.kind} without ${name}`).toBe(false);
      }
    }
  });

  test("takes whatever entry there may be", () => {
    const schema = schemaOf();
    fc.assert(
      fc.property(anyEntry, (entry) => accepts(schema, entry)),
      { seed: SEED, numRuns: 500 },
    );
  });

  test("takes digests of any algorithm, and nothing else beside them", () => {
    const schema = schemaOf();
    const measurement = ALL.find(({ kind }) => kind === "measurement");
    const taken = (set: unknown) => accepts(schema, { ...measurement, artifacts: [set] });
    expect([{}, { sha3_256: "ab" }].map(taken)).toEqual([true, true]);
    expect([{ "sha 256": "ab" }, { sha256: "AB" }, { sha256: 1 }, []].map(taken)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
