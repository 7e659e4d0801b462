/**
 * URLs, by their text alone. A clean URL is spelt as the WHATWG's serialiser spells it, so that every
 * client takes it apart the same way; where a server or a proxy could see another host or path in it
 * than is written, it is not clean. Names are not resolved and redirects not followed: a host that does
 * decides on what it ends up with.
 */
import type { Result } from "../../verdict.js";
import { abbreviate, failure, ok } from "../../verdict.js";
import { disguiseIn } from "./look-alikes.js";

export const MAX_URL = 8192;

const PRINTABLE = /^[\x21-\x7e]*$/;
const PARTS = /^((?:https?|wss?):\/\/([^/?#]*?)(?::[0-9]*)?)(?:([/?#].*))?$/;
/** Names as DNS has them, in lower case, and the two forms of an address. */
const HOST = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;
/** In serialised form a host is an IPv4 address exactly if it ends in a number. */
const ADDRESS = /^\[|(?:^|\.)[0-9]+$/;

/** A stray percent sign, and the escapes of control characters, `%`, `/`, `\`, and what needs none. */
const ESCAPE =
  /%(?![0-9a-f]{2})|%(?:[01][0-9a-f]|2[5def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9aef])/i;

/** Servers that know path parameters take the dots for a segment of their own. */
const DOTS = /\/\.{1,2}(?:;|%3b)/i;

const BLANK_DOTS = /^(?=.*\s)[.\s]+$/;

export interface CleanUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly host: string;
  /** Whether the host is an IP address. */
  readonly isAddress: boolean;
  /** At least a slash. */
  readonly path: string;
  /** Whether a query or a fragment follows the path. */
  readonly hasQuery: boolean;
}

/** A clean URL taken apart, or for people what it would have to be. */
export function parseCleanUrl(text: string): Result<CleanUrl> {
  if (text.length > MAX_URL) return unclean(`at most ${MAX_URL} units`, `${text.length}`);
  if (!PRINTABLE.test(text)) return unclean("printable ASCII without spaces", text);
  if (text.includes("\\")) return unclean("no backslash", text);
  const parts = PARTS.exec(text);
  if (!parts) return unclean("http://, https://, ws:// or wss://", text);
  const [, origin, host, tail = ""] = parts as unknown as [string, string, string, string?];
  if (host.includes("@")) return unclean("no user or password", text);
  if (!HOST.test(host)) return unclean("a host in lower case, without empty labels", text);
  const end = tail.search(/[?#]/);
  const path = end < 0 ? tail : tail.slice(0, end);
  if (path.includes("//")) return unclean("no empty segment in its path", text);
  // Runtimes differ on whether a circumflex in a path is escaped.
  if (path.includes("^")) return unclean("no circumflex in its path", text);
  if (ESCAPE.test(path)) return unclean("escapes only of what needs them, and not of % / \\", text);
  if (DOTS.test(path)) return unclean("no dots before a path parameter", text);
  const hidden = path.includes("%") ? hiddenIn(path) : undefined;
  if (hidden !== undefined) return unclean(hidden, text);
  const written = serialised(text);
  if (written !== text && written !== `${text}/`) {
    return unclean(`spelt ${written === undefined ? "validly" : abbreviate(written)}`, text);
  }
  return ok({ origin, host, isAddress: ADDRESS.test(host), path: path || "/", hasQuery: end >= 0 });
}

/** What the escapes of a path would have to be: UTF-8 that stands for nothing but itself. */
function hiddenIn(path: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return "escapes of UTF-8";
  }
  const disguise = disguiseIn(decoded, ["/", "\\", ".", "%"]);
  if (disguise !== undefined) return `without disguise: ${disguise}`;
  const segments = decoded.normalize("NFKC").split("/");
  return segments.some((segment) => segment.trim() !== segment || BLANK_DOTS.test(segment))
    ? "no segment that starts or ends in a space, or is dots with spaces"
    : undefined;
}

function serialised(text: string): string | undefined {
  try {
    return new URL(text).href;
  } catch {
    return undefined;
  }
}

/** Whether a URL is of the same origin as another, and its path the same or below. */
export function isBelow(url: CleanUrl, root: CleanUrl): boolean {
  if (url.origin !== root.origin) return false;
  const folder = root.path.endsWith("/") ? root.path : `${root.path}/`;
  return url.path === root.path || url.path.startsWith(folder);
}

function unclean(rule: string, found: string) {
  return failure("MALFORMED", `a clean URL: ${rule}`, abbreviate(found));
}
