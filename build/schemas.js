// @ts-check
/**
 * Writes the JSON Schemas of what is signed, each beside its source: a domain's
 * `src/trust/contents/*.schema.json` and `src/trust/entry.schema.json`, an authorization's
 * `src/authorization/predicate.schema.json`, and a gate's log `src/lineage/entry.schema.json`. Run by
 * hand after a change there: `node build/schemas.js`.
 *
 * What is allowed comes from the valibot schemas, what it means from the doc comments of their types;
 * a property without a comment ends the run, and so does a comment without its property. What only
 * code can check is in `$comment`: a file that such a schema accepts may still be refused.
 */
import { readFile, readdir, writeFile } from "node:fs/promises";
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
 * A closed union: by `kind` a schema each, and a type of that name with what every one has. Types are
 * in the files of the folder and in `shared`.
 */
const UNION = {
  path: "src/lineage/entry",
  shared: ["src/trust/contents/policy.ts"],
  schema: "entrySchemas",
  base: "Linked",
  comment: "canonical JSON (RFC 8785), at most 65535 bytes",
};

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
  const modules = [...SOURCES, UNION].map(
    ({ path, schema }) => `export { ${schema} } from "./${path}.js";`,
  );
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
  /** @param {string} path @param {JsonSchema} schema */
  const add = async (path, schema) => {
    const json = await format(JSON.stringify(schema), { parser: "json", printWidth: 100 });
    files.set(`${path}.schema.json`, json);
  };
  for (const { path, schema, type } of SOURCES) {
    const types = typesOf(await readFile(`${root}/${path}.ts`, "utf8"));
    const { $comment, ...rest } = convert(schemas[schema]);
    describe(rest, type, types);
    await add(path, { ...headOf(types, $comment), ...rest });
  }
  await add(UNION.path, await makeUnion(schemas[UNION.schema]));
  return files;
}

/** @param {{readonly [kind: string]: unknown}} schemas of valibot @returns {Promise<JsonSchema>} */
async function makeUnion(schemas) {
  const { path, shared, base, comment } = UNION;
  const own = (await readdir(`${root}/${path}`)).map((name) => `${path}/${name}`);
  const sources = [...shared, ...own].map((file) => readFile(`${root}/${file}`, "utf8"));
  const types = new Map((await Promise.all(sources)).flatMap((source) => [...typesOf(source)]));
  const kinds = Object.entries(schemas).map(([kind, schema]) => {
    const name = kind.replace(/^./, (letter) => letter.toUpperCase());
    const { doc = "", members = [] } = types.get(name) ?? {};
    if (doc === "") throw new Error(`${name} has no doc comment`);
    types.set(name, { doc, members: [...members, ...(types.get(base)?.members ?? [])] });
    const converted = convert(schema);
    describe(converted, name, types);
    return { title: kind, description: doc, ...converted };
  });
  const head = headOf(typesOf(await readFile(`${root}/${path}.ts`, "utf8")), comment);
  return { ...head, oneOf: kinds };
}

/** @param {any} schema of valibot @returns {JsonSchema} */
function convert(schema) {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    // A pipe of two schemas is its second: the first sees what that would pass over.
    typeMode: "output",
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
  return converted;
}

/**
 * What the comment at the head of a file says, and what no schema can.
 * @param {Types} types
 * @param {string | undefined} comment
 * @returns {JsonSchema}
 */
function headOf(types, comment) {
  const [title, ...more] = sentences(types.get("")?.doc ?? "");
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: title?.replace(/\.$/, "") ?? "",
    ...(more.length > 0 ? { description: more.join(" ") } : {}),
    $comment: ["strict JSON: no name twice in an object", ...(comment ? [comment] : [])].join("; "),
  };
}

/**
 * Puts the doc comments of a type's members on the properties, and those of types on items.
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
    document(below, member.doc);
    const parts = /** @type {JsonSchema[]} */ ([below.items, ...(below.anyOf ?? []), below]);
    const object = parts.find((each) => each?.properties);
    const [named = ""] = /\b[A-Z]\w+\b/.exec(member.type) ?? [];
    const type = types.get(named);
    if (type) describe(object ?? below, named, types);
    else if (object) throw new Error(`${name}.${property} is of no type of its file`);
    if (type?.doc && object && object !== below) document(object, type.doc);
  }
  if (members.size > 0) throw new Error(`${name} has no ${[...members.keys()].join()} to check`);
}

/** Puts a description in front of all that a schema says. @param {JsonSchema} schema @param {string} description */
function document(schema, description) {
  const { $comment, ...rest } = schema;
  for (const key of Object.keys(schema)) delete (/** @type {any} */ (schema)[key]);
  Object.assign(schema, { description, ...($comment ? { $comment } : {}), ...rest });
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
