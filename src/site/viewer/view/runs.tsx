/** The runs, and for how long each was trusted: drawn, and as a table. */
import type { RunPage, RunRow } from "../questions.js";
import { ticks } from "../time-line.js";
import { PAGE } from "../viewer.js";
import type { Viewer } from "../viewer.js";
import { Code, formatTime, Scroll, Section, Theirs, Time } from "./frame.js";

export function Runs({ viewer }: { readonly viewer: Viewer }) {
  const page = viewer.runs.value;
  if (!page) return null;
  const { total, first, rows } = page;
  return (
    <Section id="runs" title="Runs">
      <div class="fields">
        <label>
          <span>Find runs by id, gate, state, command or principal</span>
          <input
            id="filter"
            type="search"
            value={viewer.filter.value}
            onInput={({ currentTarget }) => void viewer.list(0, currentTarget.value)}
          />
        </label>
        <button type="button" disabled={first === 0} onClick={() => void viewer.list(first - PAGE)}>
          Earlier
        </button>
        <button
          type="button"
          disabled={first + rows.length >= total}
          onClick={() => void viewer.list(first + PAGE)}
        >
          Later
        </button>
      </div>
      <p role="status">
        {rows.length === 0
          ? "No runs."
          : `Runs ${first + 1} to ${first + rows.length} of ${total}.`}
      </p>
      {rows.length > 0 && <List viewer={viewer} rows={rows} />}
      <h3>Time line of trust</h3>
      <TimeLine page={page} chosen={viewer.run.value} />
    </Section>
  );
}

function List({ viewer, rows }: { readonly viewer: Viewer; readonly rows: readonly RunRow[] }) {
  return (
    <Scroll label="List of runs">
      <table>
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">State</th>
            <th scope="col">Command</th>
            <th scope="col">Principal</th>
            <th scope="col">Began</th>
            <th scope="col">Gate</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, run, state, command, principal, begin, origin, about }) => (
            <tr class={key === viewer.run.value ? "chosen" : undefined}>
              <th scope="row">
                <button
                  type="button"
                  aria-pressed={key === viewer.run.value}
                  onClick={() => void viewer.choose(key)}
                >
                  <code>{run.slice(0, 8)}</code>
                </button>
              </th>
              <td>
                <span class={`state state-${state}`}>{state}</span>
                {!about && <span class="muted"> not what this is about</span>}
              </td>
              <td>{command === undefined ? "–" : <Code text={command} />}</td>
              <td>{principal === undefined ? "–" : <Theirs text={principal} />}</td>
              <td>
                <Time text={begin} />
              </td>
              <td>
                <Code text={origin} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

const [LABEL, WIDTH, ROW, HEAD] = [96, 700, 34, 34];

function TimeLine({
  page,
  chosen,
}: {
  readonly page: RunPage;
  readonly chosen: string | undefined;
}) {
  const rows = page.rows.filter(({ line }) => line.bars.length + line.marks.length > 0);
  const times = rows.flatMap(({ line }) => [
    ...line.bars.flatMap(({ from, to }) => [from, to]),
    ...line.marks.map(({ time }) => time),
  ]);
  if (times.length === 0) return <p>Nothing here was trusted, and nothing was stopped.</p>;
  // Not Math.min(...times): there may be more than a call takes.
  const from = times.reduce((a, b) => Math.min(a, b));
  const to = Math.max(
    from + 1,
    times.reduce((a, b) => Math.max(a, b)),
  );
  const x = (time: number): number => LABEL + ((time - from) / (to - from)) * WIDTH;
  const height = HEAD + ROW * rows.length + 8;
  const marks = ticks(from, to, 5);
  const day = formatTime(from).slice(0, 10);
  return (
    <>
      <p class="legend">
        <span>
          <span class="key bar" /> trusted
        </span>
        <span>
          <span class="key gap" /> executing without trust
        </span>
        {(["drift", "stopped", "resumed", "denied"] as const).map((kind) => (
          <span>
            <span class={signClass(kind)}>{SIGNS[kind]}</span> {kind}
          </span>
        ))}
      </p>
      <Scroll label="Time line, drawn">
        <svg
          class="time-line"
          width={LABEL + WIDTH + 105}
          height={height}
          role="img"
          aria-label={`Time line of ${rows.length} runs from ${formatTime(from)} to ${formatTime(to)}; the table below says the same`}
        >
          <text x="0" y="20">
            {day}
          </text>
          {marks.map((time) => (
            <g class="tick">
              <line x1={x(time)} x2={x(time)} y1={HEAD - 6} y2={height} />
              <text x={x(time) + 3} y="20">
                {labelOf(time, to - from)}
              </text>
            </g>
          ))}
          {rows.map((row, i) => (
            <Bars row={row} x={x} y={HEAD + ROW * i} isChosen={row.key === chosen} />
          ))}
        </svg>
      </Scroll>
      <details>
        <summary>The time line as a table</summary>
        <Scroll label="Time line as a table">
          <TimeTable rows={rows} />
        </Scroll>
      </details>
    </>
  );
}

function labelOf(time: number, span: number): string {
  const text = new Date(time).toISOString();
  if (span > 3 * 86_400_000) return text.slice(5, 10);
  return span > 5 * 60_000 ? text.slice(11, 16) : text.slice(11, span > 3_000 ? 19 : 23);
}

const SIGNS = { drift: "◆", stopped: "■", resumed: "▶", denied: "✕", gap: "" } as const;

function signClass(kind: keyof typeof SIGNS): string {
  return kind === "resumed" ? "resumed" : "drift";
}

function Bars(props: {
  readonly row: RunRow;
  readonly x: (time: number) => number;
  readonly y: number;
  readonly isChosen: boolean;
}) {
  const { row, x, y, isChosen } = props;
  const gaps = row.line.marks.filter(({ kind }) => kind === "gap");
  const signs = row.line.marks.filter(({ kind }) => kind !== "gap");
  return (
    <g class={isChosen ? "chosen" : undefined}>
      <text class="id" x="0" y={y + 20}>
        {row.run.slice(0, 8)}
      </text>
      {row.line.bars.map(({ from, to }) => (
        <rect
          class="bar"
          x={x(from)}
          y={y + 6}
          width={Math.max(2, x(to) - x(from) - 1)}
          height="18"
          rx="2"
        />
      ))}
      {gaps.map(({ time, to = time }) => (
        <rect class="gap" x={x(time)} y={y + 6} width={Math.max(2, x(to) - x(time))} height="18" />
      ))}
      {signs.map(({ kind, time }, i) => (
        <text class={`sign ${signClass(kind)}`} x={x(time) + 2 + 14 * i} y={y + 21}>
          {SIGNS[kind]}
        </text>
      ))}
    </g>
  );
}

function TimeTable({ rows }: { readonly rows: readonly RunRow[] }) {
  const lines = rows.flatMap(({ run, line }) =>
    [
      ...line.bars.map(({ from, to, decisions, end }) => ({
        run,
        time: from,
        to: to as number | undefined,
        what: `trusted${decisions > 1 ? `, ${decisions} decisions` : ""}; then: ${end}`,
      })),
      ...line.marks.map(({ time, to, what }) => ({ run, time, to, what })),
    ].sort((a, b) => a.time - b.time),
  );
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">What</th>
          <th scope="col">From</th>
          <th scope="col">To</th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ run, time, to, what }) => (
          <tr>
            <th scope="row">
              <code>{run.slice(0, 8)}</code>
            </th>
            <td>{what}</td>
            <td>{formatTime(time)}</td>
            <td>{to === undefined ? "" : formatTime(to)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
