/** The log of a domain's trust changes lies within the domain, and is written under its lock. */
import { basename, dirname, resolve } from "node:path";
import { DRAFT, LOG, PUBLIC } from "../../domain/layout.js";
import { FileStorage } from "../../storage/files.js";
import { inFolder } from "../../storage/folder.js";
import type { Storage } from "../../storage/storage.js";
import { DomainStorage } from "./domain-folder.js";

/** The folder of the domain whose log this is, or undefined for any other log. */
export async function domainOfLog(folder: string): Promise<string | undefined> {
  const log = resolve(folder);
  const domain = dirname(dirname(log));
  if (`${basename(dirname(log))}/${basename(log)}` !== LOG) return undefined;
  const names = await new FileStorage(domain).list("");
  return names.includes(DRAFT) && names.includes(PUBLIC) ? domain : undefined;
}

/** A log's storage: its lock is the domain's where it is a domain's, so that neither undoes the other. */
export async function logStorage(folder: string): Promise<Storage> {
  const domain = await domainOfLog(folder);
  return domain === undefined ? new FileStorage(folder) : inFolder(new DomainStorage(domain), LOG);
}
