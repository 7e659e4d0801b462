/** The options that name the gate that is asked, and its nonce. */
import { isKeyName } from "../../tlog/vkey.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";

export const NONCE_HELP = `  --nonce HEX               the gate's nonce: 64 hexadecimal digits`;

/** A name as of a log's origin: nothing that could be taken for anything else. */
export function gateOf(args: Arguments): string | undefined {
  const gate = args.text("gate");
  if (gate === undefined || isKeyName(gate)) return gate;
  throw new UsageError(`--gate is a gate's origin like ship.example/gate-1, not "${gate}"`);
}

export function nonceOf(args: Arguments): string | undefined {
  const nonce = args.text("nonce");
  if (nonce === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(nonce)) return nonce.toLowerCase();
  throw new UsageError(`--nonce is 32 bytes in 64 hexadecimal digits, not "${nonce}"`);
}
