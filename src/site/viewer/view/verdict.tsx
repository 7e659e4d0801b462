/** The verdict, and how far a verification has come. */
import type { Outcome } from "../../../verdict.js";
import { CODES } from "../../../verdict.js";
import type { Phase, Viewer } from "../viewer.js";
import { Code, formatBytes, Section, Time } from "./frame.js";
import { VerdictIcon } from "./icon.js";

const WORDS: Readonly<Record<Outcome, string>> = {
  PROVEN:
    "All that the bundle holds follows from the roots you gave, was seen by others, and every decision in it comes out the same.",
  REFUTED: "Something in the bundle contradicts what it claims. It is evidence of nothing.",
  INCOMPLETE: "Nothing contradicts the bundle, and what is here is not enough to decide.",
};

export function Verdict({ viewer }: { readonly viewer: Viewer }) {
  const phase = viewer.phase.value;
  return (
    <>
      <p class="hidden" role="status" aria-live="polite" id="announcement">
        {announced(phase)}
      </p>
      {phase.kind === "verifying" && <Progress phase={phase} />}
      {phase.kind === "failed" && (
        <Section id="verdict" title="No verdict">
          <p class="note bad" id="failure">
            <Code text={phase.message} />
          </p>
        </Section>
      )}
      {phase.kind === "done" && <Done phase={phase} viewer={viewer} />}
    </>
  );
}

function announced(phase: Phase): string {
  if (phase.kind === "verifying") return "Verifying.";
  if (phase.kind === "failed") return `No verdict. ${phase.message}`;
  if (phase.kind === "waiting") return "";
  const { outcome, code } = phase.examined.report;
  const flipped = phase.flip ? ", with one byte changed" : "";
  return `Verdict${flipped}: ${outcome}. ${code ? CODES[code] : WORDS[outcome]}`;
}

function Progress({ phase }: { readonly phase: Phase & { readonly kind: "verifying" } }) {
  const { read, total } = phase;
  return (
    <Section id="verifying" title="Verifying">
      <progress value={read} max={Math.max(1, total)} aria-label="Bytes verified" />
      <p>
        {formatBytes(read)} of {formatBytes(total)}
      </p>
    </Section>
  );
}

function Done(props: {
  readonly phase: Phase & { readonly kind: "done" };
  readonly viewer: Viewer;
}) {
  const { phase, viewer } = props;
  const { outcome, code, id, asOf } = phase.examined.report;
  return (
    <Section id="verdict" title={phase.flip ? "Verdict on the changed bundle" : "Verdict"}>
      <div class={`verdict ${outcome.toLowerCase()}`} data-outcome={outcome}>
        <VerdictIcon outcome={outcome} />
        <div>
          <p class="outcome">{outcome}</p>
          <p>{WORDS[outcome]}</p>
          {code !== null && (
            <p>
              <strong>{code}</strong>: {CODES[code]}
            </p>
          )}
        </div>
      </div>
      <dl>
        <dt>Bundle</dt>
        <dd>{id === null ? "no manifest that can be read" : <code class="hash">{id}</code>}</dd>
        <dt>As of</dt>
        <dd>
          {asOf === null ? "no time: nobody vouches for all of its logs" : <Time text={asOf} />}
        </dd>
        <dt>Verified at</dt>
        <dd>{phase.at.replace("T", " ")} UTC</dd>
        <dt>Read</dt>
        <dd>
          {formatBytes(phase.examined.bytes)}, in{" "}
          {viewer.place.value === "worker" ? "a worker of this page" : "this page"}; nothing was
          sent
        </dd>
      </dl>
    </Section>
  );
}
