/** Sets in signed files: sorted, each once, so that one set has one form. */
import * as v from "valibot";

/**
 * A list whose items' names rise strictly, by UTF-16 code units.
 * @internal
 */
export function sortedBy<Schema extends v.GenericSchema>(
  item: Schema,
  nameOf: (item: v.InferOutput<Schema>) => string,
  what: string,
) {
  const expected = `${what}, sorted, each once`;
  return v.pipe(
    v.array(item, expected),
    v.check((items) => {
      const names = (items as v.InferOutput<Schema>[]).map(nameOf);
      return names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
    }, expected),
  );
}

/** Puts items into the order that `sortedBy` demands. */
export function sortBy<Item>(items: Iterable<Item>, nameOf: (item: Item) => string): Item[] {
  const byName = new Map([...items].map((item) => [nameOf(item), item]));
  return [...byName.keys()].sort().map((name) => byName.get(name) as Item);
}
