/**
 * A worker at the edge (workerd): `GET /?amount=150` makes an invoice. The store is given by the host;
 * here it is memory, and goes with the isolate. Where it shall last it must have a linearizable
 * compare-and-swap, as a Durable Object has: the log fails closed on two writers.
 */
import { cooperative, MemoryTrustStore, systemClock, TrustStoreStorage } from "writ/gate";
import { describe, openShipGate } from "./governed.mjs";

export default {
  async fetch(request, env) {
    // Timers and I/O of a worker belong to one request: so does this gate.
    const { gate, invoice, close } = await openShipGate({
      url: env.DOMAINS,
      store: new MemoryTrustStore(),
      storage: new TrustStoreStorage(new MemoryTrustStore()),
      host: "workerd",
    });
    const amount = Number(new URL(request.url).searchParams.get("amount"));
    const make = ({ request: asked }) => `made ${asked.arguments.amount}`;
    const effect = cooperative(make, { clock: systemClock, grace: 1_000 });
    const result = await invoice(amount, effect);
    await close();
    const text = `${describe(result)}, ${gate.state.size} entries\n`;
    return new Response(text, { status: result.outcome === "completed" ? 200 : 403 });
  },
};
