/** The Merkle path of the chosen entry: drawn from its leaf up to the root, and as a table. */
import type { EntryView, RunRow } from "../questions.js";
import type { MerklePath, PathStep } from "../merkle-path.js";
import type { Viewer } from "../viewer.js";
import { escapeJson } from "../../../bytes/invisible.js";
import { Action, Code, Scroll, Section } from "./frame.js";

export function Path({ viewer }: { readonly viewer: Viewer }) {
  const { phase, entryAt, entry, runs, run } = viewer;
  const place = entryAt.value;
  if (phase.value.kind !== "done" || !place) return null;
  const { logs } = phase.value.examined;
  const log = logs.find(({ origin }) => origin === place.origin) ?? logs[0];
  if (!log) return null;
  const go = (origin: string, index: number): void => {
    const to = logs.find((each) => each.origin === origin) ?? log;
    const within = Math.min(Math.max(index, to.from), to.to - 1);
    void viewer.chooseEntry({ origin, index: within });
  };
  const chosen = runs.value?.rows.find(({ key }) => key === run.value);
  return (
    <Section id="path" title="Entry and its Merkle path">
      <div class="fields">
        <label>
          <span>Log</span>
          <select
            id="log"
            value={place.origin}
            onChange={({ currentTarget }) => go(currentTarget.value, 0)}
          >
            {logs.map(({ origin }) => (
              <option value={origin}>{origin}</option>
            ))}
          </select>
        </label>
        <label>
          <span>
            Entry, {log.from} to {log.to - 1}
          </span>
          <input
            id="index"
            type="number"
            min={log.from}
            max={log.to - 1}
            value={place.index}
            onChange={({ currentTarget }) =>
              go(place.origin, Math.trunc(Number(currentTarget.value)))
            }
          />
        </label>
        <Action idle={place.index <= log.from} onAct={() => go(place.origin, place.index - 1)}>
          Previous
        </Action>
        <Action idle={place.index >= log.to - 1} onAct={() => go(place.origin, place.index + 1)}>
          Next
        </Action>
      </div>
      {chosen && <OfRun row={chosen} go={go} at={place.index} />}
      {entry.value && <Entry view={entry.value} />}
    </Section>
  );
}

function OfRun(props: {
  readonly row: RunRow;
  readonly go: (origin: string, index: number) => void;
  readonly at: number;
}) {
  const { row, go, at } = props;
  return (
    <>
      <p id="of-run">
        Entries of run <code>{row.run.slice(0, 8)}</code>:
      </p>
      <ul class="chips" aria-labelledby="of-run">
        {row.entries.map(({ index, kind }) => (
          <li>
            <button type="button" aria-pressed={index === at} onClick={() => go(row.origin, index)}>
              {index} {kind}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Entry({ view }: { readonly view: EntryView }) {
  const { path, text, signed } = view;
  return (
    <>
      <details>
        <summary>What the entry says</summary>
        <pre tabIndex={0} role="region" aria-label="The entry">
          {escapeJson(text)}
        </pre>
      </details>
      <p>
        Leaf {path.index} of {path.size}.{" "}
        {signed
          ? "The root is the one that a checkpoint in the bundle signs."
          : "No checkpoint in the bundle signs this root: one of a later size covers it."}
      </p>
      <Scroll label="Merkle path, drawn">
        <Drawing path={path} />
      </Scroll>
      <details>
        <summary>The path as a table</summary>
        <Scroll label="Merkle path as a table">
          <Twin path={path} />
        </Scroll>
      </details>
    </>
  );
}

const [TALL, STEP, GAP] = [52, 92, 5];

/** The way goes up in the middle, at 0. */
function Drawing({ path }: { readonly path: MerklePath }) {
  const { steps, index, size, leaf } = path;
  const height = STEP * steps.length + TALL + 8;
  const y = (level: number): number => height - 4 - TALL - STEP * level;
  const titles = steps.flatMap((step) => [rangeOf(step.siblingOf), rangeOf(step.nodeOf)]);
  const longest = Math.max(...[`root of ${size}`, ...titles].map(({ length }) => length));
  // As narrow as its text: all of it fits on a telephone, but for the largest of logs.
  const box = Math.max(92, 8 * longest + 10);
  const width = 3 * box + 2 * GAP + 4;
  return (
    <svg
      class="path"
      width={width}
      height={height}
      viewBox={`${-width / 2} 0 ${width} ${height}`}
      role="img"
      aria-label={`${steps.length} steps from leaf ${index} to the root; the table below says the same`}
    >
      {steps.map((step, i) => (
        <Step step={step} y={y(i)} up={y(i + 1) + TALL} box={box} />
      ))}
      <Hash
        y={y(0)}
        box={box}
        look={steps.length === 0 ? "root" : "leaf"}
        title={steps.length === 0 ? "leaf, root" : `leaf ${index}`}
        hash={leaf}
      />
      {steps.map(({ node, nodeOf }, i) => {
        const isRoot = i === steps.length - 1;
        const title = isRoot ? `root of ${size}` : rangeOf(nodeOf);
        const look = isRoot ? "root" : "node";
        return <Hash y={y(i + 1)} box={box} look={look} title={title} hash={node} />;
      })}
    </svg>
  );
}

function Step(props: {
  readonly step: PathStep;
  readonly y: number;
  readonly up: number;
  readonly box: number;
}) {
  const { step, y, up, box } = props;
  const x = step.side === "left" ? -box - GAP : box + GAP;
  return (
    <>
      <path class="edge own" d={`M0 ${y}V${up}`} />
      <path class="edge" d={`M${x} ${y}C${x} ${y - 30} 0 ${up + 30} 0 ${up}`} />
      <Hash
        x={x}
        y={y}
        box={box}
        look={step.before ? "sibling before" : "sibling"}
        title={rangeOf(step.siblingOf)}
        hash={step.sibling}
      />
    </>
  );
}

function rangeOf([from, to]: readonly [number, number]): string {
  return to - from === 1 ? `leaf ${from}` : `${from} to ${to - 1}`;
}

function Hash(props: {
  readonly x?: number;
  readonly y: number;
  readonly box: number;
  readonly look: string;
  readonly title: string;
  readonly hash: string;
}) {
  const { x = 0, y, box, look, title, hash } = props;
  return (
    <g class={`hash-box ${look}`} transform={`translate(${x} ${y})`}>
      <rect x={-box / 2} width={box} height={TALL} rx="5" />
      <text y="21">{title}</text>
      <text y="41" class="id">
        {hash.slice(0, 8)}…
      </text>
    </g>
  );
}

function Twin({ path }: { readonly path: MerklePath }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Beside it</th>
          <th scope="col">Covers</th>
          <th scope="col">Hash beside it</th>
          <th scope="col">Together</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">leaf</th>
          <td>–</td>
          <td>–</td>
          <td>–</td>
          <td>
            <Code text={path.leaf} />
          </td>
        </tr>
        {path.steps.map(({ side, siblingOf, sibling, node, before }, i) => (
          <tr>
            <th scope="row">{i + 1 === path.steps.length ? `${i + 1}: root` : i + 1}</th>
            <td>{side}</td>
            <td>
              {rangeOf(siblingOf)}
              {before && ", from before this bundle"}
            </td>
            <td>
              <Code text={sibling} />
            </td>
            <td>
              <Code text={node} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
