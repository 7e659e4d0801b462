/** The report as JSON: to copy, to save, to read. */
import { useSignal } from "@preact/signals";
import type { Examined } from "../questions.js";
import { escapeJson } from "../../../bytes/invisible.js";
import { Section } from "./frame.js";

export function Report({ examined }: { readonly examined: Examined }) {
  const said = useSignal("");
  const { json } = examined;
  const id = examined.report.id?.slice(0, 16) ?? "unread";
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(json);
      said.value = "Copied.";
    } catch {
      said.value = "The browser does not let this page copy: save it instead.";
    }
  };
  return (
    <Section id="report" title="Report">
      <p>
        The same bytes as <code>verifyBundle</code> gives on every runtime, in canonical JSON.
      </p>
      <p class="actions">
        <button type="button" onClick={() => void copy()}>
          Copy the report
        </button>
        <button type="button" onClick={() => save(`report-${id}.json`, json)}>
          Save the report
        </button>
        <span role="status">{said.value}</span>
      </p>
      <details>
        <summary>Read the report</summary>
        <pre id="report-json" tabIndex={0} role="region" aria-label="Report in JSON">
          {escapeJson(json)}
        </pre>
      </details>
    </Section>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
