/** What the hosts beside this file have in common: a gate of ship.example that follows two domains over HTTP. */
import { makeVerifierKey } from "writ";
import { followTrust, openGate, systemHost } from "writ/gate";
import { httpSource, requestsWithin } from "writ/trust";
import { fromBase64 } from "./bytes.mjs";

const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };

/**
 * Opens the gate `origin` with its `key`. Nothing in `setup` is secret, and all else rests on it: whoever
 * installs the gate gives it the roots that it shall trust, and where the domains publish. `store` holds
 * the trust, `storage` the log; `witness` tells whether that is the newest.
 */
export async function openShipGate({ kernel, setup, origin, key, store, storage, witness }) {
  const host = systemHost();
  const { publicKey, sign } = key;
  const pins = setup.pins.map(({ domain, root }) => ({
    domain,
    root: fromBase64(root),
    terms: TERMS,
  }));
  const follower = await followTrust({
    kernel,
    store,
    own: "ship.example",
    pins,
    sources: (domain) => [
      httpSource(`${setup.url}/${domain}/`, requestsWithin(2_000), { timeoutMs: 1_000 }),
    ],
    clock: host.clock,
    poll: 500,
    within: 4_000,
  });
  const opened = await openGate({
    ...host,
    kernel,
    storage,
    signer: { key: makeVerifierKey(kernel, origin, "ed25519", publicKey), sign },
    follower,
    terms: TERMS,
    maxStaleness: TERMS.maxStaleness,
    witness,
  });
  if (!opened.ok) {
    await follower.close();
    throw new Error(`${opened.code}: expected ${opened.expected}, found ${opened.found}`);
  }
  const gate = opened.value;
  const close = async () => {
    await gate.close();
    await follower.close();
  };
  return { gate, close };
}

/** In a line: what became of a request. */
export function describe(result) {
  if (result.outcome === "completed") return `completed: ${JSON.stringify(result.ended.value)}`;
  return `${result.outcome === "deny" ? "denied" : result.outcome}: ${result.code}`;
}
