/** The whole page. */
import { kernelDigest } from "#kernel-digest";
import type { Examined } from "./questions.js";
import type { Viewer } from "./viewer.js";
import { Authorization } from "./view/authorization.js";
import { Checks, Logs, NotChecked } from "./view/checks.js";
import { FlipByte } from "./view/flip.js";
import { Intake } from "./view/intake.js";
import { Lineage } from "./view/lineage.js";
import { Path } from "./view/path.js";
import { Report } from "./view/report.js";
import { Runs } from "./view/runs.js";
import { Verdict } from "./view/verdict.js";

export function App({ viewer }: { readonly viewer: Viewer }) {
  const phase = viewer.phase.value;
  const examined = phase.kind === "done" ? phase.examined : undefined;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <h1>Proof viewer</h1>
        <p>
          Checks a Writ proof bundle on this machine, offline: no server is asked, and nothing
          leaves this page.
        </p>
      </header>
      <main id="main" tabIndex={-1}>
        <Intake viewer={viewer} />
        <Verdict viewer={viewer} />
        {examined && <Found examined={examined} />}
        <FlipByte viewer={viewer} />
        {examined && <Drawn viewer={viewer} examined={examined} />}
      </main>
      <footer>
        <p class="muted">
          Verified by the WebAssembly kernel with SHA-256 <code class="hash">{kernelDigest}</code>,
          which stands in this file.
        </p>
      </footer>
    </>
  );
}

function Found({ examined }: { readonly examined: Examined }) {
  const { report } = examined;
  return (
    <>
      <Checks report={report} />
      <NotChecked sentences={report.notChecked} />
      <Logs logs={report.logs} />
      <Report examined={examined} />
    </>
  );
}

function Drawn(props: { readonly viewer: Viewer; readonly examined: Examined }) {
  const { viewer, examined } = props;
  if (examined.report.outcome === "REFUTED") {
    return (
      <p class="note">
        Runs, lineage, authorizations and paths are not drawn: a refuted bundle is evidence of
        nothing.
      </p>
    );
  }
  return (
    <>
      <Runs viewer={viewer} />
      <Lineage viewer={viewer} />
      <Authorization viewer={viewer} />
      <Path viewer={viewer} />
    </>
  );
}
