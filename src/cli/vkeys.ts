import type { Kernel } from "../kernel/kernel.js";
import type { Verifiers } from "../tlog/verifiers.js";
import { loadVerifiers } from "../tlog/verifiers.js";
import type { VerifierKey } from "../tlog/vkey.js";
import { parseVkey } from "../tlog/vkey.js";
import type { Arguments } from "./command.js";
import { UsageError } from "./command.js";
import { describe } from "./print.js";

/** `--vkey KEY`, as often as there are keys. */
export const VKEYS = { vkey: { type: "string", multiple: true } } as const;

/** The keys of an option that is declared by `VKEYS`. */
export function vkeysOf(kernel: Kernel, args: Arguments): VerifierKey[] {
  return args.list("vkey").map((vkey) => {
    const key = parseVkey(kernel, vkey);
    if (!key.ok) throw new UsageError(`--vkey: ${describe(key)}`);
    return key.value;
  });
}

/** What these keys need to be verified with. */
export async function verifiersOf(keys: readonly VerifierKey[]): Promise<Verifiers> {
  return await loadVerifiers({ logs: keys, witnesses: [], quorum: undefined });
}
