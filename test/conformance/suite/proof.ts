import type { Kernel } from "writ";
import { formatCanonical } from "writ/authorization";
import type { BundleDemand, BundleReport } from "writ/proof";
import { NO_VERIFIERS, verifyBundle } from "writ/proof";
import type { Data } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert } from "./report.js";

/** Bundles with one byte changed that each runtime makes of each bundle. */
const CHANGED = 150;

/** Whole reports go into the digest: they are the same byte for byte everywhere. */
export function proof(kernel: Kernel, { bundle: made }: Data): Check[] {
  const demand: BundleDemand = {
    roots: made.roots.map(unbase64),
    now: made.now,
    skew: 1_000,
    policy: undefined,
    verifiers: NO_VERIFIERS,
    witnessInterval: 60_000,
  };
  const textOf = (report: BundleReport): string => formatCanonical(report as never);
  return [
    [
      "F19 F59: proof bundles: one PROVEN, one redacted, one with logs of domains; in pieces of every size",
      async (output) => {
        const outcomes: string[] = [];
        for (const base64 of made.bundles) {
          const bytes = unbase64(base64);
          const report = await verifyBundle(kernel, bytes, demand);
          outcomes.push(report.outcome);
          output(textOf(report));
          for (const size of [1, 1000, 65_536]) {
            const again = await verifyBundle(kernel, inPieces(bytes, size), demand);
            assert(textOf(again) === textOf(report), `pieces of ${size} bytes give another report`);
          }
        }
        assert(outcomes[0] === "PROVEN" && outcomes[1] === "INCOMPLETE", outcomes.join());
      },
    ],
    [
      "F19 F59: proof bundles with one byte changed: never PROVEN, and caught by the same check everywhere",
      async (output) => {
        const [bytes] = made.bundles.map(unbase64) as [Uint8Array];
        let seed = 1;
        const next = (below: number): number => {
          seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
          return Math.floor((seed / 2 ** 32) * below);
        };
        for (let i = 0; i < CHANGED; i++) {
          const changed = bytes.slice();
          const at = next(bytes.length);
          changed[at] = (changed[at] as number) ^ (1 << next(8));
          const report = await verifyBundle(kernel, changed, demand);
          assert(report.outcome !== "PROVEN", `byte ${at} was changed, and the bundle is PROVEN`);
          output(textOf(report));
        }
      },
    ],
  ];
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}
