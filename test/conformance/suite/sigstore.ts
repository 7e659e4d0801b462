import type { Kernel } from "writ";
import { readTarget, refreshRepository, verifyNextRoot, verifyPinnedRoot } from "writ/trust";
import type { Data } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert } from "./report.js";
import { must, reading } from "./trust.js";

/** Other people's TUF: ECDSA P-256 through each engine's own WebCrypto. */
export function sigstore(kernel: Kernel, { vectors }: Data): Check[] {
  if (!vectors) return [];
  const roots = vectors.sigstoreRoots.map(unbase64);
  return [
    [
      "Sigstore's roots 1 to 15, each after the one before, and after no other",
      async (output) => {
        let trusted = must(await verifyPinnedRoot(kernel, roots[0]!));
        for (const [i, bytes] of roots.entries()) {
          if (i === 0) continue;
          const skipped = roots[i + 1] && (await verifyNextRoot(kernel, trusted, roots[i + 1]!));
          assert(!skipped?.ok, `root ${i + 2} after ${i}`);
          output(`${skipped?.code}`);
          trusted = must(await verifyNextRoot(kernel, trusted, bytes));
          output(trusted.digest);
        }
        assert(trusted.signed.version === 15, `root ${trusted.signed.version}`);
      },
    ],
    [
      "its captured repository: to the target when it was captured, EXPIRED a week later",
      async (output) => {
        const { files, initialRoot, targetPath, now } = vectors.sigstore;
        const folder = new Map(
          Object.entries(files).map(([path, bytes]) => [path, unbase64(bytes)] as const),
        );
        const root = must(await verifyPinnedRoot(kernel, unbase64(initialRoot)));
        const refreshed = must(await refreshRepository(kernel, { root }, reading(folder), now));
        for (const { digest } of Object.values(refreshed)) output(digest);
        output(must(await readTarget(kernel, refreshed, targetPath, reading(folder), now)));
        const absent = await readTarget(kernel, refreshed, "no-such", reading(folder), now);
        assert(!absent.ok && absent.code === "MISSING", JSON.stringify(absent));
        const week = 7 * 86_400_000;
        const late = await refreshRepository(kernel, { root }, reading(folder), now + week);
        assert(!late.ok && late.code === "EXPIRED", JSON.stringify(late));
        output(JSON.stringify(late));
      },
    ],
    [
      "every 61st byte of root 15 flipped: refused, or the same signed part",
      async (output) => {
        const trusted = must(await verifyPinnedRoot(kernel, roots[13]!));
        const { digest } = must(await verifyNextRoot(kernel, trusted, roots[14]!));
        for (let at = 0; at < roots[14]!.length; at += 61) {
          const flipped = roots[14]!.slice();
          flipped[at] = flipped[at]! ^ 1;
          const next = await verifyNextRoot(kernel, trusted, flipped);
          assert(!next.ok || next.value.digest === digest, `byte ${at}`);
          output(`${at} ${next.ok ? next.value.digest : next.code}`);
        }
      },
    ],
  ];
}
