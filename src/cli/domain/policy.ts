import { setBaseline, setPolicy, setWitnesses } from "../../domain/edit.js";
import { kernelDigest } from "../../runtime/digest.js";
import { describeQuorum, parsePolicy } from "../../tlog/policy.js";
import { policySchema } from "../../trust/contents/policy.js";
import { readSchema } from "../../trust/schema.js";
import { UsageError } from "../command.js";
import { readInput } from "../input.js";
import { describe } from "../print.js";
import { formatCount } from "./counts.js";
import { editCommand } from "./edit.js";

const DIR_HELP = "  DIR                       the domain's folder";

export const domainWitness = editCommand({
  name: "domain witness",
  usage: "domain witness DIR FILE|--remove",
  summary: "Name the witnesses that the domain asks for its logs.",
  help: `${DIR_HELP}
  FILE                      a C2SP tlog-policy: witnesses, groups, and the quorum
  --remove                  ask none`,
  options: { remove: { type: "boolean" } },
  positionals: (args) => (args.flag("remove") ? ["DIR"] : ["DIR", "FILE"]),
  prepare: async (args, { kernel }) => {
    const [, file] = args.positionals;
    if (file === undefined) {
      return { edit: (draft) => setWitnesses(draft, undefined), said: "no witness is asked" };
    }
    const bytes = await readInput(file);
    const policy = parsePolicy(kernel, bytes);
    if (!policy.ok) throw new UsageError(`${file} is not a usable policy: ${describe(policy)}`);
    const { witnesses, quorum } = policy.value;
    return {
      edit: (draft) => setWitnesses(draft, bytes),
      said: `${formatCount(witnesses.length, "witness", "witnesses")}, quorum ${describeQuorum(quorum)}`,
    };
  },
});

export const policySet = editCommand({
  name: "domain policy set",
  usage: "domain policy set DIR FILE",
  summary: "Set the domain's own policy, which only narrows what is allowed.",
  help: `${DIR_HELP}
  FILE                      JSON: {"rules": [{"command": "/pay", "policy": [["<=", ".amount", 1000]]}]};
                            {"rules": []} narrows nothing. Beside them "trips", a list of
                            {"id": "busy", "command": "/pay", "of": "uses", "most": 5, "within": 60000}:
                            a gate with more than 5 in 60 seconds stops what runs and is contained.
                            "of" is also "denials" or "drifts", or "duration": a run of more than
                            "most" milliseconds is stopped, and there is no "within". A baseline that
                            is set follows`,
  options: {},
  positionals: ["DIR", "FILE"],
  prepare: async (args, { kernel }) => {
    const file = args.positionals[1] as string;
    const policy = readSchema(file, policySchema, await readInput(file));
    if (!policy.ok) throw new UsageError(`not a usable policy: ${describe(policy)}`);
    const { rules, trips = [] } = policy.value;
    return {
      edit: (draft) => setPolicy(kernel, draft, policy.value),
      said: (draft) =>
        [
          `${formatCount(rules.length, "rule narrows", "rules narrow")} what is allowed`,
          ...(trips.length > 0
            ? [`, ${formatCount(trips.length, "trip stops", "trips stop")} what runs`]
            : []),
          ...(draft.baseline
            ? [`; the baseline names this policy now, ${draft.baseline.policy}`]
            : []),
        ].join(""),
    };
  },
});

export const baselineSet = editCommand({
  name: "domain baseline set",
  usage: "domain baseline set DIR [--kernel HEX...] [--require NAME=HEX...] [--remove]",
  summary: "Set what a run must start from: kernels, the draft's policy, the environment.",
  help: `${DIR_HELP}
  --kernel HEX              SHA-256 of a kernel that may run; may be repeated (default: that of this
                            writ, ${kernelDigest.slice(0, 16)}...)
  --require NAME=HEX        a module or program, and the SHA-256 that it must have; may be repeated
  --remove                  demand nothing of the environment
What was set before is replaced.`,
  options: {
    kernel: { type: "string", multiple: true },
    require: { type: "string", multiple: true },
    remove: { type: "boolean" },
  },
  positionals: ["DIR"],
  prepare: (args, { kernel }) => {
    const given = [...args.list("kernel"), ...args.list("require")];
    if (args.flag("remove")) {
      if (given.length > 0) throw new UsageError("--remove goes without --kernel and --require");
      return {
        edit: (draft) => setBaseline(kernel, draft, undefined),
        said: "no baseline is demanded",
      };
    }
    const kernels = args.list("kernel").map((hex) => digestOf("--kernel", hex));
    const environment = args.list("require").map((text) => {
      const at = text.lastIndexOf("=");
      if (at <= 0)
        throw new UsageError(`--require is like node=<64 hexadecimal digits>, not "${text}"`);
      return { name: text.slice(0, at), sha256: digestOf("--require", text.slice(at + 1)) };
    });
    const measured = {
      kernels: kernels.length > 0 ? kernels : [kernelDigest],
      environment,
    };
    return {
      edit: (draft) => setBaseline(kernel, draft, measured),
      said: (draft) =>
        `kernel ${measured.kernels.join(" or ")}, policy ${draft.baseline?.policy}${environment.map(({ name, sha256 }) => `, ${name} ${sha256}`).join("")}`,
    };
  },
});

function digestOf(what: string, hex: string): string {
  if (/^[0-9a-f]{64}$/i.test(hex)) return hex.toLowerCase();
  throw new UsageError(`${what} takes a SHA-256 in 64 hexadecimal digits, not "${hex}"`);
}
