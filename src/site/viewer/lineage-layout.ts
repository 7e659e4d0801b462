/** Runs and what caused them, laid out: causes to the left of what they caused, near ones first. */

/** What can be asked of a graph of runs. */
export interface RunGraph {
  causes(key: string): readonly string[];
  effects(key: string): readonly string[];
}

export interface LaidNode {
  readonly key: string;
  /** Steps from the run in the middle: causes are negative. */
  readonly column: number;
  /** From the top of its column. */
  readonly row: number;
  /** Neighbours that are not drawn. */
  readonly hidden: number;
}

export interface LaidEdge {
  readonly cause: string;
  readonly effect: string;
}

export interface Layout {
  readonly nodes: readonly LaidNode[];
  readonly edges: readonly LaidEdge[];
}

/** Nodes that are drawn at most: more is no picture. */
const MOST_NODES = 60;
/** Neighbours of one node that are drawn at once. */
const MOST_NEIGHBOURS = 12;

/** The run in the middle with its neighbours, and those of each of `expanded` that is drawn. */
export function layOut(graph: RunGraph, centre: string, expanded: ReadonlySet<string>): Layout {
  const columns = new Map([[centre, 0]]);
  const open = [centre];
  for (let key = open.shift(); key !== undefined; key = open.shift()) {
    const column = columns.get(key) as number;
    for (const [near, step] of neighboursOf(graph, key)) {
      if (columns.has(near) || columns.size >= MOST_NODES) continue;
      columns.set(near, column + step);
      if (expanded.has(near)) open.push(near);
    }
  }
  const rows = new Map<number, number>();
  const nodes = [...columns].map(([key, column]): LaidNode => {
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    const all = new Set([...graph.causes(key), ...graph.effects(key)]);
    return { key, column, row, hidden: [...all].filter((each) => !columns.has(each)).length };
  });
  const edges = nodes.flatMap(({ key }) =>
    graph.causes(key).flatMap((cause) => (columns.has(cause) ? [{ cause, effect: key }] : [])),
  );
  return { nodes, edges };
}

function neighboursOf(graph: RunGraph, key: string): readonly (readonly [string, -1 | 1])[] {
  const causes = graph.causes(key).slice(0, MOST_NEIGHBOURS);
  const effects = graph.effects(key).slice(0, MOST_NEIGHBOURS);
  return [
    ...causes.map((each) => [each, -1] as const),
    ...effects.map((each) => [each, 1] as const),
  ];
}
