/** Files, trust and time: what the person brings. */
import { useSignal } from "@preact/signals";
import type { NamedFile } from "../blob.js";
import type { Viewer } from "../viewer.js";
import { formatBytes, Section, Theirs } from "./frame.js";

function named(files: FileList | null | undefined): NamedFile[] {
  return [...(files ?? [])].map((file) => ({ name: file.name, blob: file }));
}

export function Intake({ viewer }: { readonly viewer: Viewer }) {
  const over = useSignal(false);
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    over.value = false;
    void viewer.take(named(event.dataTransfer?.files));
  };
  return (
    <Section id="files" title="Files and time">
      <div
        class={over.value ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={onDrop}
      >
        <p>
          Drop a proof bundle and the trust roots of the domains whose word shall count (
          <code>NAME.root.json</code>), in any order, or choose them:
        </p>
        <label class="file">
          <span>Choose files</span>
          <input
            id="choose"
            type="file"
            multiple
            onChange={({ currentTarget }) => {
              const files = named(currentTarget.files);
              currentTarget.value = "";
              void viewer.take(files);
            }}
          />
        </label>
      </div>
      <Files viewer={viewer} />
      <Demand viewer={viewer} />
    </Section>
  );
}

function Files({ viewer }: { readonly viewer: Viewer }) {
  const bundle = viewer.bundle.value;
  const files = [
    ...(bundle ? [{ file: bundle, what: "proof bundle" }] : []),
    ...viewer.roots.value.map((file) => ({ file, what: "trust root" })),
  ];
  const lacks = !bundle ? "a proof bundle" : viewer.roots.value.length === 0 ? "a trust root" : "";
  return (
    <>
      {viewer.refusals.value.map((each) => (
        <p class="note bad" role="alert">
          <Theirs text={each} />
        </p>
      ))}
      {files.length > 0 && (
        <ul class="files">
          {files.map(({ file, what }) => (
            <li>
              <span>
                <strong>{what}</strong> <Theirs text={file.name} />
                <span class="muted"> {formatBytes(file.blob.size)}</span>
              </span>
              <button type="button" onClick={() => void viewer.remove(file)}>
                Remove
                <span class="hidden">
                  {" "}
                  {what} <Theirs text={file.name} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {files.length > 0 && lacks !== "" && <p class="note">Still needed: {lacks}.</p>}
    </>
  );
}

function Demand({ viewer }: { readonly viewer: Viewer }) {
  const isReady = viewer.bundle.value !== undefined && viewer.roots.value.length > 0;
  return (
    <form
      class="demand"
      onSubmit={(event) => {
        event.preventDefault();
        void viewer.verify();
      }}
    >
      <label>
        <span>Time of the verification (UTC)</span>
        <input
          id="now"
          type="datetime-local"
          step="1"
          value={viewer.now.value}
          onInput={({ currentTarget }) => viewer.setNow(currentTarget.value)}
        />
      </label>
      <button type="button" onClick={() => viewer.useClock()}>
        Use the clock
      </button>
      <button type="submit" class="main" disabled={!isReady}>
        Verify again
      </button>
      <details>
        <summary>Advanced</summary>
        <div class="fields">
          <label>
            <span>Clocks may be apart (seconds)</span>
            <input
              id="skew"
              inputMode="decimal"
              value={viewer.skew.value}
              onInput={({ currentTarget }) => (viewer.skew.value = currentTarget.value)}
            />
          </label>
          <label>
            <span>Others must bear a decision’s time out within (seconds)</span>
            <input
              id="interval"
              inputMode="decimal"
              value={viewer.witnessInterval.value}
              onInput={({ currentTarget }) => (viewer.witnessInterval.value = currentTarget.value)}
            />
          </label>
        </div>
      </details>
      {viewer.demand.value === undefined && (
        <p class="note bad" role="alert">
          The time or a number is not in its form.
        </p>
      )}
    </form>
  );
}
