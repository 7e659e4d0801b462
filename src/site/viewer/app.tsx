/** The whole page. */
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
        {examined && (
          <>
            <Checks report={examined.report} />
            <NotChecked sentences={examined.report.notChecked} />
            <Logs logs={examined.report.logs} />
            <Report examined={examined} />
            <FlipByte viewer={viewer} />
            {examined.report.outcome === "REFUTED" && (
              <p class="note">
                Runs, lineage, authorizations and paths are not drawn: a refuted bundle is evidence
                of nothing.
              </p>
            )}
            <Runs viewer={viewer} />
            <Lineage viewer={viewer} />
            <Authorization viewer={viewer} />
            <Path viewer={viewer} />
          </>
        )}
      </main>
    </>
  );
}
