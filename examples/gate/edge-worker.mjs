/**
 * A governed service at the edge (workerd): one Durable Object has the gate, its log and its trust, and is
 * the log's only writer, wherever requests arrive. `SETUP` is a binding, and `GATE_KEY` a secret.
 */
import { loadKernel, parseVkey } from "writ";
import { keyFileSigner } from "writ/authorization";
import { TrustStoreStorage } from "writ/gate";
import { DurableStore } from "./durable-store.mjs";
import { openShipGate } from "./governed.mjs";
import { httpWitness } from "./http-witness.mjs";
import { governedService } from "./service.mjs";

export class EdgeGate {
  #storage;
  #env;
  #service;

  constructor({ storage }, env) {
    this.#storage = storage;
    this.#env = env;
  }

  async fetch(request) {
    this.#service ??= this.#open();
    try {
      return await (
        await this.#service
      )(request);
    } catch (error) {
      // No gate, no work.
      return new Response(`${error.message}\n`, { status: 503 });
    }
  }

  async #open() {
    try {
      return governedService(await this.#openGate());
    } catch (error) {
      // The next request tries again.
      this.#service = undefined;
      throw error;
    }
  }

  async #openGate() {
    const kernel = await loadKernel();
    const setup = JSON.parse(this.#env.SETUP);
    const { vkey, url } = setup.witness;
    return await openShipGate({
      kernel,
      setup,
      origin: "ship.example/edge",
      key: await keyFileSigner(kernel, this.#env.GATE_KEY),
      store: new DurableStore(this.#storage, "trust"),
      storage: new TrustStoreStorage(new DurableStore(this.#storage, "log")),
      witness: httpWitness(url, parseVkey(kernel, vkey).value),
    });
  }
}

export default {
  fetch: (request, { GATES }) => GATES.get(GATES.idFromName("ship.example/edge")).fetch(request),
};
