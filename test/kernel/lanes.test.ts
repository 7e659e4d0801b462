/** Many messages and nodes at once: every way in which they can share the four lanes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadKernel } from "../../src/runtime/inline.js";
import { bytesFor, leafHash, nodeHash, sha256, treeLevels } from "./oracle.js";

// Without the platform's hash, so that the lanes do the work.
const kernel = await loadKernel({});
const source = bytesFor("lanes", 1 << 16);

const message = (length: number, at = length): Uint8Array =>
  source.subarray(at % 4096, (at % 4096) + length);

function expectDigests(messages: readonly Uint8Array[]): void {
  expect(Buffer.from(kernel.sha256Many(messages))).toEqual(
    Buffer.concat(messages.map((m) => sha256(m))),
  );
  expect(Buffer.from(kernel.leafHashes(messages))).toEqual(Buffer.concat(messages.map(leafHash)));
}

test("every length up to 300 alone", () => {
  for (let length = 0; length <= 300; length++) {
    expect(kernel.sha256(message(length))).toEqual(new Uint8Array(sha256(message(length))));
    expect(kernel.leafHash(message(length))).toEqual(new Uint8Array(leafHash(message(length))));
  }
});

test("every length around the block borders in every lane, among shorter and longer neighbours", () => {
  for (let length = 0; length <= 130; length++) {
    for (let lane = 0; lane < 4; lane++) {
      for (const other of [0, 54, 55, 56, 63, 64, 119, 120, 200]) {
        const messages = Array.from({ length: 4 }, (_, i) =>
          i === lane ? message(length) : message(other, i * 7),
        );
        expectDigests(messages);
      }
    }
  }
});

test("four lanes of every mix of block counts", () => {
  const lengths = [0, 55, 56, 119, 120, 200];
  for (const a of lengths)
    for (const b of lengths)
      for (const c of lengths)
        for (const d of lengths)
          expectDigests([message(a, 1), message(b, 2), message(c, 3), message(d, 4)]);
});

test("0 to 17 messages of one length, and one long message among short ones", () => {
  for (let count = 0; count <= 17; count++) {
    expectDigests(Array.from({ length: count }, (_, i) => message(40, i)));
    for (let long = 0; long < count; long++) {
      expectDigests(Array.from({ length: count }, (_, i) => message(i === long ? 2000 : 3 * i, i)));
    }
  }
});

test("any batch of any lengths", () => {
  const length = fc.oneof(fc.nat(130), fc.nat(1000), fc.constantFrom(55, 56, 63, 64, 119, 120));
  fc.assert(
    fc.property(fc.array(fc.tuple(length, fc.nat(4095)), { maxLength: 40 }), (shapes) => {
      expectDigests(shapes.map(([bytes, at]) => message(bytes, at)));
    }),
    { numRuns: 300 },
  );
});

test("more messages than the arena holds, some longer than it", () => {
  const long = new Uint8Array(5 << 20).fill(7);
  const messages = [
    ...Array.from({ length: 5000 }, (_, i) => message(i % 1500, i)),
    long,
    message(3),
    long.subarray(1),
    ...Array.from({ length: 500 }, (_, i) => message(60_000 - i, 0)),
  ];
  expectDigests(messages);
});

test("nodes with each of the 256 last bytes, in each lane and alone", () => {
  const pairs = bytesFor("last bytes", 256 * 64);
  for (let i = 0; i < 256; i++) pairs[i * 64 + 63] = i;
  for (let shift = 0; shift < 4; shift++) {
    const part = pairs.subarray(shift * 64);
    const nodes = kernel.nodeHashes(part);
    for (let i = 0; i < part.length / 64; i++) {
      const expected = nodeHash(
        part.subarray(i * 64, i * 64 + 32),
        part.subarray(i * 64 + 32, i * 64 + 64),
      );
      expect(Buffer.from(nodes.subarray(i * 32, i * 32 + 32))).toEqual(expected);
      if (shift === 0) {
        const alone = kernel.nodeHashes(part.subarray(i * 64, i * 64 + 64));
        expect(Buffer.from(alone)).toEqual(expected);
      }
    }
  }
});

test("0 to 17 nodes", () => {
  const pairs = bytesFor("counts", 17 * 64);
  for (let count = 0; count <= 17; count++) {
    const expected = Array.from({ length: count }, (_, i) =>
      nodeHash(pairs.subarray(i * 64, i * 64 + 32), pairs.subarray(i * 64 + 32, i * 64 + 64)),
    );
    expect(Buffer.from(kernel.nodeHashes(pairs.subarray(0, count * 64)))).toEqual(
      Buffer.concat(expected),
    );
  }
});

test("a million leaves to the root, from packed entries to the frontier", () => {
  const count = 1_000_003;
  const entries: Uint8Array[] = [];
  const bytes = new Uint8Array(count * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    view.setUint32(i * 8, i * 2654435761);
    entries.push(bytes.subarray(i * 8, i * 8 + 8));
  }
  const frontier = kernel.frontier();
  // Pieces of odd sizes, so that runs begin anywhere.
  for (let from = 0, piece = 1; from < count; from += piece, piece = (piece * 7 + 5) % 200_000) {
    frontier.append(kernel.leafHashes(entries.slice(from, from + piece)));
  }
  const root = treeLevels(entries.map(leafHash)).at(-1)?.[0];
  expect(frontier.size).toBe(BigInt(count));
  expect(Buffer.from(frontier.root())).toEqual(root);
  expect(Buffer.from(kernel.treeRoot(kernel.leafHashes(entries)))).toEqual(root);
});
