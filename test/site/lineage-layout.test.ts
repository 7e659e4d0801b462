import { expect, test } from "vitest";
import type { RunGraph } from "../../src/site/viewer/lineage-layout.js";
import { layOut } from "../../src/site/viewer/lineage-layout.js";

/** From pairs of a cause and what it caused. */
function graphOf(pairs: readonly (readonly [string, string])[]): RunGraph {
  return {
    causes: (key) => pairs.flatMap(([cause, effect]) => (effect === key ? [cause] : [])),
    effects: (key) => pairs.flatMap(([cause, effect]) => (cause === key ? [effect] : [])),
  };
}

const diamond = graphOf([
  ["a", "b"],
  ["a", "c"],
  ["b", "d"],
  ["c", "d"],
  ["d", "e"],
  ["x", "e"],
]);

const columnsOf = (layout: ReturnType<typeof layOut>) =>
  Object.fromEntries(layout.nodes.map(({ key, column }) => [key, column]));

test("F66: near neighbours first, causes on the left, and how many are not shown", () => {
  const layout = layOut(diamond, "d", new Set());
  expect(columnsOf(layout)).toEqual({ d: 0, b: -1, c: -1, e: 1 });
  expect(layout.nodes.find(({ key }) => key === "b")?.hidden).toBe(1);
  expect(layout.nodes.find(({ key }) => key === "e")?.hidden).toBe(1);
  expect(layout.edges).toHaveLength(3);
});

test("F66: a neighbour that is opened shows its own", () => {
  const layout = layOut(diamond, "d", new Set(["b", "e"]));
  expect(columnsOf(layout)).toEqual({ d: 0, b: -1, c: -1, e: 1, a: -2, x: 0 });
  expect(layout.nodes.every(({ hidden }) => hidden === 0)).toBe(true);
  expect(layout.edges).toHaveLength(6);
});

test("F66: no two stand in one place, whatever the graph", () => {
  const pairs = Array.from({ length: 300 }, (_, i) => [`${i % 17}`, `${(i * 7) % 23}`] as const);
  const layout = layOut(graphOf(pairs), "3", new Set(Array.from({ length: 23 }, (_, i) => `${i}`)));
  const places = layout.nodes.map(({ column, row }) => `${column} ${row}`);
  expect(new Set(places).size).toBe(places.length);
});

test("F66: what would be no picture is cut, and said", () => {
  const many = graphOf(Array.from({ length: 500 }, (_, i) => ["hub", `run ${i}`] as const));
  const layout = layOut(many, "hub", new Set());
  expect(layout.nodes).toHaveLength(13);
  expect(layout.nodes[0]).toMatchObject({ key: "hub", hidden: 488 });
});
