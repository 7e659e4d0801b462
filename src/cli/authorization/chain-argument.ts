/** The argument CHAIN: a chain of authorizations in a file, which this program is about to use itself. */
import type { UnverifiedLink } from "../../authorization/inspect.js";
import { inspectChain } from "../../authorization/inspect.js";
import type { Link } from "../../authorization/link.js";
import type { Kernel } from "../../kernel/kernel.js";
import { readInput } from "../input.js";
import { describe } from "../print.js";

export const CHAIN_HELP = `  CHAIN                     a chain of authorizations: a file from "writ authorize" or "writ attenuate"`;

export interface GivenChain {
  readonly bytes: Uint8Array;
  /** From the issuer's to the one that is used; each signed by the key that it names. */
  readonly links: readonly [Link, ...Link[]];
  readonly last: Link;
}

/** A chain whose signatures hold. Nobody has said that its issuer may make it. */
export async function readChain(kernel: Kernel, path: string): Promise<GivenChain> {
  const bytes = await readInput(path);
  const inspected = inspectChain(kernel, bytes);
  if (!inspected.ok) {
    throw new Error(`${path} is no chain of authorizations: ${describe(inspected)}`);
  }
  const broken = inspected.value.findIndex(({ signature }) => !signature.ok);
  if (broken >= 0) {
    throw new Error(
      `${path}: the signature of link ${broken + 1} does not hold; see "writ inspect ${path}"`,
    );
  }
  const links = inspected.value.map(({ link }: UnverifiedLink) => link) as [Link, ...Link[]];
  return { bytes, links, last: links.at(-1) as Link };
}
