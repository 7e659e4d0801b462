/** The options that state how a run must be confined. */
import type { Isolation } from "../../authorization/predicate.js";
import { authorizationSchema, ISOLATION_LEVELS } from "../../authorization/predicate.js";
import { sortBy } from "../../trust/contents/sorted.js";
import { FOREVER } from "../../trust/contents/status.js";
import { matchSchema } from "../../trust/schema.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";

const SETS = ["read", "write", "net", "run"] as const;
type SetName = (typeof SETS)[number];

const PATH = "an absolute path like /data, without // . or .. in it";
const FORMS: Readonly<Record<SetName, string>> = {
  read: PATH,
  write: PATH,
  net: "a host like api.example, or with its port api.example:443",
  run: "a program's name or path",
};

export const CONFINEMENT_OPTIONS = {
  isolation: { type: "string" },
  read: { type: "string", multiple: true },
  write: { type: "string", multiple: true },
  net: { type: "string", multiple: true },
  run: { type: "string", multiple: true },
} as const;

const LEVELS = `${ISOLATION_LEVELS.slice(0, -1).join(", ")} or ${ISOLATION_LEVELS.at(-1)}`;

export const CONFINEMENT_HELP = `  --isolation LEVEL         how a run must be confined at least: ${LEVELS}
  --read PATH               goes with it: a path that may be read, with what lies below it. Like --write
                            PATH, --net HOST[:PORT] and --run PROGRAM it may be repeated; '' alone
                            allows none, and without the option nothing is limited`;

export function isolationOf(args: Arguments): Isolation | undefined {
  const level = args.text("isolation");
  const sets = SETS.map((name) => [name, setOf(args, name)] as const);
  const given = sets.filter(([, set]) => set !== undefined);
  if (level === undefined) {
    const [first] = given;
    if (first === undefined) return undefined;
    throw new UsageError(`--${first[0]} goes with --isolation LEVEL: ${LEVELS}`);
  }
  const known = ISOLATION_LEVELS.find((each) => each === level);
  if (!known) throw new UsageError(`--isolation is ${LEVELS}, not "${level}"`);
  return { level: known, ...Object.fromEntries(given) };
}

function setOf(args: Arguments, name: SetName): string[] | undefined {
  const items = args.list(name);
  if (items.length === 0) return undefined;
  if (items.length === 1 && items[0] === "") return [];
  if (items.includes("")) throw new UsageError(`--${name} '' allows none: it stands alone`);
  const bad = items.find((item) => !isItem(name, item));
  if (bad !== undefined) throw new UsageError(`--${name} is ${FORMS[name]}, not "${bad}"`);
  return sortBy(items, (each) => each);
}

/** As the schema of authorizations has it: a demand that no gate could read is not made. */
function isItem(name: SetName, item: string): boolean {
  const isolation = { level: ISOLATION_LEVELS[0], [name]: [item] };
  return matchSchema("the authorization", authorizationSchema, { ...SAMPLE, isolation }).ok;
}

const SAMPLE = {
  issuer: { domain: "a.example", key: "00".repeat(32) },
  audience: ["a.example"],
  principal: { id: "agent:a", key: "00".repeat(32) },
  command: "/",
  policy: [],
  expires: FOREVER,
  nonce: "00".repeat(16),
};
