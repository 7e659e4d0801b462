/** A gate in a page: it governs what this page does, with its log in memory, and goes with the page. */
import { MemoryStorage } from "writ";
import { cooperative, MemoryTrustStore, systemClock } from "writ/gate";
import { describe, openShipGate } from "./governed.mjs";

const element = (id) => document.getElementById(id);

function addRow(body, cells) {
  const row = document.createElement("tr");
  for (const text of cells)
    row.append(Object.assign(document.createElement("td"), { textContent: text }));
  body.append(row);
}

function say(text) {
  element("answers").append(Object.assign(document.createElement("li"), { textContent: text }));
}

const options = { clock: systemClock, grace: 500 };
const make = cooperative(({ request }) => `made ${request.arguments.amount}`, options);
const watch = cooperative(
  ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  options,
);

try {
  const { gate, invoice } = await openShipGate({
    url: location.origin,
    store: new MemoryTrustStore(),
    storage: new MemoryStorage(),
    host: "a page",
  });
  gate.onEntry(({ index, entry }) =>
    addRow(element("log"), [index, entry.kind, entry.state ?? "", entry.code ?? ""]),
  );
  element("state").textContent = `${gate.origin} is open.`;
  element("ask").addEventListener("submit", async (event) => {
    event.preventDefault();
    const amount = element("amount").valueAsNumber;
    say(`An invoice of ${amount}: ${describe(await invoice(amount, make))}`);
  });
  element("watch").addEventListener("click", async () => {
    say(`Watching: ${describe(await invoice(1, watch))}`);
  });
} catch (error) {
  element("state").textContent = `The gate does not open: ${error.message}`;
}
