/** A proof bundle for the suite: two gates' worth of runs in one log, seen by another domain's witness. */
import { goodLog, prove, publicFolders, roots, see, runOnce, DEMAND } from "../proof/fixture.js";
import type { MadeBundle } from "./suite/data.js";

export async function madeBundle(): Promise<MadeBundle> {
  const bench = await goodLog();
  await runOnce(bench, { request: { command: "/other" } });
  await runOnce(bench);
  await see(bench);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const whole = await prove(bench);
  const redacted = await prove(bench, { redact: true });
  const published = await prove(bench, { domains: publicFolders() });
  return {
    bundles: [whole, redacted, published].map(({ bytes }) => base64(bytes)),
    roots: roots.map(base64),
    now: DEMAND.now,
  };
}
