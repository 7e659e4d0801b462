/**
 * The requests of this folder's JSON files, ready to be decided: what a single authorization grants,
 * the bytes of the request, and the answer that is due. The files are data and know nothing of this
 * implementation.
 *
 * A file is `{about, defaults, cases}`. The members of `defaults.authorization` and of
 * `defaults.request` hold where a case gives none of that name. A case gives its request in one way:
 *
 * - `request`: members of the request beside the defaults; without any of the four, the defaults
 * - `rawContext`: the text of the context as it stands, in the request of the defaults
 * - `raw`: the whole text as it stands
 * - `rawBase64`: the bytes as they stand
 *
 * `generate` makes large values of small ones: `{in, path, form, of, times}` extends the value that
 * stands at `path` in the request, or in the authorization's policy (`in: "policy"`):
 *
 * - `text`: `of` is appended to a text, so many times
 * - `list`: `of` is appended to a list, so many times
 * - `map`: members `k0`, `k1`, ... (in base 36) of the value `of` are added to an object
 * - `nested-list`, `nested-map`, `nested-not`: so many `[ ]`, `{"a": }`, `["not", ]` are put around it
 * - `space`: so many spaces are put before it
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";

/** The codes that a case may name; more than one where it breaks two rules, or a cap that is a form. */
const codes = v.picklist(["SCOPE", "HOLDER", "MALFORMED", "TOO_LARGE"]);

const generator = v.strictObject({
  in: v.optional(v.literal("policy")),
  path: v.array(v.union([v.string(), v.number()])),
  form: v.picklist(["text", "list", "map", "nested-list", "nested-map", "nested-not", "space"]),
  of: v.optional(v.unknown()),
  times: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

const authorization = v.strictObject({
  command: v.optional(v.string()),
  policy: v.optional(v.unknown()),
  principal: v.optional(v.string()),
});

/** Not a schema of records: that would drop a member named `__proto__`. */
const members = v.custom<object>((value) => typeof value === "object" && value !== null);

const fileSchema = v.strictObject({
  about: v.string(),
  defaults: v.strictObject({ authorization, request: members }),
  cases: v.array(
    v.strictObject({
      name: v.string(),
      authorization: v.optional(authorization),
      request: v.optional(members),
      rawContext: v.optional(v.string()),
      raw: v.optional(v.string()),
      rawBase64: v.optional(v.string()),
      generate: v.optional(generator),
      expect: v.picklist(["deny", "allow"]),
      codes: v.optional(v.array(codes)),
      why: v.string(),
    }),
  ),
});

type AttackFile = v.InferOutput<typeof fileSchema>;
type Written = AttackFile["cases"][number];
type Generator = v.InferOutput<typeof generator>;

export interface AttackCase {
  /** The file's name without its end, such as `like`. */
  readonly file: string;
  readonly name: string;
  readonly authorization: {
    readonly command: string;
    /** What stands for a policy: where it is the attack, it need not be a list. */
    readonly policy: unknown;
    /** `type:id` of the only one who may ask. */
    readonly principal: string;
  };
  /** The text of the request, as it comes. */
  readonly bytes: Uint8Array;
  readonly expect: "deny" | "allow";
  /** For a denial, the codes of which it must have one; empty for what is allowed. */
  readonly codes: readonly v.InferOutput<typeof codes>[];
  readonly why: string;
}

const folder = fileURLToPath(new URL(".", import.meta.url));

/** Every case of every file, in the order of the files' names. */
export function attackCases(): AttackCase[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.sort().flatMap((name) => {
    const content: unknown = JSON.parse(readFileSync(join(folder, name), "utf8"));
    const file = v.parse(fileSchema, content);
    return file.cases.map((written) => ({
      file: basename(name, ".json"),
      name: written.name,
      authorization: authorizationOf(file, written),
      bytes: bytesOf(file, written),
      expect: written.expect,
      codes: written.codes ?? [],
      why: written.why,
    }));
  });
}

function authorizationOf(file: AttackFile, written: Written): AttackCase["authorization"] {
  const given = { ...file.defaults.authorization, ...written.authorization };
  const policy = "policy" in given ? given.policy : [];
  const { generate } = written;
  return {
    command: given.command ?? "/",
    policy: generate?.in === "policy" ? JSON.parse(textOf(policy, generate)) : policy,
    principal: given.principal ?? "agent:bot",
  };
}

function bytesOf(file: AttackFile, written: Written): Uint8Array {
  const { request, rawContext, raw, rawBase64, generate } = written;
  const ways = [request, rawContext, raw, rawBase64].filter((way) => way !== undefined);
  const generated = generate !== undefined && generate.in === undefined;
  if (ways.length > 1 || (generated && ways.length > 0 && request === undefined)) {
    throw new Error(`${written.name}: a request is given in one way`);
  }
  if (rawBase64 !== undefined) return new Uint8Array(Buffer.from(rawBase64, "base64"));
  const whole = { ...file.defaults.request, ...request };
  const text = generated ? textOf(whole, generate) : JSON.stringify(whole);
  if (raw !== undefined) return new TextEncoder().encode(raw);
  if (rawContext === undefined) return new TextEncoder().encode(text);
  return new TextEncoder().encode(`${text.slice(0, -1)},"context":${rawContext}}`);
}

/** The JSON text of a value, with what stands at the path extended: no value is ever that large. */
function textOf(value: unknown, generate: Generator, path = generate.path): string {
  const [step, ...rest] = path;
  if (step === undefined) return extend(JSON.stringify(value), generate);
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
    throw new Error(`nothing stands at ${JSON.stringify(generate.path)}`);
  }
  const parts = Object.entries(value).map(([name, part]) => {
    const text = name === String(step) ? textOf(part, generate, rest) : JSON.stringify(part);
    return Array.isArray(value) ? text : `${JSON.stringify(name)}:${text}`;
  });
  return Array.isArray(value) ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}

/** The text of a value, extended. */
function extend(text: string, { form, of, times }: Generator): string {
  const inner = text.slice(1, -1);
  switch (form) {
    case "text":
      return `"${inner}${JSON.stringify(of).slice(1, -1).repeat(times)}"`;
    case "list":
      return `[${joined(inner, times, () => JSON.stringify(of))}]`;
    case "map":
      return `{${joined(inner, times, (i) => `"k${i.toString(36)}":${JSON.stringify(of)}`)}}`;
    case "nested-list":
      return `${"[".repeat(times)}${text}${"]".repeat(times)}`;
    case "nested-map":
      return `${'{"a":'.repeat(times)}${text}${"}".repeat(times)}`;
    case "nested-not":
      return `${'["not",'.repeat(times)}${text}${"]".repeat(times)}`;
    case "space":
      return `${" ".repeat(times)}${text}`;
  }
}

/** Parts with commas between them, behind those that are there. */
function joined(inner: string, times: number, part: (index: number) => string): string {
  const added = Array.from({ length: times }, (_, index) => part(index)).join(",");
  return inner === "" ? added : `${inner},${added}`;
}
