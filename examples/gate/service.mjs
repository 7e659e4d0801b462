/**
 * A governed service, as a function from a Request to a Response. `POST /challenge` gives what a proof is
 * made over; `POST /invoice` and `POST /invoice/watch` take `{principal, chain, amount, nonce, proof,
 * salt}` and answer when the run is over; `GET /` says how the gate stands.
 */
import { fromBase64 } from "./bytes.mjs";
import { describe } from "./governed.mjs";
import { WORK } from "./work.mjs";

export function governedService({ gate }) {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "GET" && pathname === "/") {
      const { mode, size } = gate.state;
      return Response.json({ origin: gate.origin, mode, size });
    }
    if (request.method !== "POST") return new Response(null, { status: 405 });
    if (pathname === "/challenge") return Response.json(gate.challenge());
    if (!Object.hasOwn(WORK, pathname)) return new Response(null, { status: 404 });
    let ask;
    try {
      ask = readAsk(await request.json(), pathname);
    } catch (error) {
      return new Response(`${error.message}\n`, { status: 400 });
    }
    const result = await gate.run({ ...ask, effect: WORK[pathname] });
    const status = result.outcome === "completed" ? 200 : 403;
    return new Response(`${describe(result)}\n`, { status });
  };
}

/** What is decided on is what this service will do, in its own words: a proof for anything else fails. */
function readAsk({ principal, chain, amount, nonce, proof, salt }, work) {
  return {
    chain: fromBase64(chain),
    request: { principal, command: `/pay${work}`, arguments: { amount } },
    possession: { nonce, proof: fromBase64(proof), salt: fromBase64(salt) },
  };
}
