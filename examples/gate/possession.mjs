import { inspectChain, makeRequest, provePossession } from "writ/authorization";

/**
 * For one request, and one challenge of a gate: the proof that it comes from whoever holds the key that
 * the chain names. `agent` is `{id, chain, key}`, the key a signer.
 */
export async function possess(kernel, agent, work, amount, challenge) {
  const request = { principal: agent.id, command: `/pay${work}`, arguments: { amount } };
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const link = inspectChain(kernel, agent.chain).value.at(-1).link.sha256;
  const terms = { ...challenge, salt };
  const asked = makeRequest(request).value;
  const proof = await provePossession(kernel, agent.key, link, asked, terms, Date.now());
  return { chain: agent.chain, request, possession: { nonce: challenge.nonce, proof, salt } };
}
