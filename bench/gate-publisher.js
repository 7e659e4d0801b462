// @ts-check
/**
 * The process of two domains that publish themselves in folders: `ship`, whose gate another process
 * runs, and `pay`, which withdraws one authorization each time it is asked. Started by gate-revocation.js.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gateLibrary, must } from "./gate-library.js";
import { envelopeSigner, GATE, hexOf, PAY, SHIP, TERMS } from "./gate-world.js";

/** @typedef {{folder: string, gate: string, agent: string, runs: number}} Setup */
/** @typedef {{chains: Uint8Array[]}} Ready */
/** Both by a clock that all processes of a machine share. @typedef {{before: bigint, after: bigint}} Published */

/** Milliseconds from one timestamp to the next. */
const REFRESH = 2_000;

const library = await gateLibrary();
const kernel = await library.loadKernel();
const clock = {
  get now() {
    return Date.now();
  },
  set now(_) {},
};

/** One change of a domain after the other. @type {Promise<unknown>} */
let turn = Promise.resolve();
/** @template T @param {() => Promise<T>} change @returns {Promise<T>} */
function alone(change) {
  const next = turn.then(change);
  turn = next.catch(() => {});
  return next;
}

/** @type {import("../src/cli/demo/demo-domain.js").DemoDomain} */
let pay;
/** @type {{sha256: string, expires: string}[]} */
let links = [];

/** @param {Setup} setup @returns {Promise<Ready>} */
async function begin({ folder, gate, agent, runs }) {
  const make = (/** @type {string} */ name) =>
    library.DemoDomain.make(kernel, name, new library.FileStorage(join(folder, name)), clock);
  pay = await make(PAY);
  const ship = await make(SHIP);
  const issuer = library.signerOf(library.generateKey(kernel, `${PAY}/issuer`, "ed25519"));
  const listed = { name: "billing", key: hexOf(issuer), commands: ["/pay"] };
  await pay.publish((draft) => library.addIssuer(draft, listed));
  const root = await readFile(join(folder, PAY, "public/metadata/1.root.json"));
  const peer = { ...pay.asPeer(root, "/pay"), ...TERMS };
  await ship.edit((draft) => library.addPeer(draft, peer, root));
  await ship.edit((draft) => library.addGate(draft, { origin: GATE, key: gate }));
  const baseline = { kernels: [library.kernelDigest], environment: [] };
  await ship.publish((draft) => library.setBaseline(kernel, draft, baseline));
  const renew = () =>
    void alone(async () => {
      for (const domain of [pay, ship]) await domain.change(library.refresh);
    });
  setInterval(renew, REFRESH);
  const expires = new Date(Date.now() + 3_600_000).toISOString();
  /** @type {Uint8Array[]} */
  const chains = [];
  for (let i = 0; i < runs; i++) {
    const issued = await library.issueAuthorization(kernel, envelopeSigner(issuer), PAY, {
      audience: [GATE],
      principal: { id: "agent:buyer", key: agent },
      command: "/pay/invoice",
      policy: [["<=", ".amount", 1000]],
      expires,
      nonce: crypto.getRandomValues(new Uint8Array(16)),
    });
    const { chain, link } = must(issued);
    chains.push(chain);
    links.push({ sha256: link.sha256, expires: link.authorization.expires });
  }
  return { chains };
}

/** @param {number} i @returns {Promise<Published>} */
function revoke(i) {
  const link = /** @type {(typeof links)[number]} */ (links[i]);
  return alone(async () => {
    const before = process.hrtime.bigint();
    await pay.change((open) => library.withdraw(open, { authorizations: [link] }));
    return { before, after: process.hrtime.bigint() };
  });
}

process.on("message", async (/** @type {Setup | number} */ asked) => {
  try {
    process.send?.(typeof asked === "number" ? await revoke(asked) : await begin(asked));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
process.once("disconnect", () => process.exit());
