/** The checks one by one, what was not checked, and the logs. */
import type { BundleCheck } from "../../../proof/findings.js";
import type { BundleReport, LogReport } from "../../../proof/report.js";
import { Code, Scroll, Section, Theirs, Time } from "./frame.js";
import { CheckMark } from "./icon.js";

const ORDER = ["failed", "missing", "not-run", "passed"];

export function Checks({ report }: { readonly report: BundleReport }) {
  // What did not pass comes first; a sort keeps the order of the rest.
  const checks = [...report.checks].sort(
    (a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome),
  );
  const passed = checks.filter(({ outcome }) => outcome === "passed").length;
  return (
    <Section id="checks" title="Checks">
      <p>
        {passed} of {checks.length} passed.
      </p>
      <Scroll label="All checks">
        <table>
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              <th scope="col">Check</th>
              <th scope="col">Code</th>
              <th scope="col">Expected</th>
              <th scope="col">Found</th>
              <th scope="col">Serves</th>
            </tr>
          </thead>
          <tbody>
            {checks.map((check) => (
              <Row check={check} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </Section>
  );
}

function Row({ check }: { readonly check: BundleCheck }) {
  const { name, outcome, code, expected, found, feature } = check;
  return (
    <tr>
      <td>
        <CheckMark outcome={outcome} />
      </td>
      <th scope="row" class="name">
        <Theirs text={name} />
      </th>
      <td>{code ?? ""}</td>
      <td class="wide">{expected !== undefined && <Theirs text={expected} />}</td>
      <td class="wide">{found !== undefined && <Theirs text={found} />}</td>
      <td>{feature}</td>
    </tr>
  );
}

export function NotChecked({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <Section id="not-checked" title="Not checked">
      <ul>
        {sentences.map((each) => (
          <li>
            <Theirs text={each} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Logs({ logs }: { readonly logs: readonly LogReport[] }) {
  if (logs.length === 0) return null;
  return (
    <Section id="logs" title="Logs, and who has seen them">
      <Scroll label="All logs">
        <table>
          <thead>
            <tr>
              <th scope="col">Log</th>
              <th scope="col">Kind</th>
              <th scope="col">Entries here</th>
              <th scope="col">Seen by</th>
              <th scope="col">Seen at</th>
              <th scope="col">Size then</th>
            </tr>
          </thead>
          <tbody>
            {logs.map(({ origin, kind, from, to, witnesses, asOf, size }) => (
              <tr>
                <th scope="row">
                  <Code text={origin} />
                </th>
                <td>{kind}</td>
                <td>
                  {from} to {to - 1}
                </td>
                <td>
                  {witnesses.length === 0 ? (
                    "nobody who counts"
                  ) : (
                    <Theirs text={witnesses.join(", ")} />
                  )}
                </td>
                <td>{asOf === null ? "–" : <Time text={asOf} />}</td>
                <td>{size ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Section>
  );
}
