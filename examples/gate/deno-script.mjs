/**
 * A script of Deno: `deno run --allow-net=HOST --allow-read=FOLDER --allow-write=FOLDER deno-script.mjs
 * URL FOLDER`. Its log is kept over any store that has compare-and-swap, here files.
 */
import { cooperative, systemClock, TrustStoreStorage } from "writ/gate";
import { FileTrustStore } from "writ/node";
import { describe, openShipGate } from "./governed.mjs";

const [url, folder] = Deno.args;
const { gate, invoice, close } = await openShipGate({
  url,
  store: new FileTrustStore(`${folder}/trust`),
  storage: new TrustStoreStorage(new FileTrustStore(`${folder}/log`)),
  host: `deno ${Deno.version.deno}`,
});
const effect = cooperative(({ request }) => `made ${request.arguments.amount}`, {
  clock: systemClock,
  grace: 1_000,
});
for (const [amount, expected] of [
  [150, 'completed: "made 150"'],
  [5_000, "denied: SCOPE"],
]) {
  const found = describe(await invoice(amount, effect));
  console.log(`an invoice of ${amount}: ${found}`);
  if (found !== expected) throw new Error(`expected ${expected}`);
}
await close();
console.log(`closed after ${gate.state.size} entries`);
