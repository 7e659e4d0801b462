/** A domain's folder as the commands see it: its storage, its keys, the time. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Draft } from "../../domain/draft.js";
import type { KeyRing } from "../../domain/key-ring.js";
import { signerFor, signersFor } from "../../domain/key-ring.js";
import { PENDING, PUBLIC } from "../../domain/layout.js";
import type { OpenDomain } from "../../domain/publish.js";
import { editDraft, logKeyOf, withDomain } from "../../domain/publish.js";
import type { Published } from "../../domain/published.js";
import { readPublished } from "../../domain/published.js";
import type { Kernel } from "../../kernel/kernel.js";
import { FileStorage } from "../../storage/files.js";
import { trustLogOrigin } from "../../trust/contents/authority.js";
import { delegatedSigners } from "../../trust/delegation.js";
import type { DelegatedRole } from "../../trust/metadata.js";
import { rootPath } from "../../trust/repository.js";
import { signersOf } from "../../trust/root.js";
import type { Signers } from "../../trust/threshold.js";
import type { Code, Failure, Result } from "../../verdict.js";
import type { Arguments } from "../command.js";
import { UsageError } from "../command.js";
import { loadKernel } from "../kernel.js";
import { describe } from "../print.js";
import { parseTime } from "../time.js";
import { KeyFolders } from "./key-folder.js";
import { Passphrases } from "./passphrases.js";

export const KEYS = "keys";

export const NOW_OPTION = { now: { type: "string" } } as const;
export const KEY_OPTIONS = {
  "key-dir": { type: "string", multiple: true },
  "passphrase-file": { type: "string", multiple: true },
  ...NOW_OPTION,
} as const;

export const NOW_HELP = `  --now TIME                RFC 3339, or seconds since the epoch, for tests (default: this machine's
                            clock): what is signed for a time to come holds the domain up until then`;
export const KEY_HELP_LINES = `  --key-dir FOLDER          where keys are, besides DIR/keys: files *.key; may be repeated
  --passphrase-file FILE    a passphrase of sealed keys, as the file's first line; may be repeated
                            (default: a hidden prompt)
${NOW_HELP}`;

/** Longer than any change takes; no command holds the lock while it waits for a person. */
const LOCK_WAIT_MS = 10_000;

/** A folder whose lock is waited for: a domain that is kept fresh is written every few seconds. */
export class DomainStorage extends FileStorage {
  override lock(): Promise<() => Promise<void>> {
    return super.lock(LOCK_WAIT_MS);
  }
}

export type SigningRole = "root" | "targets" | "status" | "timestamp";

export class DomainFolder {
  readonly storage: DomainStorage;

  private constructor(
    readonly kernel: Kernel,
    readonly folder: string,
    readonly ring: KeyFolders,
    /** Milliseconds since the epoch. */
    readonly now: () => number,
    readonly passphrases: Passphrases,
  ) {
    this.storage = new DomainStorage(folder);
  }

  /** Any folder, for `domain init`. */
  static async any(args: Arguments, folder: string): Promise<DomainFolder> {
    const kernel = await loadKernel();
    const passphrases = new Passphrases(args.list("passphrase-file"));
    const folders = [join(folder, KEYS), ...(await keyFolders(args))];
    const ring = new KeyFolders(kernel, folders, passphrases);
    return new DomainFolder(kernel, folder, ring, clockOf(args), passphrases);
  }

  /** A folder that holds a domain. */
  static async open(args: Arguments, folder: string): Promise<DomainFolder> {
    const domain = await DomainFolder.any(args, folder);
    // Looked for first, so that no lock is made where no domain is.
    if (await domain.holdsDomain()) return domain;
    throw new UsageError(
      `${folder} holds no domain; make one with "writ domain init NAME --dir DIR"`,
    );
  }

  /** True also where a crash interrupted the first publication. */
  async holdsDomain(): Promise<boolean> {
    const first = await this.storage.read(`${PUBLIC}/${rootPath(1)}`, 0);
    return first !== undefined || (await this.interrupted());
  }

  /** True if a publication was interrupted: the next change ends it first. */
  async interrupted(): Promise<boolean> {
    return (await this.storage.read(PENDING, 0)) !== undefined;
  }

  /** What is published; no lock is taken. */
  async read(): Promise<Published> {
    const published = await readPublished(this.kernel, this.storage);
    const unfinished = !published.ok && (await this.interrupted());
    const again = unfinished ? "; a command was interrupted, run it again" : "";
    return this.require(`this domain cannot be read${again}`, published);
  }

  /**
   * Makes a change under the lock. The keys that it signs with are opened before, so that nothing
   * waits while a person types a passphrase.
   */
  async change<T>(
    roles: readonly SigningRole[],
    change: (domain: OpenDomain) => Promise<Result<T>>,
  ): Promise<T> {
    if (roles.length > 0) await this.openKeys(roles);
    return this.require("nothing was published", await this.#with(change));
  }

  /** Ends what a crash left, and opens the keys of these roles; gives what is published. */
  async openKeys(roles: readonly SigningRole[]): Promise<Published> {
    const found = await this.#with<Published>(async (domain) => ({ ok: true, value: domain }));
    const published = this.require("this domain cannot be changed", found);
    const opened = await openAll(this.ring, published, roles);
    if (opened) this.require("nothing was published", opened);
    return published;
  }

  async edit(edit: (draft: Draft) => Result<Draft>): Promise<Draft> {
    return this.require("the draft stays as it was", await editDraft(this.storage, edit));
  }

  /** The value, or an error that says what to do. */
  require<T>(consequence: string, result: Result<T>): T {
    if (result.ok) return result.value;
    throw new Error(`${consequence}: ${describe(result)}${this.#advice(result)}`);
  }

  async #with<T>(change: (domain: OpenDomain) => Promise<Result<T>>): Promise<Result<T>> {
    // A folder that went since, as a mount does, is not made anew by taking its lock.
    if (!(await this.holdsDomain())) throw new Error(`${this.folder} holds no domain`);
    return await withDomain(this.kernel, this.storage, this.ring, this.now, change);
  }

  #advice({ code }: Failure): string {
    const advice = ADVICE[code];
    const unusable = code === "KEY" ? [...this.ring.unusable.values()] : [];
    return [
      ...(advice === undefined ? [] : [advice]),
      ...unusable.map((why) => `passed over: ${why}`),
    ]
      .map((line) => `\nwrit: ${line}`)
      .join("");
  }
}

const ADVICE: { readonly [code in Code]?: string } = {
  KEY: "give the folders that hold the private keys with --key-dir FOLDER",
  CLOCK: "set this machine's clock right, or wait until it has caught up",
};

/** Who signs for a role in what is published. */
export function signersOfRole({ root, state }: Published, role: SigningRole | "snapshot"): Signers {
  if (role !== "status") return signersOf(root, role);
  const { targets } = state.metadata;
  // A state without this delegation does not verify.
  return delegatedSigners(targets, targets.signed.delegations?.roles[0] as DelegatedRole);
}

async function openAll(
  ring: KeyRing,
  published: Published,
  roles: readonly SigningRole[],
): Promise<Failure | undefined> {
  for (const role of roles) {
    const found = await signersFor(ring, signersOfRole(published, role));
    if (!found.ok) return found;
  }
  const { state } = published;
  const log = await signerFor(ring, `the log ${trustLogOrigin(state.domain)}`, logKeyOf(state));
  return log.ok ? undefined : log;
}

async function keyFolders(args: Arguments): Promise<readonly string[]> {
  const folders = args.list("key-dir");
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (!found?.isDirectory()) throw new UsageError(`--key-dir ${folder}: there is no such folder`);
  }
  return folders;
}

function clockOf(args: Arguments): () => number {
  const now = args.text("now");
  if (now === undefined) return Date.now;
  const time = parseTime(now);
  return () => time;
}
