/**
 * Entries that say no more than that a run was decided on again and may go on: most of a log. What they
 * say can be computed from the entries before, so that a reader need not take each apart.
 */
import { parseRfc3339 } from "../bytes/rfc3339.js";
import type { Linked } from "./entry/common.js";
import type { Decision, TrustName } from "./entry/run.js";

/** An allow, of a run that was allowed before. */
export type AllowAgain = Decision &
  Linked & {
    readonly outcome: "allow";
    readonly code: null;
    readonly rule: null;
    readonly command: string;
    readonly possession: null;
  };

const BEGIN = '{"code":null,"command":"';
const RUN = ',"rule":null,"run":"';
const TIME = '","time":"';

/** The run and the time that such an entry names, if it is one: a hint, which says nothing of the rest. */
export function inspectAgain(
  text: string,
): { readonly run: string; readonly time: string } | undefined {
  if (!text.startsWith(BEGIN)) return undefined;
  const run = text.indexOf(RUN) + RUN.length;
  if (run < RUN.length) return undefined;
  const time = text.indexOf(TIME, run) + TIME.length;
  if (time < TIME.length) return undefined;
  const end = text.indexOf('"', time);
  const named = { run: text.slice(run, run + 32), time: text.slice(time, end) };
  return parseRfc3339(named.time) === undefined ? undefined : named;
}

/**
 * The text of its entry: canonical JSON, as `formatCanonical` writes it. Undefined where a number in it
 * is none that an entry holds. The other members are of the form that an entry's schema demands.
 */
export function formatAgain(entry: AllowAgain): string | undefined {
  const { command, number, prev, recheck, run, state, stateDigest, time, trust, validUntil } =
    entry;
  if (!isCount(number) || !isCount(recheck) || recheck === 0 || trust.length > 128)
    return undefined;
  let names = "";
  for (const name of trust) {
    const text = formatName(name);
    if (text === undefined) return undefined;
    names += names === "" ? text : `,${text}`;
  }
  return (
    `${BEGIN}${inString(command)}","kind":"decision","number":${number},"outcome":"allow",` +
    `"possession":null,"prev":${quoted(prev)},"recheck":${recheck}${RUN}${run}","state":"${state}",` +
    `"stateDigest":"${stateDigest}${TIME}${time}","trust":[${names}],"validUntil":${quoted(validUntil)}}`
  );
}

function formatName({ age, digest, domain, version, view }: TrustName): string | undefined {
  if (!isCount(version) || !(age === null || Number.isSafeInteger(age))) return undefined;
  return (
    `{"age":${age},"digest":${quoted(digest)},"domain":"${inString(domain)}",` +
    `"version":${version},"view":"${view}"}`
  );
}

function isCount(value: number | null): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Of digests and times, in which nothing is escaped. */
function quoted(text: string | null): string {
  return text === null ? "null" : `"${text}"`;
}

/** Commands and the names of domains hold nothing that is escaped. */
function inString(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1);
}

const PLAIN = /^[a-z0-9./_-]*$/;
