/** Names that stand in trust state. */
import * as v from "valibot";

/** Like a host name, in lower case: it is a part of paths and of log origins. */
const DOMAIN_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;

export function isDomainName(text: string): boolean {
  return DOMAIN_NAME.test(text);
}

export const domainName = v.pipe(
  v.string("a domain name in lower case, like pay.example"),
  v.regex(DOMAIN_NAME, "a domain name in lower case, like pay.example"),
);

/** For people, and in messages: printable, and no white space but single spaces between words. */
export const label = v.pipe(
  v.string("a name of 1 to 128 printable characters"),
  v.regex(
    /^(?=.{1,128}$)[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u,
    "a name of 1 to 128 printable characters",
  ),
);

/** The origin of a log: the first line of its checkpoints (signed-note: no space, no plus). */
export const origin = v.pipe(
  v.string("a log's origin"),
  v.regex(/^(?=.{1,255}$)[^\p{C}\p{Z}+]+$/u, "a log's origin: no space, no plus, at most 255"),
);
