// @ts-check
/**
 * Writes the JSON Schemas of what is signed, each beside its source: a domain's
 * `src/trust/contents/*.schema.json` and `src/trust/entry.schema.json`, and an authorization's
 * `src/authorization/predicate.schema.json`. Run by hand after a change there: `node build/schemas.js`.
 *
 * What is allowed comes from the valibot schemas, what it means from the doc comments of their types;
 * a property without a comment ends the run, and so does a comment without its property. What only
 * code can check is in `$comment`: a file that such a schema accepts may still be refused.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { toJsonSchema } from "@valibot/to-json-schema";
import { build } from "esbuild";
import { format } from "prettier";
import { common } from "./bundle.js";

/** @typedef {import("@valibot/to-json-schema").JsonSchema} JsonSchema */

const root = fileURLToPath(new URL("..", import.meta.url));

const SOURCES = [
  { path: "src/trust/contents/authority", schema: "authoritySchema", type: "Authority" },
  { path: "src/trust/contents/baseline", schema: "baselineSchema", type: "Baseline" },
  { path: "src/trust/contents/peers", schema: "peersSchema", type: "Peers" },
  { path: "src/trust/contents/policy", schema: "policySchema", type: "LocalPolicy" },
  { path: "src/trust/contents/status", schema: "statusSchema", type: "Status" },
  { path: "src/authorization/predicate", schema: "authorizationSchema", type: "Authorization" },
  { path: "src/trust/entry", schema: "entrySchema", type: "TrustEntry" },
];

/**
 * What JSON Schema can say of a check that is code, by what the check says.
 * @type {readonly [RegExp, JsonSchema][]}
 */
const SAYABLE = [
  [/^a time of RFC 3339$/, { format: "date-time" }],
  [/, sorted, each once$/, { uniqueItems: true }],
  [/^an operator before its operands$/, { prefixItems: [{ type: "string" }] }],
];

/** @returns {Promise<Map<string, string>>} the files by path */
export async function makeSchemas() {
  const modules = SOURCES.map(({ path, schema }) => `export { ${schema} } from "./${path}.js";`);
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: modules.join("\n"), resolveDir: root },
    write: false,
    platform: "neutral",
    mainFields: ["module", "main"],
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString("base64");
  const schemas = await import(`data:text/javascript;base64,${code}`);
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const { path, schema, type } of SOURCES) {
    const source = await readFile(`${root}/${path}.ts`, "utf8");
    const json = JSON.stringify(makeSchema(schemas[schema], source, type));
    files.set(`${path}.schema.json`, await format(json, { parser: "json", printWidth: 100 }));
  }
  return files;
}

/** @param {any} schema of valibot @param {string} source @param {string} type @returns {JsonSchema} */
function makeSchema(schema, source, type) {
  const converted = toJsonSchema(schema, {
    target: "draft-2020-12",
    overrideAction({ valibotAction, jsonSchema }) {
      const action = /** @type {any} */ (valibotAction);
      // Patterns are read with the flag u (JSON Schema core, section 6.4), as ours may be.
      if (action.type === "regex") return { ...jsonSchema, pattern: action.requirement.source };
      if (action.type !== "check") return undefined;
      const said = SAYABLE.filter(([pattern]) => pattern.test(action.message));
      return Object.assign({}, jsonSchema, ...said.map(([, part]) => part), {
        $comment: action.message,
      });
    },
  });
  const types = typesOf(source);
  describe(converted, type, types);
  const { $schema, $comment, ...rest } = converted;
  const [title, ...more] = sentences(types.get("")?.doc ?? "");
  return {
    $schema,
    title: title?.replace(/\.$/, ""),
    ...(more.length > 0 ? { description: more.join(" ") } : {}),
    $comment: ["strict JSON: no name twice in an object", ...($comment ? [$comment] : [])].join(
      "; ",
    ),
    ...rest,
  };
}

/**
 * Puts the doc comments of a type's members on the properties.
 * @param {JsonSchema} schema
 * @param {string} name
 * @param {Types} types
 */
function describe(schema, name, types) {
  const members = new Map(types.get(name)?.members);
  for (const [property, part] of Object.entries(schema.properties ?? {})) {
    const member = members.get(property);
    if (!member?.doc) throw new Error(`${name}.${property} has no doc comment`);
    members.delete(property);
    const below = /** @type {JsonSchema} */ (part);
    const { $comment, ...rest } = below;
    for (const key of Object.keys(below)) delete (/** @type {any} */ (below)[key]);
    Object.assign(below, { description: member.doc, ...($comment ? { $comment } : {}), ...rest });
    const [named] = /\b[A-Z]\w+\b/.exec(member.type) ?? [];
    if (named === undefined) continue;
    const item = /** @type {JsonSchema} */ (below.items ?? below);
    if (types.has(named)) describe(item, named, types);
    else if (item.properties) throw new Error(`${name}.${property} is of no type of its file`);
  }
  if (members.size > 0) throw new Error(`${name} has no ${[...members.keys()].join()} to check`);
}

/**
 * The object types of a file in this project's one format, and under "" the comment at its head.
 * @typedef {Map<string, {doc: string, members: [string, {doc: string, type: string}][]}>} Types
 * @param {string} source
 * @returns {Types}
 */
function typesOf(source) {
  const comment = "(?:/\\*\\*((?:[^*]|\\*(?!/))*)\\*/\\s*)?";
  /** @type {Types} */
  const types = new Map([
    ["", { doc: text(new RegExp(`^${comment}`).exec(source)?.[1]), members: [] }],
  ]);
  const typePattern = new RegExp(
    `${comment}export type (\\w+) = (?:(\\w+) & )?\\{\\n([^]*?)\\n\\};`,
    "g",
  );
  const memberPattern = new RegExp(`${comment}readonly (\\w+)\\??: ([^;]+);`, "g");
  for (const [, doc, name = "", base, body = ""] of source.matchAll(typePattern)) {
    /** @type {[string, {doc: string, type: string}][]} */
    const own = [...body.matchAll(memberPattern)].map(([, about, member = "", type = ""]) => [
      member,
      { doc: text(about), type },
    ]);
    const inherited = base === undefined ? [] : (types.get(base)?.members ?? []);
    types.set(name, { doc: text(doc), members: [...inherited, ...own] });
  }
  return types;
}

/** @param {string | undefined} comment without its ends */
function text(comment = "") {
  return comment.replace(/\n \* ?|\s+/g, " ").trim();
}

/** @param {string} paragraph */
function sentences(paragraph) {
  return paragraph.split(/(?<=\.) (?=[A-Z])/);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, json] of await makeSchemas()) await writeFile(`${root}/${path}`, json);
}
