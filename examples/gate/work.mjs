/** The work that the hosts govern: one that ends, and one that goes on until it is stopped. */
import { cooperative, systemHost } from "writ/gate";

const options = { clock: systemHost().clock, grace: 1_000 };

/** By what follows `/pay` in the command. */
export const WORK = {
  "/invoice": cooperative(({ request }) => `made ${request.arguments.amount}`, options),
  "/invoice/watch": cooperative(
    ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
    options,
  ),
};
