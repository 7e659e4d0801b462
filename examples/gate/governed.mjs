/**
 * What the hosts beside this file have in common: a gate of ship.example that follows two domains over
 * HTTP, and an agent of pay.example's that asks it. Where keys and stores come from is each host's own.
 */
import { kernelDigest, loadKernel, makeVerifierKey } from "writ";
import { inspectChain, keyFileSigner, makeRequest, provePossession } from "writ/authorization";
import { followTrust, openGate, systemClock, UNWITNESSED } from "writ/gate";
import { httpSource, requestsWithin } from "writ/trust";

const OWN = "ship.example";
const ORIGIN = `${OWN}/gate-1`;
const TERMS = { maxStaleness: 30_000, maxLifetime: 120_000, skew: 1_000 };

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/**
 * Opens the gate. `url` serves `setup.json` and the folders that the domains publish; `store` holds the
 * trust, `storage` the log. UNWITNESSED shows in the log: nobody is asked whether it is the newest, as
 * a log that lives no longer than this program needs not be.
 */
export async function openShipGate({ url, store, storage, host, witness = () => UNWITNESSED }) {
  const kernel = await loadKernel();
  const setup = await (await fetch(`${url}/setup.json`)).json();
  const { publicKey, sign } = await keyFileSigner(kernel, setup.gateKey);
  const key = makeVerifierKey(kernel, ORIGIN, "ed25519", publicKey);
  const follower = await followTrust({
    kernel,
    store,
    own: OWN,
    pins: setup.pins.map(({ domain, root }) => ({
      domain,
      root: Uint8Array.from(atob(root), (character) => character.charCodeAt(0)),
      terms: TERMS,
    })),
    sources: (domain) => [
      httpSource(`${url}/${domain}/`, requestsWithin(2_000), { timeoutMs: 1_000 }),
    ],
    clock: systemClock,
    poll: 500,
    within: 4_000,
  });
  const opened = await openGate({
    kernel,
    storage,
    signer: { key, sign },
    follower,
    terms: TERMS,
    maxStaleness: TERMS.maxStaleness,
    witness: await witness(kernel, key, setup),
    clock: systemClock,
    random,
    measure: async () => ({ source: "self-measured", kernel: kernelDigest, parts: [] }),
    host,
  });
  if (!opened.ok)
    throw new Error(`${opened.code}: expected ${opened.expected}, found ${opened.found}`);
  const gate = opened.value;
  const agent = await keyFileSigner(kernel, setup.agentKey);
  const chain = new TextEncoder().encode(setup.chain);

  /** The agent asks for an invoice, with a proof that it is the agent; the effect is what it is for. */
  async function invoice(amount, effect) {
    const request = { principal: "agent:buyer", command: "/pay/invoice", arguments: { amount } };
    const salt = random(32);
    const challenge = gate.challenge();
    const { sha256 } = inspectChain(kernel, chain).value.at(-1).link;
    const asked = makeRequest(request).value;
    const terms = { ...challenge, salt };
    const proof = await provePossession(kernel, agent, sha256, asked, terms, Date.now());
    const possession = { nonce: challenge.nonce, proof, salt };
    return await gate.run({ chain, request, possession, effect });
  }

  async function close() {
    await gate.close();
    await follower.close();
  }

  return { gate, invoice, close };
}

/** In a line: what became of a request. */
export function describe(result) {
  if (result.outcome === "completed") return `completed: ${JSON.stringify(result.ended.value)}`;
  return `${result.outcome === "deny" ? "denied" : result.outcome}: ${result.code}`;
}
