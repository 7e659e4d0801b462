import { expect, test } from "vitest";
import { P, TORSION, decodePoint, encodePoint, mod, toBytes } from "./ed25519-model.js";
import { inside as kernel, memory, slot } from "./inside.js";
import { stream } from "./stream.js";

const LIMBS = 20;
const TIGHT = 4100;
/** Limb 0 after weaken. */
const WEAK = 5312;

// Each place of the loader has 64 bytes, an element in lanes 160.
const place = (i: number): number => slot(4 * i);
const [a, b, c] = [place(0), place(1), place(2)];
const words = new Int16Array(memory.buffer);
const limbIndex = (at: number, lane: number, i: number) =>
  at / 2 + (i >> 1) * 8 + lane * 2 + (i & 1);

function setLimbs(at: number, lane: number, limbs: readonly number[]): bigint {
  limbs.forEach((limb, i) => (words[limbIndex(at, lane, i)] = limb));
  return valueOf(at, lane);
}
const limbsOf = (at: number, lane: number) =>
  Array.from({ length: LIMBS }, (_, i) => words[limbIndex(at, lane, i)] as number);
const valueOf = (at: number, lane: number): bigint =>
  limbsOf(at, lane).reduceRight((sum, limb) => (sum << 13n) + BigInt(limb), 0n);

/** Limb patterns up to the largest n-fold element, of either sign. */
function elements(fold: number): number[][] {
  const most = fold * TIGHT;
  const next = stream(`lanes ${fold}`);
  const draw = (range: number) =>
    ((next(4).reduce((n, byte) => n * 256 + byte, 0) % range) + range) % range;
  const every = (make: (i: number) => number) => Array.from({ length: LIMBS }, (_, i) => make(i));
  return [
    ...[0, 1, -1, 4095, 4096, -4096, -4097, TIGHT, -TIGHT, most, -most].map((n) => every(() => n)),
    every((i) => (i % 2 ? most : -most)),
    every((i) => (i < 10 ? most : -most)),
    ...every((i) => i).map((i) => every((j) => (i === j ? most : 0))),
    ...every((i) => i).map((i) => every((j) => (i === j ? -1 : 0))),
    ...Array.from({ length: 20 }, () => every(() => draw(2 * most + 1) - most)),
    ...Array.from({ length: 20 }, () => every(() => (draw(2) ? most : -most))),
  ];
}

function check(name: string, at: number, lane: number, expected: bigint): void {
  if (mod(valueOf(at, lane)) !== mod(expected)) expect.fail(`${name} is wrong in lane ${lane}`);
  if (limbsOf(at, lane).some((limb) => Math.abs(limb) > TIGHT)) expect.fail(`${name} is not tight`);
}

test("mul at the ends of its bounds, other elements in the other lanes", () => {
  for (const [m, n] of [
    [1, 1],
    [2, 2],
    [1, 6],
    [6, 1],
    [3, 2],
    [2, 3],
  ] as const) {
    const [left, right] = [elements(m), elements(n)];
    for (let i = 0; i < left.length; i++) {
      for (let j = 0; j < right.length; j++) {
        const x = [0, 1, 2, 3].map((lane) =>
          setLimbs(a, lane, left[(i + lane) % left.length] as number[]),
        );
        const y = [0, 1, 2, 3].map((lane) =>
          setLimbs(b, lane, right[(j + 3 * lane) % right.length] as number[]),
        );
        kernel.mulLanes(c, a, b);
        x.forEach((value, lane) =>
          check(`${m}-fold * ${n}-fold`, c, lane, value * (y[lane] as bigint)),
        );
      }
    }
  }
});

test("square at the ends of its bounds, and onto itself", () => {
  for (const fold of [1, 2]) {
    for (const limbs of elements(fold)) {
      const values = [0, 1, 2, 3].map((lane) =>
        setLimbs(a, lane, lane % 2 ? limbs.toReversed() : limbs),
      );
      kernel.squareLanes(c, a);
      values.forEach((value, lane) => check("square", c, lane, value * value));
      kernel.mulLanes(c, a, a);
      values.forEach((value, lane) => check("mul by itself", c, lane, value * value));
      kernel.squareLanes(a, a);
      values.forEach((value, lane) => check("square onto itself", a, lane, value * value));
    }
  }
});

test("products whose last carry is at its ends", () => {
  // Limb 2 takes what the fold of the top carries on: it passes its own bounds by at most 3.
  const next = stream("carry");
  for (let i = 0; i < 40_000; i++) {
    const bytes = next(160);
    for (const [lane, at] of [0, 1, 2, 3].flatMap((l) => [[l, a] as const, [l, b] as const])) {
      for (let k = 0; k < LIMBS; k++) {
        const byte = bytes[(40 * lane + 2 * k + (at === a ? 0 : 1)) % 160] as number;
        words[limbIndex(at, lane, k)] =
          byte % 3 === 0 ? TIGHT : byte % 3 === 1 ? -TIGHT : 32 * byte - 4096;
      }
    }
    const products = [0, 1, 2, 3].map((lane) => valueOf(a, lane) * valueOf(b, lane));
    kernel.mulLanes(c, a, b);
    products.forEach((product, lane) => check("product", c, lane, product));
  }
});

test("weaken keeps the value, and its limbs serve as factors", () => {
  for (const fold of [1, 2, 3, 4]) {
    for (const limbs of elements(fold)) {
      const values = [0, 1, 2, 3].map((lane) =>
        setLimbs(
          a,
          lane,
          limbs.map((limb) => (lane % 2 ? -limb : limb)),
        ),
      );
      kernel.weaken(a);
      for (const [lane, value] of values.entries()) {
        expect(mod(valueOf(a, lane))).toBe(mod(value));
        const [first, ...others] = limbsOf(a, lane).map(Math.abs);
        expect(first).toBeLessThanOrEqual(WEAK);
        expect(Math.max(...others)).toBeLessThanOrEqual(TIGHT);
      }
      kernel.mulLanes(c, a, a);
      values.forEach((value, lane) => check("product", c, lane, value * value));
    }
  }
  const weakest = [-1, 1].map((sign) => [
    sign * WEAK,
    ...Array<number>(LIMBS - 1).fill(sign * TIGHT),
  ]);
  for (const x of weakest) {
    for (const y of weakest) {
      const product = setLimbs(a, 0, x) * setLimbs(b, 0, y);
      kernel.mulLanes(c, a, b);
      check("weakest", c, 0, product);
    }
  }
});

test("into lanes and out of them", () => {
  const field = slot(40);
  const near = [0n, 1n, 2n, 19n, 4095n, 4096n, 4097n, 8191n, 8192n];
  const values = [0n, P, 2n ** 254n, 2n ** 255n, 2n ** 260n]
    .flatMap((n) => near.flatMap((d) => [n - d, n + d]))
    .filter((n) => n >= 0n && n < 2n ** 261n);
  for (const value of values) {
    new Uint32Array(memory.buffer, field, 9).set(
      Array.from({ length: 9 }, (_, i) => Number((value >> BigInt(29 * i)) & 0x1fffffffn)),
    );
    for (const lane of [0, 1, 2, 3]) {
      kernel.setLane(a, lane, field);
      check("setLane", a, lane, value);
    }
  }
  for (const limbs of elements(1)) {
    for (const lane of [0, 1, 2, 3]) {
      const value = setLimbs(a, lane, limbs);
      kernel.getLane(field, a, lane);
      const out = new Uint32Array(memory.buffer, field, 9);
      expect(out.every((limb) => limb < 2 ** 29 + 2 ** 17)).toBe(true);
      const found = [...out].reduceRight((sum, limb) => (sum << 29n) + BigInt(limb), 0n);
      expect(mod(found)).toBe(mod(value));
    }
  }
});

test("four encodings at once decode as one by one", () => {
  const next = stream("four");
  const encodings = [
    ...TORSION.map(encodePoint),
    ...[0n, 1n, P - 1n, P, P + 1n, 2n ** 255n - 1n].flatMap((y) => [
      toBytes(y),
      toBytes(y + 2n ** 255n),
    ]),
    ...Array.from({ length: 180 }, () => next(32)),
  ];
  const [points, addresses] = [slot(60), slot(61)];
  const outs = [0, 1, 2, 3].map((i) => place(i));
  const bytesAt = [0, 1, 2, 3].map((i) => slot(62 + i));
  let decoded = 0;
  for (let i = 0; i < encodings.length; i++) {
    const four = [0, 1, 2, 3].map(
      (lane) => encodings[(i + 7 * lane) % encodings.length] as Uint8Array,
    );
    four.forEach((encoding, lane) => memory.set(encoding, bytesAt[lane]));
    new Uint32Array(memory.buffer, points, 4).set(outs);
    new Uint32Array(memory.buffer, addresses, 4).set(bytesAt);
    const valid = kernel.decodeFour(points, addresses);
    for (const [lane, encoding] of four.entries()) {
      const point = decodePoint(encoding);
      expect((valid >> lane) & 1).toBe(Number(point !== undefined));
      if (!point) continue;
      decoded++;
      const at = outs[lane] as number;
      check("x", at, 0, point.X);
      check("y", at, 1, point.Y);
      check("z", at, 2, 1n);
      check("t", at, 3, point.X * point.Y);
    }
  }
  expect(decoded).toBeGreaterThan(300);
});
