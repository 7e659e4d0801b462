/**
 * An agent that asks a governed service: `node agent.mjs SERVICE CHAIN KEYFILE /invoice 150`. It prints
 * the answer; the exit code is 0 if the run was completed.
 */
import { readFile } from "node:fs/promises";
import { loadKernel } from "writ";
import { keyFileSigner } from "writ/authorization";
import { toBase64 } from "./bytes.mjs";
import { possess } from "./possession.mjs";

const [service, chain, keyFile, work, amount] = process.argv.slice(2);
const kernel = await loadKernel();
const agent = {
  id: "agent:buyer",
  chain: await readFile(chain),
  key: await keyFileSigner(kernel, await readFile(keyFile, "utf8")),
};
const challenge = await (await fetch(`${service}/challenge`, { method: "POST" })).json();
const { request, possession } = await possess(kernel, agent, work, Number(amount), challenge);
const { nonce, proof, salt } = possession;
const body = {
  principal: request.principal,
  chain: toBase64(agent.chain),
  amount: request.arguments.amount,
  nonce,
  proof: toBase64(proof),
  salt: toBase64(salt),
};
const answer = await fetch(service + work, { method: "POST", body: JSON.stringify(body) });
console.log((await answer.text()).trimEnd());
process.exitCode = answer.ok ? 0 : 1;
