/** Everything about a request that takes time, done before it is decided on. */
import type { AuthorizationRequest } from "../authorization/request.js";
import { checkUnchanged } from "../authorization/request.js";
import type { Admission } from "../lineage/entry/run.js";
import type { Accept } from "../lineage/entry/crossing.js";
import { keepContent } from "../lineage/kept.js";
import { digestArguments } from "../lineage/openings.js";
import type { Failure, Result } from "../verdict.js";
import { failure, ok } from "../verdict.js";
import type { Challenges } from "./challenges.js";
import type { GateCore } from "./core.js";
import type { Allowed } from "./governed-run.js";
import { acceptPacket, readPacket } from "./hand-over.js";
import { findAncestors } from "./parents.js";
import { admissionOf } from "./run-entries.js";
import type { RunRequest } from "./run-request.js";
import { RequestDesk } from "./run-request.js";
import { messageOf } from "./message.js";

/** A request ready to be decided on, or why it is denied. */
export interface Preparation {
  readonly id: string;
  readonly failure: Failure | undefined;
  readonly allowed: Allowed | undefined;
  readonly admission: Admission | undefined;
  readonly accept: Accept | undefined;
  /** What the accept rests on. */
  readonly packet: Uint8Array | undefined;
  readonly command: string | null;
}

/** Of an admission. */
const MOST_PARENTS = 16;

export class Preparer {
  readonly #core: GateCore;
  readonly #desk: RequestDesk;
  /** Digests of chains that are kept beside the log. */
  readonly #kept = new Set<string>();

  constructor(core: GateCore, challenges: Challenges) {
    this.#core = core;
    this.#desk = new RequestDesk(core.options.kernel, challenges);
  }

  /** Never rejects: whatever goes wrong denies. */
  async prepare(
    id: string,
    ask: RunRequest,
    request: Result<AuthorizationRequest>,
  ): Promise<Preparation> {
    const command = request.ok ? request.value.command : null;
    const nothing = {
      id,
      allowed: undefined,
      admission: undefined,
      accept: undefined,
      packet: ask.packet,
      command,
    };
    try {
      return await this.#prepare(nothing, ask, request);
    } catch (error) {
      const found = messageOf(error);
      return { ...nothing, failure: failure("INTERNAL", "a request made ready", found) };
    }
  }

  async #prepare(
    nothing: Omit<Preparation, "failure">,
    ask: RunRequest,
    request: Result<AuthorizationRequest>,
  ): Promise<Preparation> {
    const { options, ledger, origin } = this.#core;
    const { kernel, random } = options;
    const at = { now: this.#core.now, skew: options.terms.skew };
    const read = this.#desk.read(ask, request, this.#core.domains(), at);
    if (!read.ok) return { ...nothing, failure: read };
    const salt = ask.possession.salt.slice();
    const { input } = read.value.request;
    const digested = digestArguments(kernel, input, () => random(32));
    if (!digested.ok) return { ...nothing, failure: digested };
    const accepted =
      ask.packet === undefined
        ? ok(undefined)
        : await acceptPacket(this.#core, nothing.id, ask.packet);
    const parents = [
      ...(ask.parents ?? []),
      ...(accepted.ok && accepted.value ? [accepted.value.parent] : []),
    ];
    const { id } = nothing;
    const { authorization } = read.value;
    const { digests, openings } = digested.value;
    const { chain } = read.value;
    const rest = { chain, digests, parents: parents.slice(0, MOST_PARENTS) };
    const admission = admissionOf(id, authorization, read.value.request, rest);
    const known = { ...nothing, admission };
    if (!accepted.ok) return { ...known, failure: accepted };
    if (parents.length > MOST_PARENTS) {
      const expected = `at most ${MOST_PARENTS} parents`;
      return { ...known, failure: failure("TOO_LARGE", expected, `${parents.length}`) };
    }
    const own = ask.parents ?? [];
    const ancestors = await findAncestors(kernel, ledger.log, origin, own);
    if (!ancestors.ok) return { ...known, failure: ancestors };
    await this.#keep(chain, ask.chain);
    // A run that goes on was admitted before: what opens its admission was given out then.
    if (!this.#core.state.runs.has(id)) options.onOpenings?.(id, openings, salt);
    return {
      ...known,
      accept: accepted.value,
      failure: undefined,
      allowed: {
        run: id,
        authorization,
        request: read.value.request,
        possession: read.value.possession,
        artifacts: ask.artifacts ?? [],
        ancestors: ancestors.value,
        effect: ask.effect,
      },
    };
  }

  /** What an entry is going to name is there before it. */
  async #keep(digest: string, bytes: Uint8Array): Promise<void> {
    if (this.#kept.has(digest)) return;
    await keepContent(this.#core.options.storage, digest, bytes);
    if (this.#kept.size >= 4096) this.#kept.clear();
    this.#kept.add(digest);
  }
}

/** ARGS_CHANGED where what the caller holds is no longer what was decided on. */
export function changedSince(
  decided: AuthorizationRequest,
  { request }: Pick<RunRequest, "request">,
): Failure | undefined {
  try {
    const same = checkUnchanged(decided, request);
    return same.ok ? undefined : same;
  } catch {
    return failure("ARGS_CHANGED", "the request that was decided on", "one that cannot be read");
  }
}

/** A hand-over begins one run, and is looked at again: trust may have changed since. */
export function checkAccept(core: GateCore, { accept, packet }: Preparation): Failure | undefined {
  if (!accept || !packet) return undefined;
  if (core.state.accepted.has(accept.parent.leaf)) {
    return failure("HOLDER", "a hand-over that was not accepted before", "one that was");
  }
  const again = readPacket(core, packet);
  return again.ok ? undefined : again;
}

/** Its bytes as they are now. */
export function copyBytes(ask: RunRequest): RunRequest {
  const { chain, packet } = ask;
  return { ...ask, chain: chain.slice(), ...(packet ? { packet: packet.slice() } : {}) };
}
