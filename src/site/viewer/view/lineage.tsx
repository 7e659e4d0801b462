/** A run among those that caused it and those that it caused: drawn, and as a table with the same in it. */
import { shorten, visible } from "../../visible.js";
import type { LineageNode, LineageView } from "../questions.js";
import type { Viewer } from "../viewer.js";
import { Code, Scroll, Section, Theirs } from "./frame.js";

const [WIDTH, HEIGHT, ACROSS, DOWN, PAD] = [190, 74, 250, 92, 12];

export function Lineage({ viewer }: { readonly viewer: Viewer }) {
  const view = viewer.lineage.value;
  if (!view) return null;
  return (
    <Section id="lineage" title="Lineage of the chosen run">
      <p>
        Causes stand to the left of what they caused. The table below has the same, and opens more.
      </p>
      <Scroll label="Lineage, drawn">
        <Drawing view={view} viewer={viewer} />
      </Scroll>
      <Scroll label="Lineage as a table">
        <Twin view={view} viewer={viewer} />
      </Scroll>
    </Section>
  );
}

interface Parts {
  readonly view: LineageView;
  readonly viewer: Viewer;
}

function Drawing({ view, viewer }: Parts) {
  const { nodes, edges } = view;
  const left = Math.min(...nodes.map(({ column }) => column));
  const right = Math.max(...nodes.map(({ column }) => column));
  const rows = Math.max(...nodes.map(({ row }) => row)) + 1;
  const at = ({ column, row }: LineageNode): readonly [number, number] => [
    PAD + (column - left) * ACROSS,
    PAD + row * DOWN,
  ];
  const places = new Map(nodes.map((node) => [node.key, at(node)]));
  return (
    <svg
      class="lineage"
      width={2 * PAD + (right - left) * ACROSS + WIDTH}
      height={2 * PAD + (rows - 1) * DOWN + HEIGHT}
      role="img"
      aria-label={`${nodes.length} runs, ${edges.length} of cause and effect; the table below says the same`}
    >
      {edges.map(({ cause, effect }) => {
        const [a, b] = [places.get(cause), places.get(effect)];
        if (!a || !b) return null;
        const [x1, y1, x2, y2] = [a[0] + WIDTH, a[1] + HEIGHT / 2, b[0], b[1] + HEIGHT / 2];
        return (
          <g class="edge">
            <path d={`M${x1} ${y1}C${x1 + 30} ${y1} ${x2 - 30} ${y2} ${x2 - 7} ${y2}`} />
            <path class="head" d={`M${x2} ${y2}l-9 -5v10z`} />
          </g>
        );
      })}
      {nodes.map((node) => (
        <Node node={node} place={at(node)} viewer={viewer} />
      ))}
    </svg>
  );
}

function Node(props: {
  readonly node: LineageNode;
  readonly place: readonly [number, number];
  readonly viewer: Viewer;
}) {
  const { node, place, viewer } = props;
  const { run, key, hidden } = node;
  const [x, y] = place;
  const isChosen = key === viewer.run.value;
  const name = run ? `${run.run.slice(0, 8)} ${run.state}` : "not in this bundle";
  return (
    <g
      class={`node${isChosen ? " chosen" : ""}${run ? "" : " unknown"}`}
      transform={`translate(${x} ${y})`}
      onClick={() => void (hidden > 0 ? viewer.expand(key) : run && viewer.choose(key))}
    >
      <rect width={WIDTH} height={HEIGHT} rx="6" />
      <text x="10" y="22" class="id">
        {name}
      </text>
      <text x="10" y="42">
        {shorten(visible(run?.command ?? (run ? "nothing admitted" : key)), 22)}
      </text>
      <text x="10" y="62" class="muted">
        {hidden > 0 ? `+ ${hidden} more` : shorten(visible(run?.origin ?? ""), 22)}
      </text>
    </g>
  );
}

function Twin({ view, viewer }: Parts) {
  const { nodes, edges } = view;
  const names = (keys: readonly string[]): string =>
    keys.map((key) => nameOf(nodes.find((node) => node.key === key))).join(", ") || "–";
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Steps away</th>
          <th scope="col">State</th>
          <th scope="col">Command</th>
          <th scope="col">Gate</th>
          <th scope="col">Caused by</th>
          <th scope="col">Has caused</th>
          <th scope="col">Not shown</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => {
          const { key, run, column, hidden } = node;
          const causes = edges.flatMap(({ cause, effect }) => (effect === key ? [cause] : []));
          const effects = edges.flatMap(({ cause, effect }) => (cause === key ? [effect] : []));
          return (
            <tr class={key === viewer.run.value ? "chosen" : undefined}>
              <th scope="row">
                {run ? (
                  <button
                    type="button"
                    aria-pressed={key === viewer.run.value}
                    onClick={() => void viewer.choose(key)}
                  >
                    <code>{run.run.slice(0, 8)}</code>
                  </button>
                ) : (
                  <Code text={key} />
                )}
              </th>
              <td>{column === 0 ? "0" : column < 0 ? `${-column} before` : `${column} after`}</td>
              <td>{run?.state ?? "not in this bundle"}</td>
              <td>{run?.command === undefined ? "–" : <Code text={run.command} />}</td>
              <td>{run ? <Code text={run.origin} /> : "–"}</td>
              <td>
                <Theirs text={names(causes)} />
              </td>
              <td>
                <Theirs text={names(effects)} />
              </td>
              <td>
                {hidden > 0 ? (
                  <button type="button" onClick={() => void viewer.expand(key)}>
                    Show {hidden}
                    <span class="hidden"> more of {nameOf(node)}</span>
                  </button>
                ) : (
                  "–"
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function nameOf(node: LineageNode | undefined): string {
  return node?.run?.run.slice(0, 8) ?? visible(node?.key ?? "");
}
