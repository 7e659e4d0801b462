import { provePossession } from "../../authorization/possession.js";
import type { AuthorizationRequest } from "../../authorization/request.js";
import { readRequest } from "../../authorization/request.js";
import { encodeHex } from "../../bytes/hex.js";
import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.js";
import type { Command } from "../command.js";
import { readInput } from "../input.js";
import { loadKernel } from "../kernel.js";
import { writeNew } from "../output.js";
import { printable } from "../printable.js";
import { CHAIN_HELP, readChain } from "./chain-argument.js";
import { readEnvelopeSigner, SIGNER_OPTIONS, signerHelp } from "./envelope-signer.js";
import { gateOf, NONCE_HELP, nonceOf } from "./gate-options.js";
import { describe } from "../print.js";
import { nowOf } from "../time.js";

export const possess: Command = {
  name: "possess",
  usage: "possess CHAIN --request FILE --gate ORIGIN --nonce HEX --key KEYFILE [--out FILE]",
  summary: "Prove to a gate that a request is by the holder of an authorization.",
  help: `${CHAIN_HELP}
  --request FILE            the request, as for "writ check"
  --gate ORIGIN             the gate that is asked, like ship.example/gate-1
${NONCE_HELP}
${signerHelp("the principal's")}
  --out FILE                the proof, a file that is made new (default: stdout)
  --now TIME                RFC 3339, or seconds since the epoch (default: this machine's clock)
  --json                    one JSON object: command, outcome, code, authorization, gate, nonce, file, and
                            without --out the proof and the salt
The proof goes to the gate with the request, and serves for it alone, for 30 seconds. It is one JSON
object: proof, a DSSE envelope, and salt.`,
  options: {
    ...SIGNER_OPTIONS,
    request: { type: "string" },
    gate: { type: "string" },
    nonce: { type: "string" },
    out: { type: "string" },
    now: { type: "string" },
  },
  run: async (args) => {
    const [path] = args.exactly("CHAIN") as [string];
    args.requireAll("request", "gate", "nonce", "key");
    const [gate, nonce] = [gateOf(args) as string, nonceOf(args) as string];
    const kernel = await loadKernel();
    const { last } = await readChain(kernel, path);
    const request = await requireRequest(args.required("request"));
    const { id, key } = last.authorization.principal;
    if (request.principal !== id) {
      const by = printable(request.principal);
      throw new Error(`the request is by ${by}, and the authorization for ${id}`);
    }
    const signer = await readEnvelopeSigner(kernel, args);
    if (encodeHex(signer.publicKey) !== key) {
      throw new Error(`--key is not the key of ${id}, whom the authorization names: ${key}`);
    }
    const salt = crypto.getRandomValues(new Uint8Array(32));
    const terms = { gate, nonce, salt };
    const proof = await provePossession(kernel, signer, last.sha256, request, terms, nowOf(args));
    const text = `{"proof":${decodeUtf8(proof) as string},"salt":"${encodeHex(salt)}"}\n`;
    const out = args.text("out") === "-" ? undefined : args.text("out");
    const json = { code: null, authorization: last.sha256, gate, nonce, file: out ?? null };
    if (out === undefined) {
      const made = JSON.parse(text) as Record<string, unknown>;
      return { outcome: "DONE", json: { ...json, ...made }, text };
    }
    await writeNew(out, encodeUtf8(text));
    const said = `${out}: ${id} holds ${last.sha256}, for ${gate}\n`;
    return { outcome: "DONE", json, text: said };
  },
};

async function requireRequest(path: string): Promise<AuthorizationRequest> {
  const request = readRequest(await readInput(path));
  if (request.ok) return request.value;
  throw new Error(`--request ${path}: ${describe(request)}`);
}
