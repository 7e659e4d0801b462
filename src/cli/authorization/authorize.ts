import { issueAuthorization } from "../../authorization/issue.js";
import { isDomainName } from "../../trust/name.js";
import type { Arguments, Command } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { readEnvelopeSigner, SIGNER_OPTIONS, signerHelp } from "./envelope-signer.js";
import { endIssued, OUT_HELP } from "./issued.js";
import { describe } from "../print.js";
import { nowOf } from "../time.js";
import { requireOneGate } from "./limits.js";
import { makeNonce } from "./nonce.js";
import { readTerms, TERMS_HELP, TERMS_OPTIONS, TERMS_USAGE } from "./terms.js";

export const authorize: Command = {
  name: "authorize",
  usage: `authorize --key KEYFILE --principal ID=KEY --command CMD --audience NAME... --expires WHEN --out FILE [--issuer DOMAIN] ${TERMS_USAGE}`,
  summary: "Authorize a principal to carry out a command, as an issuer of a domain.",
  help: `${signerHelp("an issuer's")}
  --issuer DOMAIN           the domain that lists the key as an issuer's (default: what stands before
                            the slash in the key's name)
${TERMS_HELP}
${OUT_HELP}
What is left out demands nothing. Gates see by their trust whether the domain lists the key for the
command; "writ check" tries it out.`,
  options: {
    ...SIGNER_OPTIONS,
    ...TERMS_OPTIONS,
    issuer: { type: "string" },
    out: { type: "string" },
  },
  run: async (args) => {
    args.exactly();
    args.requireAll("key", "principal", "command", "audience", "expires", "out");
    const now = nowOf(args);
    const kernel = await loadKernel();
    const {
      command = "",
      audience = [],
      expires = "",
      ...terms
    } = await readTerms(kernel, args, now);
    requireOneGate(args, audience);
    const signer = await readEnvelopeSigner(kernel, args);
    const issued = await issueAuthorization(kernel, signer, issuerOf(args, signer.name), {
      policy: [],
      ...terms,
      command,
      audience,
      expires,
      nonce: makeNonce(),
    });
    if (issued.ok) return await endIssued(args, issued.value, [], now);
    throw new Error(`no gate would take this: ${describe(issued)}`);
  },
};

function issuerOf(args: Arguments, keyName: string): string {
  const given = args.text("issuer");
  const domain = given ?? keyName.split("/", 1)[0] ?? "";
  if (isDomainName(domain)) return domain;
  throw new UsageError(
    given === undefined
      ? `--issuer is missing, and the key's name "${keyName}" does not begin with a domain's`
      : `--issuer is a domain's name like pay.example, not "${given}"`,
  );
}
