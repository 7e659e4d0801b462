/** One byte of the bundle changed in memory, to see which check finds it. */
import { useSignal } from "@preact/signals";
import type { BundleReport } from "../../../proof/report.js";
import type { Flip, Viewer } from "../viewer.js";
import { Action, Section, Theirs } from "./frame.js";

export function FlipByte({ viewer }: { readonly viewer: Viewer }) {
  const position = useSignal("");
  const phase = viewer.phase.value;
  const size = viewer.bundle.value?.blob.size ?? 0;
  if (size === 0 || viewer.roots.value.length === 0) return null;
  const flip = phase.kind === "done" ? phase.flip : undefined;
  const chosen = /^\d+$/.test(position.value) ? Number(position.value) : undefined;
  const isWrong = position.value !== "" && (chosen === undefined || chosen >= size);
  return (
    <Section id="flip" title="Flip one byte">
      <p>Change a single byte of the bundle in memory, verify again, and see what catches it.</p>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isWrong) void viewer.flip(chosen);
        }}
      >
        <label>
          <span>Position, 0 to {size - 1}; empty: anywhere</span>
          <input
            id="position"
            inputMode="numeric"
            value={position.value}
            aria-invalid={isWrong}
            onInput={({ currentTarget }) => (position.value = currentTarget.value.trim())}
          />
        </label>
        <button type="submit" aria-disabled={isWrong}>
          Flip one byte
        </button>
        <Action idle={flip === undefined} onAct={() => void viewer.verify()}>
          Restore the bundle
        </Action>
      </form>
      {flip && phase.kind === "done" && (
        <Caught
          flip={flip}
          report={phase.examined.report}
          original={viewer.original.value?.report}
        />
      )}
    </Section>
  );
}

function Caught(props: {
  readonly flip: Flip;
  readonly report: BundleReport;
  readonly original: BundleReport | undefined;
}) {
  const { flip, report, original } = props;
  const caught = report.checks.filter(
    ({ outcome }) => outcome === "failed" || outcome === "missing",
  );
  const isOther = original !== undefined && original.id !== report.id;
  return (
    <div class="note" id="caught">
      <p>
        Byte {flip.position}, line {flip.line}, column {flip.column}: {shown(flip.before)} became{" "}
        {shown(flip.after)}, in <Theirs text={flip.part} />.
      </p>
      {caught.length > 0 && <p>Caught by:</p>}
      <ul>
        {caught.map(({ name, code, expected, found }) => (
          <li>
            <strong>
              <Theirs text={name} />
            </strong>{" "}
            {code}: expected <Theirs text={expected ?? ""} />; found <Theirs text={found ?? ""} />
          </li>
        ))}
      </ul>
      {isOther && <p>It is another bundle too: its id is not the same any more.</p>}
    </div>
  );
}

function shown(byte: number): string {
  const hex = `0x${byte.toString(16).padStart(2, "0")}`;
  return byte > 0x20 && byte < 0x7f ? `${hex} (${String.fromCharCode(byte)})` : hex;
}
