/** The authorization of a run: every link with what it says, and whether its policy held for the request. */
import { inspectChain } from "../../authorization/inspect.js";
import type { Authorization } from "../../authorization/predicate.js";
import type { PredicateReport } from "../../authorization/policy/explain.js";
import { explainPolicy } from "../../authorization/policy/explain.js";
import { makeRequest } from "../../authorization/request.js";
import type { Resource } from "../../authorization/request.js";
import type { Json } from "../../bytes/canonical.js";
import { formatCanonical } from "../../bytes/canonical.js";
import type { JsonObject } from "../../bytes/json-kind.js";
import type { Kernel } from "../../kernel/kernel.js";
import type { Admission } from "../../lineage/entry/run.js";
import { checkOpening } from "../../lineage/openings.js";
import type { Opened } from "../../proof/opened.js";
import type { Result } from "../../verdict.js";
import { failure, ok } from "../../verdict.js";

/** A predicate with how it came out; `withheld` where an argument of the request is not shown. */
export interface ExplainedPredicate {
  /** Canonical JSON. */
  readonly predicate: string;
  readonly truth: PredicateReport["truth"] | "withheld";
  /** Canonical JSON of what the selector gave. */
  readonly value: string | undefined;
  readonly reason: string | undefined;
  readonly below: readonly ExplainedPredicate[];
  readonly omitted: number;
}

export interface ExplainedLink {
  readonly sha256: string;
  readonly authorization: Authorization;
  /** Undefined where the key that it names has signed it. */
  readonly signature: string | undefined;
  readonly policy: readonly ExplainedPredicate[];
}

export interface ExplainedArgument {
  readonly name: string;
  /** Canonical JSON; undefined where it was withheld. */
  readonly value: string | undefined;
}

export interface ExplainedChain {
  readonly arguments: readonly ExplainedArgument[];
  readonly links: readonly ExplainedLink[];
}

/** `chain`: the file that the admission names. */
export function explainChain(
  kernel: Kernel,
  admission: Admission,
  opened: Opened | undefined,
  chain: Uint8Array,
): Result<ExplainedChain> {
  const links = inspectChain(kernel, chain);
  if (!links.ok) return links;
  const shown = shownArguments(kernel, admission, opened);
  const input = inputOf(admission, shown);
  return ok({
    arguments: [...shown].map(([name, value]) => ({
      name,
      value: value === undefined ? undefined : formatCanonical(value),
    })),
    links: links.value.map(({ link, signature }) => ({
      sha256: link.sha256,
      authorization: link.authorization,
      signature: signature.ok ? undefined : `${signature.expected}; ${signature.found}`,
      policy: input.ok
        ? explainPolicy(link.policy, input.value).map(explained)
        : link.policy.predicates.map(({ source }) => withheld(source)),
    })),
  });
}

/** What is opened and is what the digest says; undefined for all else. */
function shownArguments(
  kernel: Kernel,
  admission: Admission,
  opened: Opened | undefined,
): ReadonlyMap<string, Json | undefined> {
  return new Map(
    admission.arguments.map((digest) => {
      const opening = opened?.openings.find(({ name }) => name === digest.name);
      const holds = opening && checkOpening(kernel, digest, opening).ok;
      return [digest.name, holds ? opening.value : undefined];
    }),
  );
}

function inputOf(
  { principal, command }: Admission,
  shown: ReadonlyMap<string, Json | undefined>,
): Result<JsonObject> {
  const given = Object.create(null) as { [name: string]: Json };
  for (const [name, value] of shown) {
    if (value === undefined) return failure("REDACTED", "all arguments", "some are withheld");
    if (name !== "resource") given[name] = value;
  }
  const resource = shown.get("resource");
  const request = makeRequest({
    principal: principal.id,
    command,
    arguments: given as JsonObject,
    ...(resource === undefined ? {} : { resource: resource as unknown as Resource }),
  });
  return request.ok ? ok(request.value.input) : request;
}

function explained(report: PredicateReport): ExplainedPredicate {
  const { predicate, truth, value, reason, below, omitted = 0 } = report;
  return {
    predicate: formatCanonical(predicate),
    truth,
    value: value === undefined ? undefined : formatCanonical(value),
    reason,
    below: below.map(explained),
    omitted,
  };
}

function withheld(source: Json): ExplainedPredicate {
  const predicate = formatCanonical(source);
  const nothing = { value: undefined, reason: undefined, below: [], omitted: 0 };
  return { predicate, truth: "withheld", ...nothing };
}
