/**
 * A domain's own folder. `public/` is all that others ever see, and any static file server may serve
 * it; the rest stays with the domain.
 */
export const PUBLIC = "public";
/** What the next publication will sign: the target files, unsigned. */
export const DRAFT = "draft";
/** The domain's log of trust changes, within `public/`. */
export const LOG = `${PUBLIC}/log`;
/** A publication under way (journal.ts). */
export const PENDING = "pending";
/** How long metadata is valid: canonical JSON, milliseconds by role. */
export const LIFETIMES = "lifetimes";
