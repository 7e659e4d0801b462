/** Policies and values that meet: each of the three truths is frequent among what they give. */
import fc from "fast-check";
import type { Json } from "../../../src/bytes/canonical.js";

const NAMES = [
  "amount",
  "name",
  "path",
  "url",
  "tags",
  "to",
  "urgent",
  "__proto__",
  "toString",
  "1",
];

const SCALARS: readonly Json[] = [null, true, false, 0, 1, 2, 1000, -1, 0.5, "", "1", "bob", "EUR"];
const EMAILS = ["bob@example.com", "eve@evil.example", "*@example.com", "a*b", "bob@example.com*"];
const PATHS = [
  "/data",
  "/data/x",
  "/data/../etc",
  "/tmp/a",
  "/database",
  "/",
  "data",
  "/data/\uff0e",
  "/é",
];
const URLS = [
  "https://h/v1",
  "https://h/v1/x?q",
  "https://h/v1/%2e",
  "https://h",
  "http://h/v1",
  "https://h//",
  "https://127.0.0.1/v1",
  "ftp://h/",
  "https://u@h/v1",
];

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SCALARS) },
  fc.constantFrom(...EMAILS, ...PATHS, ...URLS),
);

/** Half of them without a prototype, as parseJson gives objects. */
function object(members: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  const entries = fc.array(fc.tuple(fc.constantFrom(...NAMES), members), { maxLength: 4 });
  return fc.tuple(entries, fc.boolean()).map(([all, plain]) => {
    const made = Object.create(null) as { [name: string]: Json };
    for (const [name, value] of all) made[name] = value;
    return plain ? (JSON.parse(JSON.stringify(made)) as Json) : made;
  });
}

const any = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: scalar },
    fc.array(tie("value"), { maxLength: 4 }),
    object(tie("value")),
  ),
})).value;

/** Arguments: mostly of the kinds that the selectors below look for, at times of others. */
export const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 1, arbitrary: any },
  {
    weight: 9,
    arbitrary: fc
      .record(
        {
          amount: fc.oneof(
            { weight: 9, arbitrary: fc.constantFrom<Json>(0, 1, 2, 999, 1000, 1001) },
            any,
          ),
          name: fc.oneof(
            { weight: 9, arbitrary: fc.constantFrom<Json>("bob", "EUR", ...EMAILS) },
            any,
          ),
          path: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<Json>(...PATHS) }, any),
          url: fc.oneof({ weight: 9, arbitrary: fc.constantFrom<Json>(...URLS) }, any),
          tags: fc.oneof({ weight: 3, arbitrary: fc.array(scalar, { maxLength: 5 }) }, any),
          to: fc.oneof({ weight: 3, arbitrary: object(scalar) }, any),
          urgent: fc.oneof({ weight: 3, arbitrary: fc.boolean() as fc.Arbitrary<Json> }, any),
        },
        { requiredKeys: ["amount", "name", "path", "url", "tags"] },
      )
      .map((record) => record as Json),
  },
);

const mark = fc.constantFrom("", "", "", "?", "??");
const further = fc
  .tuple(
    fc.constantFrom(
      "",
      "",
      "",
      "[]",
      "[0]",
      "[-1]",
      "[1:]",
      "[:-1]",
      "[0:2]",
      ".name",
      '["1"]',
      ".__proto__",
      ".toString",
    ),
    mark,
  )
  .map(([segment, marks]) => (segment === "" ? "" : segment + marks));

const selector = (...names: string[]): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.constantFrom(...names), mark)
        .map(([name, marks]) => `.${name}${marks}`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom(...NAMES.slice(0, 7)), mark, further, further)
        .map(([name, marks, a, b]) => `.${name}${marks}${a}${b}`),
    },
    {
      weight: 1,
      arbitrary: further.map((text) => (text.startsWith("[") ? `.${text}` : text || ".")),
    },
  );

const oneOrMore = (texts: readonly string[]): fc.Arbitrary<Json> =>
  fc.oneof(
    fc.constantFrom(...texts),
    fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }),
  );

const equality = fc.oneof(
  fc.tuple(fc.constantFrom("==", "!="), selector("amount"), fc.constantFrom(1, 1000)),
  fc.tuple(fc.constantFrom("==", "!="), selector("name"), fc.constantFrom("bob", "EUR")),
  fc.tuple(fc.constantFrom("==", "!="), selector(...NAMES.slice(0, 7)), any),
);
const order = fc.tuple(
  fc.constantFrom("<", "<=", ">", ">="),
  selector("amount"),
  fc.constantFrom(0, 1, 1000, 0.5),
);
const like = fc.tuple(
  fc.constant("like"),
  selector("name", "path", "url"),
  fc.constantFrom(
    "*",
    "bob",
    "*@example.com",
    "a\\*b",
    "*b*",
    "/data*",
    "https://h/*",
    "\\**",
    "bob\\",
  ),
);
const within = fc.tuple(
  fc.constant("within"),
  selector("path"),
  oneOrMore(["/data", "/", "/tmp", "/é", "/data/x"]),
);
const url = fc.tuple(
  fc.constant("url"),
  selector("url"),
  oneOrMore(["https://h/v1", "https://h", "http://h/v1/", "https://127.0.0.1/"]),
);
const ofElement = fc.oneof(
  fc.tuple(
    fc.constantFrom("==", "!="),
    fc.constantFrom(".", ".name?"),
    fc.constantFrom(...SCALARS),
  ),
  fc.tuple(fc.constantFrom("<", ">"), fc.constant("."), fc.constantFrom(0, 1)),
  fc.tuple(fc.constant("like"), fc.constant("."), fc.constantFrom("*", "b*")),
);

const comparison = fc.oneof(equality, order, like, within, url) as fc.Arbitrary<Json>;

export const predicate: fc.Arbitrary<Json> = fc.letrec<{ predicate: Json }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: comparison },
    fc.tuple(fc.constant("not"), tie("predicate")) as fc.Arbitrary<Json>,
    fc.tuple(
      fc.constantFrom("and", "or"),
      fc.array(tie("predicate"), { maxLength: 3 }),
    ) as fc.Arbitrary<Json>,
    fc.tuple(
      fc.constantFrom("all", "any"),
      selector("tags", "to", "tags[1:]", "to[]"),
      fc.oneof(ofElement as fc.Arbitrary<Json>, tie("predicate")),
    ) as fc.Arbitrary<Json>,
  ),
})).predicate;

export const policy: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(predicate) },
  fc.array(predicate, { minLength: 2, maxLength: 4 }),
);

/** A policy of which one part, somewhere, was put in the place of another. */
export const mangled: fc.Arbitrary<Json> = fc
  .tuple(
    policy,
    fc.nat(),
    fc.oneof(
      any,
      predicate,
      fc.constantFrom("==", "not", "any", "<", "url", "within", ".a", "a", ".."),
    ),
  )
  .map(([source, seed, part]) => {
    const copy = [structuredClone(source)] as Json[];
    const places: [Json[], number][] = [];
    const visit = (list: Json[]): void =>
      list.forEach((each, i) => {
        places.push([list, i]);
        if (Array.isArray(each)) visit(each as Json[]);
      });
    visit(copy);
    const [list, i] = places[seed % places.length] as [Json[], number];
    if (seed % 3 === 0) list.splice(i, 1);
    else list[i] = part;
    return copy[0] ?? null;
  });
