import { attenuateAuthorization } from "../../authorization/issue.js";
import type { Link } from "../../authorization/link.js";
import type { Failure } from "../../verdict.js";
import type { Command } from "../command.js";
import { loadKernel } from "../kernel.js";
import { CHAIN_HELP, readChain } from "./chain-argument.js";
import { readEnvelopeSigner, SIGNER_OPTIONS, signerHelp } from "./envelope-signer.js";
import { endIssued, OUT_HELP } from "./issued.js";
import { describe } from "../print.js";
import { nowOf } from "../time.js";
import { requireOneGate } from "./limits.js";
import { makeNonce } from "./nonce.js";
import { readTerms, TERMS_HELP, TERMS_OPTIONS, TERMS_USAGE } from "./terms.js";

export const attenuate: Command = {
  name: "attenuate",
  usage: `attenuate CHAIN --key KEYFILE --principal ID=KEY --out FILE [--command CMD] [--audience NAME...] [--expires WHEN] ${TERMS_USAGE}`,
  summary: "Narrow an authorization for another principal, as its holder.",
  help: `${CHAIN_HELP}
${signerHelp("the holder's: the last link's principal's")}
${TERMS_HELP}
${OUT_HELP}
A request must satisfy every link, so that what is stated here only narrows; what is left out stays as it
is. The new chain is the old one with one line more.`,
  options: { ...SIGNER_OPTIONS, ...TERMS_OPTIONS, out: { type: "string" } },
  run: async (args) => {
    const [path] = args.exactly("CHAIN") as [string];
    args.requireAll("key", "principal", "out");
    const now = nowOf(args);
    const kernel = await loadKernel();
    const { bytes, links, last } = await readChain(kernel, path);
    const expired = links.findIndex(({ expires }) => expires <= now);
    if (expired >= 0) throw new Error(`link ${expired + 1} has expired, and what narrows it too`);
    const terms = { ...(await readTerms(kernel, args, now)), nonce: makeNonce() };
    requireOneGate(args, terms.audience ?? last.authorization.audience);
    const signer = await readEnvelopeSigner(kernel, args);
    const made = await attenuateAuthorization(kernel, signer, bytes, terms);
    if (!made.ok) throw refusal(made, last);
    return await endIssued(args, made.value, links, now);
  },
};

function refusal(failed: Failure, { authorization }: Link): Error {
  if (failed.code === "HOLDER") {
    const { id, key } = authorization.principal;
    return new Error(`--key is not the key of ${id}, who alone may narrow this: ${key}`);
  }
  return new Error(`no gate would take this: ${describe(failed)}`);
}
