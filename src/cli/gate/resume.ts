import { signResume } from "../../gate/resume-statement.js";
import { encodeHex } from "../../bytes/hex.js";
import { formatRfc3339 } from "../../bytes/rfc3339.js";
import { decodeUtf8 } from "../../bytes/utf8.js";
import type { Kernel } from "../../kernel/kernel.js";
import { isKeyName } from "../../tlog/vkey.js";
import { sortBy } from "../../trust/contents/sorted.js";
import {
  readEnvelopeSigner,
  SIGNER_OPTIONS,
  signerHelp,
} from "../authorization/envelope-signer.js";
import { readKnownDomains } from "../authorization/known-domains.js";
import type { Command } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { writeNew } from "../output.js";
import { nowOf, parseWhen } from "../time.js";

export const resume: Command = {
  name: "resume",
  usage:
    "resume GATE --drift LEAF [--run ID] --key KEYFILE --expires WHEN [--trust STORE] [--out FILE]",
  summary: "Sign that a gate, or one run of it, may go on after what stopped it.",
  help: `  GATE                      the gate's origin, like ship.example/gate-1
  --drift LEAF              the leaf hash of the drift that is answered, as "writ run" and "writ lineage"
                            print it: 64 hexadecimal digits. It must be the latest, so that this serves
                            once
  --run ID                  the run that may go on: 32 hexadecimal digits (default: the gate itself)
${signerHelp("the resumer's")}
  --expires WHEN            until when it serves: RFC 3339, or from now like 10m
  --trust STORE             the gate must know at least the trust that this store holds of each domain
  --out FILE                the statement, a file that is made new (default: stdout)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --json                    one JSON object: command, outcome, code, gate, run, drift, trust, expires,
                            file, and without --out the statement
The gate's domain lists the key: "writ domain resumer add". "writ run --resume FILE" goes on by it.`,
  options: {
    ...SIGNER_OPTIONS,
    drift: { type: "string" },
    run: { type: "string" },
    expires: { type: "string" },
    trust: { type: "string" },
    out: { type: "string" },
    now: { type: "string" },
  },
  run: async (args) => {
    const [gate] = args.exactly("GATE") as [string];
    args.requireAll("drift", "key", "expires");
    if (!isKeyName(gate)) {
      throw new UsageError(`GATE is a gate's origin like ship.example/gate-1, not "${gate}"`);
    }
    const drift = requireHex("--drift", args.required("drift"), 64);
    const id = args.text("run");
    const run = id === undefined ? null : requireHex("--run", id, 32);
    const now = nowOf(args);
    const expires = parseWhen(args.required("expires"), now);
    if (expires <= now)
      throw new UsageError(`--expires is a time to come, not ${args.text("expires")}`);
    const kernel = await loadKernel();
    const store = args.text("trust");
    const content = {
      gate,
      run,
      drift,
      trust: store === undefined ? [] : await versionsIn(kernel, store),
      expires: formatRfc3339(expires, "ms"),
      nonce: encodeHex(crypto.getRandomValues(new Uint8Array(32))),
    };
    const signer = await readEnvelopeSigner(kernel, args);
    const bytes = await signResume(signer, content);
    const out = args.text("out") === "-" ? undefined : args.text("out");
    const { nonce: _, ...said } = content;
    const json = { code: null, ...said, file: out ?? null };
    const text = `${decodeUtf8(bytes) as string}\n`;
    if (out === undefined) {
      return { outcome: "DONE", json: { ...json, statement: JSON.parse(text) as object }, text };
    }
    await writeNew(out, bytes);
    const what = run === null ? gate : `run ${run} of ${gate}`;
    return { outcome: "DONE", json, text: `${out}: ${what} may go on, until ${content.expires}\n` };
  },
};

function requireHex(what: string, text: string, length: number): string {
  if (new RegExp(`^[0-9a-f]{${length}}$`, "i").test(text)) return text.toLowerCase();
  throw new UsageError(`${what} is ${length} hexadecimal digits, not "${text}"`);
}

/** Of each domain that there is a state of, the version of its timestamp. */
async function versionsIn(
  kernel: Kernel,
  store: string,
): Promise<{ readonly domain: string; readonly version: number }[]> {
  const { domains } = await readKnownDomains(kernel, store);
  const versions = [domains.own, ...domains.peers.values()].flatMap(({ domain, state }) =>
    state ? [{ domain, version: state.metadata.timestamp.signed.version }] : [],
  );
  return sortBy(versions, ({ domain }) => domain);
}
