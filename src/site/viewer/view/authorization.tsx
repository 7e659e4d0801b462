/** Who allowed the chosen run, link by link, and whether each predicate held for what was asked. */
import type { ExplainedLink, ExplainedPredicate } from "../authorization-chain.js";
import type { Viewer } from "../viewer.js";
import { Code, Section, Theirs, Time } from "./frame.js";

export function Authorization({ viewer }: { readonly viewer: Viewer }) {
  if (viewer.run.value === undefined) return null;
  const chain = viewer.authorization.value;
  return (
    <Section id="authorization" title="Authorization of the chosen run">
      {chain === undefined && <p>Nothing was admitted: it was denied before, or began earlier.</p>}
      {chain && !chain.ok && (
        <p class="note bad">
          {chain.code}: expected <Theirs text={chain.expected} />; found{" "}
          <Theirs text={chain.found} />
        </p>
      )}
      {chain?.ok && (
        <>
          <h3>What was asked with</h3>
          {chain.value.arguments.length === 0 ? (
            <p>No arguments.</p>
          ) : (
            <dl>
              {chain.value.arguments.map(({ name, value }) => (
                <>
                  <dt>
                    <Code text={name} />
                  </dt>
                  <dd>{value === undefined ? <em>withheld</em> : <Code text={value} />}</dd>
                </>
              ))}
            </dl>
          )}
          {chain.value.links.map((link, i) => (
            <Link link={link} number={i + 1} of={chain.value.links.length} />
          ))}
        </>
      )}
    </Section>
  );
}

function Link(props: {
  readonly link: ExplainedLink;
  readonly number: number;
  readonly of: number;
}) {
  const { link, number, of } = props;
  const { issuer, principal, command, audience, notBefore, expires, limits } = link.authorization;
  return (
    <div class="link">
      <h3>
        Link {number} of {of}
      </h3>
      <dl>
        <dt>Issuer</dt>
        <dd>
          <Theirs text={issuer.domain} /> <code class="hash muted">{issuer.key}</code>{" "}
          {link.signature === undefined ? (
            <span class="mark mark-passed">✓ signed</span>
          ) : (
            <span class="mark mark-failed">
              ✕ not signed by it: <Theirs text={link.signature} />
            </span>
          )}
        </dd>
        <dt>Principal</dt>
        <dd>
          <Theirs text={principal.id} /> <code class="hash muted">{principal.key}</code>
        </dd>
        <dt>Command</dt>
        <dd>
          <Code text={command} />
        </dd>
        <dt>Audience</dt>
        <dd>
          <Theirs text={audience.join(", ")} />
        </dd>
        <dt>Window</dt>
        <dd>
          {notBefore === undefined ? "from the beginning" : <Time text={notBefore} />} to{" "}
          <Time text={expires} />
        </dd>
        {limits && (
          <>
            <dt>Limits</dt>
            <dd>
              <Code text={JSON.stringify(limits)} />
            </dd>
          </>
        )}
        <dt>Identity</dt>
        <dd>
          <code class="hash">{link.sha256}</code>
        </dd>
      </dl>
      <h4>Policy</h4>
      {link.policy.length === 0 ? (
        <p>No predicates: any arguments.</p>
      ) : (
        <Predicates predicates={link.policy} />
      )}
    </div>
  );
}

const WORDS = {
  true: ["mark-passed", "✓ holds"],
  false: ["mark-failed", "✕ does not hold"],
  error: ["mark-missing", "! cannot be told"],
  withheld: ["mark-not-run", "– withheld"],
} as const;

function Predicates({ predicates }: { readonly predicates: readonly ExplainedPredicate[] }) {
  return (
    <ul class="predicates">
      {predicates.map(({ predicate, truth, value, reason, below, omitted }) => {
        const [style, word] = WORDS[truth];
        return (
          <li>
            <span class={`mark ${style}`}>{word}</span> <Code text={predicate} />
            {value !== undefined && (
              <span class="muted">
                {" "}
                with <Code text={value} />
              </span>
            )}
            {reason !== undefined && (
              <span class="muted">
                {" "}
                (<Theirs text={reason} />)
              </span>
            )}
            {below.length > 0 && <Predicates predicates={below} />}
            {omitted > 0 && <p class="muted">and {omitted} more</p>}
          </li>
        );
      })}
    </ul>
  );
}
