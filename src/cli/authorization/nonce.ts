/** Random, so that two authorizations of one content are two. */
export function makeNonce(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(16));
}
