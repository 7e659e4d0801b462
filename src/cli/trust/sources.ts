/** What `--from` names: where trust state is read from. None of it is trusted. */
import type { Kernel } from "../../kernel/kernel.js";
import { requestsWithin } from "../../runtime/budget.js";
import { FileTrustStore } from "../../storage/file-trust-store.js";
import { FileStorage } from "../../storage/files.js";
import { readFolder } from "../../storage/folder.js";
import { folderSource } from "../../sync/folder-source.js";
import { httpSource } from "../../sync/http-source.js";
import { relaySource } from "../../sync/relay.js";
import type { Source } from "../../sync/source.js";
import { isDomainName } from "../../trust/name.js";
import { failure } from "../../verdict.js";
import { UsageError } from "../command.js";
import { isStore } from "./store.js";

export interface Given {
  /** The only domain that it is asked for; undefined where it is asked for every one. */
  readonly only: string | undefined;
  /** Whether it may hold domains that nobody named to it: a trust store, or what one was relayed to. */
  readonly relays: boolean;
  readonly sourceOf: (domain: string) => Source;
}

const METADATA = "metadata";

/** `[DOMAIN=]SOURCE`. A source over HTTP has `timeoutMs` for a domain, each time it is asked for it. */
export async function parseSource(kernel: Kernel, text: string, timeoutMs: number): Promise<Given> {
  const equals = text.indexOf("=");
  const named = equals > 0 && isDomainName(text.slice(0, equals));
  const place = named ? text.slice(equals + 1) : text;
  const only = named ? text.slice(0, equals) : undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place)) {
    const made = urlSource(place, timeoutMs);
    if ("code" in made) throw new UsageError(`--from ${text}: ${made.found}`);
    return { only, relays: false, sourceOf: () => urlSource(place, timeoutMs) as Source };
  }
  return { only, ...(await parseFolder(kernel, place)) };
}

async function parseFolder(kernel: Kernel, path: string): Promise<Omit<Given, "only">> {
  const storage = new FileStorage(path);
  const names = path === "" ? [] : await storage.list("");
  if ((await storage.list(METADATA)).length > 0) {
    return { relays: false, sourceOf: () => folderSource(storage, path) };
  }
  if (await isStore(storage)) {
    const relay = relaySource(kernel, new FileTrustStore(path), path);
    return { relays: true, sourceOf: () => relay };
  }
  if ((await storage.list(`public/${METADATA}`)).length > 0) {
    throw new UsageError(
      `${path} is a domain's own folder: name what it publishes, ${path}/public`,
    );
  }
  for (const name of names.filter(isDomainName)) {
    if ((await storage.list(`${name}/${METADATA}`)).length === 0) continue;
    const sourceOf = (domain: string) =>
      folderSource(readFolder(storage, domain), `${path}/${domain}`);
    return { relays: true, sourceOf };
  }
  const found = names.length === 0 ? "it is empty, or not there" : "it holds none of these";
  const wanted = `an http(s) URL, a folder with ${METADATA}/ in it, or a trust store`;
  throw new UsageError(`--from ${path || '""'}: expected ${wanted}; ${found}`);
}

/** A source at a URL, or why there can be none: signed peers may name what is no URL after all. */
export function urlSource(
  url: string,
  timeoutMs: number,
): Source | { readonly code: "MALFORMED"; readonly found: string } {
  try {
    return httpSource(url, requestsWithin(timeoutMs), { timeoutMs });
  } catch (error) {
    return { code: "MALFORMED", found: error instanceof Error ? error.message : String(error) };
  }
}

/** A source that is asked for nothing, for the reason that is given. */
export function brokenSource(name: string, found: string): Source {
  return { name, read: async () => failure("MALFORMED", "an http(s) URL", found) };
}
