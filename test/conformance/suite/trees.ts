import type { Kernel } from "writ";
import type { Data } from "./data.js";
import { unbase64 } from "./data.js";
import type { Check } from "./report.js";
import { assert, equal, pattern } from "./report.js";

/** Every tree up to 130 leaves with every proof, against the recursion of RFC 6962. */
export function trees(kernel: Kernel, data: Data): Check[] {
  const most = 130;
  const leaves = kernel.leafHashes(Array.from({ length: most }, (_, i) => pattern(i % 70, i)));
  const roots = new Map<string, Uint8Array>();
  const root = (from: number, to: number): Uint8Array => {
    const known = roots.get(`${from}-${to}`);
    if (known) return known;
    let value: Uint8Array;
    if (to - from === 0) value = kernel.sha256(new Uint8Array());
    else if (to - from === 1) value = leaves.slice(32 * from, 32 * to);
    else {
      let half = 1;
      while (half * 2 < to - from) half *= 2;
      const pair = Uint8Array.from([...root(from, from + half), ...root(from + half, to)]);
      value = kernel.nodeHashes(pair);
    }
    roots.set(`${from}-${to}`, value);
    return value;
  };

  const checks: Check[] = [
    [
      "roots and frontiers of every size",
      (output) => {
        const frontier = kernel.frontier();
        for (let size = 0; size <= most; size++) {
          const expected = root(0, size);
          equal(kernel.treeRoot(leaves.subarray(0, 32 * size)), expected, `root of ${size}`);
          equal(frontier.root(), expected, `frontier of ${size}`);
          output(expected);
          if (size < most) frontier.append(leaves.subarray(32 * size, 32 * size + 32));
        }
      },
    ],
    [
      "every inclusion proof of every size",
      (output) => {
        for (let n = 1; n <= most; n++) {
          const tree = leaves.subarray(0, 32 * n);
          const claims = Array.from({ length: n }, (_, i) => ({
            index: BigInt(i),
            size: BigInt(n),
            root: root(0, n),
            leafHash: leaves.subarray(32 * i, 32 * i + 32),
            proof: kernel.proveInclusion(tree, BigInt(i)),
          }));
          for (const result of kernel.checkInclusions(claims)) {
            assert(result.status === "ok", `size ${n}: ${result.status}`);
          }
          claims[n >> 1]!.proof.forEach(output);
        }
      },
    ],
    [
      "every consistency proof of every pair of sizes",
      (output) => {
        for (let newer = 1; newer <= most; newer++) {
          const tree = leaves.subarray(0, 32 * newer);
          for (let older = 1; older <= newer; older++) {
            const proof = kernel.proveConsistency(tree, BigInt(older));
            const { status } = kernel.checkConsistency({
              oldSize: BigInt(older),
              oldRoot: root(0, older),
              newSize: BigInt(newer),
              newRoot: root(0, newer),
              proof,
            });
            assert(status === "ok", `${older} to ${newer}: ${status}`);
            if (older === newer >> 1) proof.forEach(output);
          }
        }
      },
    ],
  ];
  if (data.vectors) checks.push(...probes(kernel, data.vectors.merkle));
  return checks;
}

function probes(kernel: Kernel, merkle: NonNullable<Data["vectors"]>["merkle"]): Check[] {
  const hashes = (proof: readonly string[] | null) => (proof ?? []).map(unbase64);
  const whole = (list: readonly Uint8Array[]) => list.every((hash) => hash.length === 32);
  return [
    [
      "98 inclusion probes",
      (output) => {
        for (const probe of merkle.inclusion) {
          const [root, leafHash, proof] = [
            unbase64(probe.root),
            unbase64(probe.leafHash),
            hashes(probe.proof),
          ];
          // A hash of another length never reaches the kernel: the formats refuse it first.
          const status = whole([root, leafHash, ...proof])
            ? kernel.checkInclusion({
                index: BigInt(probe.leafIdx),
                size: BigInt(probe.treeSize),
                root,
                leafHash,
                proof,
              }).status
            : "malformed";
          assert((status !== "ok") === probe.wantErr, `${probe.desc}: ${status}`);
          output(`${probe.desc} ${status}`);
        }
      },
    ],
    [
      "98 consistency probes",
      (output) => {
        for (const probe of merkle.consistency) {
          // Some roots are short placeholders; their digests are equal where they are.
          const root = (text: string) =>
            unbase64(text).length === 32 ? unbase64(text) : kernel.sha256(unbase64(text));
          const [oldRoot, newRoot] = [root(probe.root1), root(probe.root2)];
          const proof = hashes(probe.proof);
          const status = whole([oldRoot, newRoot, ...proof])
            ? kernel.checkConsistency({
                oldSize: BigInt(probe.size1),
                newSize: BigInt(probe.size2),
                oldRoot,
                newRoot,
                proof,
              }).status
            : "malformed";
          assert((status !== "ok") === probe.wantErr, `${probe.desc}: ${status}`);
          output(`${probe.desc} ${status}`);
        }
      },
    ],
  ];
}
