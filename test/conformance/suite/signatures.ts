import type { Kernel, SignatureClaim } from "writ";
import type { Data, SignatureCase } from "./data.js";
import type { Check } from "./report.js";
import { assert, unhex } from "./report.js";

/** RFC 8032, section 7.1, tests 1 to 3. */
const RFC_8032: readonly SignatureCase[] = [
  {
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

export function signatures(kernel: Kernel, { vectors }: Data): Check[] {
  const claims = (cases: readonly SignatureCase[]) =>
    cases.map(({ key, message, signature }) => ({
      key: unhex(key),
      message: unhex(message),
      signature: unhex(signature),
    }));
  const checks: Check[] = [
    [
      "RFC 8032: accepted, and refused with any bit of the signature or key flipped",
      (output) => {
        for (const claim of claims(RFC_8032)) {
          assert(kernel.checkEd25519(claim) === "ok", "accepted");
          for (const part of ["signature", "key"] as const) {
            for (let bit = 0; bit < claim[part].length * 8; bit++) {
              const flipped = claim[part].slice();
              flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
              const status = kernel.checkEd25519({ ...claim, [part]: flipped });
              assert(status !== "ok", `bit ${bit} of the ${part}`);
              output(status);
            }
          }
        }
      },
    ],
  ];
  if (!vectors) return checks;
  const every = (name: string, cases: readonly SignatureCase[]): Check => [
    name,
    (output) => {
      const usable = cases.filter(({ signature }) => signature.length === 128);
      const wrongLength = cases.filter(({ signature }) => signature.length !== 128);
      assert(!wrongLength.some(({ valid }) => valid), "no valid signature has another length");
      const all = claims(usable);
      const statuses = kernel.checkEd25519Many(all);
      usable.forEach(({ valid }, i) => {
        const status = statuses[i] as string;
        const claim = all[i] as SignatureClaim;
        const alone = kernel.checkEd25519(claim);
        const key = kernel.prepareKey(claim.key as Uint8Array);
        const prepared = kernel.checkEd25519({ ...claim, key });
        assert(alone === status, `case ${i}: ${alone} alone, ${status} together`);
        assert(prepared === status, `case ${i}: ${prepared} prepared, ${status} together`);
        if (valid !== undefined) assert((status === "ok") === valid, `case ${i}: ${status}`);
        output(status);
      });
    },
  ];
  return [
    ...checks,
    every(
      "Wycheproof: every valid signature accepted, every invalid one refused",
      vectors.wycheproof,
    ),
    every("CCTV: 914 edge cases, each the same everywhere", vectors.cctv),
  ];
}
