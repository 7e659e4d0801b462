/** One program for the page and for its worker, which the page makes of the text of its own script. */
// First, so that what cannot be compressed stands apart from what can: 2 KiB less of the page.
import { compileKernel } from "../../runtime/inline.js";
import { render } from "preact";
import { App } from "./app.js";
import { openDesk } from "./desk.js";
import { hostPort, startWorker } from "./port.js";
import { Viewer } from "./viewer.js";
import { serve } from "./worker.js";

function mount(root: Element): void {
  const program = document.getElementById("program")?.textContent ?? "";
  const viewer = new Viewer({
    openDesk: async () => openDesk(await compileKernel(), () => startWorker(program)),
    now: () => Date.now(),
    random: (below) => Math.floor(Math.random() * below),
  });
  // A file that misses its place must not take the page's.
  for (const type of ["dragover", "drop"]) {
    addEventListener(type, (event) => event.preventDefault());
  }
  root.replaceChildren();
  render(<App viewer={viewer} />, root);
}

const root = typeof document === "undefined" ? undefined : document.getElementById("app");
if (root) mount(root);
else serve(hostPort());
