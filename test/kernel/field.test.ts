import { describe, expect, test } from "vitest";
import { L, P, littleEndian, mod, power, toBytes } from "./ed25519-model.js";
import { inside as kernel, memory, slot } from "./inside.js";
import { stream } from "./stream.js";

/** Limbs of 29 bits; they may be larger than that. */
function setLimbs(at: number, limbs: number[]): bigint {
  new Uint32Array(memory.buffer, at, 9).set(limbs);
  return limbsAt(at);
}
const limbsAt = (at: number): bigint =>
  [...new Uint32Array(memory.buffer, at, 9)].reduceRight(
    (sum, limb) => (sum << 29n) + BigInt(limb),
    0n,
  );
const isTight = (at: number): boolean =>
  new Uint32Array(memory.buffer, at, 9).every((limb) => limb < 2 ** 29 + 2 ** 17);
const value = (at: number): bigint => {
  kernel.encode(slot(15), at);
  return littleEndian(memory.subarray(slot(15), slot(15) + 32));
};

describe("field", () => {
  const TIGHT = 2 ** 29 + 2 ** 17 - 1;
  /** Limb patterns up to the largest n-fold element. */
  function elements(fold: number): number[][] {
    const most = fold * TIGHT;
    const next = stream(`limbs ${fold}`);
    const random = () =>
      Array.from({ length: 9 }, () => Number(littleEndian(next(6)) % BigInt(most + 1)));
    const edges = [0, 1, 2 ** 29 - 1, 2 ** 29, TIGHT, most];
    return [
      ...edges.map((edge) => Array<number>(9).fill(edge)),
      ...Array.from({ length: 9 }, (_, i) =>
        Array.from({ length: 9 }, (_, j) => (i === j ? most : 0)),
      ),
      ...Array.from({ length: 9 }, (_, i) =>
        Array.from({ length: 9 }, (_, j) => (i === j ? 0 : most)),
      ),
      ...Array.from({ length: 20 }, random),
      ...Array.from({ length: 20 }, () => random().map((limb) => (limb % 3 === 0 ? most : limb))),
    ];
  }
  const check = (name: string, at: number, expected: bigint) => {
    if (mod(limbsAt(at)) !== mod(expected)) expect.fail(`${name} is wrong`);
    if (!isTight(at)) expect.fail(`${name} is not tight`);
  };
  const [a, b, c] = [slot(0), slot(1), slot(2)];

  test("mul, square and sub at the ends of their bounds", () => {
    for (const [m, n] of [
      [1, 1],
      [2, 2],
      [1, 6],
      [6, 1],
      [3, 2],
      [2, 3],
    ] as const) {
      for (const left of elements(m)) {
        for (const right of elements(n)) {
          const [x, y] = [setLimbs(a, left), setLimbs(b, right)];
          kernel.mul(c, a, b);
          check(`${m}-fold * ${n}-fold`, c, x * y);
          if (m <= 2 && n <= 2) {
            kernel.sub(c, a, b);
            check(`${m}-fold - ${n}-fold`, c, x - y);
          }
        }
      }
    }
    for (const fold of [1, 2]) {
      for (const limbs of elements(fold)) {
        const x = setLimbs(a, limbs);
        kernel.square(c, a);
        check("square", c, x * x);
        kernel.neg(c, a);
        check("neg", c, -x);
        kernel.mul(a, a, a);
        check("mul onto itself", a, x * x);
        setLimbs(a, limbs);
        kernel.square(a, a);
        check("square onto itself", a, x * x);
      }
    }
  });

  test("chains stay within their bounds", () => {
    for (const limbs of elements(1)) {
      let [x, y] = [setLimbs(a, limbs), setLimbs(b, limbs.toReversed())];
      for (let i = 0; i < 40; i++) {
        kernel.add(c, a, b); // 2-fold
        kernel.sub(a, a, c);
        x = mod(x - (x + y));
        check("a - (a + b)", a, x);
        kernel.add(c, a, b);
        kernel.mul(b, c, c);
        y = mod((x + y) ** 2n);
        check("(a + b) (a + b)", b, y);
        kernel.add(c, b, b);
        kernel.square(a, c);
        x = mod(4n * y * y);
        check("(b + b) ^ 2", a, x);
      }
    }
  });

  test("encode is canonical, and zero and sign agree with it", () => {
    const limbsOf = (n: bigint) =>
      Array.from({ length: 9 }, (_, i) => Number((n >> BigInt(29 * i)) & 0x1fffffffn));
    const near = [0n, 1n, 2n, 18n, 19n, 20n, 37n, 38n, 1215n, 1216n, 1217n];
    const values = [0n, P, 2n * P, 2n ** 255n, 2n ** 256n, 63n * P, 64n * P, 2n ** 261n - 1n]
      .flatMap((n) => near.flatMap((d) => [n - d, n + d]))
      .filter((n) => n >= 0n && n < 2n ** 261n);
    for (const limbs of [...values.map(limbsOf), ...elements(1)]) {
      const x = mod(setLimbs(a, limbs));
      expect(value(a)).toBe(x);
      expect(kernel.isZero(a)).toBe(Number(x === 0n));
      expect(kernel.isNegative(a)).toBe(Number(x & 1n));
    }
  });

  test("decode refuses what is not below p", () => {
    const at = slot(4);
    for (let n = 2n ** 255n - 40n; n < 2n ** 255n; n++) {
      for (const sign of [0n, 1n]) {
        memory.set(toBytes(n + (sign << 255n)), at);
        expect(kernel.decode(a, at)).toBe(Number(n < P));
        expect(limbsAt(a)).toBe(n);
      }
    }
    for (const n of [
      0n,
      1n,
      2n ** 64n - 1n,
      2n ** 255n - 2n ** 64n - 1n,
      P - 2n ** 64n,
      P - 2n ** 128n,
      P - 2n ** 192n,
    ]) {
      memory.set(toBytes(n), at);
      expect(kernel.decode(a, at)).toBe(1);
      expect(limbsAt(a)).toBe(n);
    }
  });

  test("root power, equality", () => {
    for (const limbs of elements(1)) {
      const x = mod(setLimbs(a, limbs));
      kernel.powerFiveEighths(c, a);
      check("powerFiveEighths", c, power(x, (P - 5n) / 8n));
      kernel.neg(c, a);
      expect(kernel.equal(a, a)).toBe(1);
      expect(kernel.equal(a, c)).toBe(Number(x === 0n));
    }
  });
});

describe("scalars", () => {
  const [wide, out, digits] = [slot(0), slot(1), slot(2)];
  const next = stream("scalars");
  const numbers = [
    0n,
    1n,
    L - 1n,
    L,
    L + 1n,
    2n ** 252n,
    2n ** 253n,
    2n ** 256n - 1n,
    2n ** 512n - 1n,
  ]
    .concat([
      L * L,
      L * 2n ** 259n,
      L * 2n ** 259n - 1n,
      (2n ** 512n / L) * L,
      (2n ** 512n / L) * L - 1n,
    ])
    .concat(Array.from({ length: 200 }, () => littleEndian(next(64))));

  test("reduction modulo L", () => {
    for (const n of numbers) {
      memory.set(toBytes(n, 64), wide);
      kernel.reduce(out, wide);
      expect(littleEndian(memory.subarray(out, out + 40))).toBe(n % L);
      memory.set(toBytes(n % 2n ** 256n), wide);
      expect(kernel.isBelowL(wide)).toBe(Number(n % 2n ** 256n < L));
    }
  });

  test.each([2, 4, 5, 8])("non-adjacent form of width %i", (width) => {
    for (const n of numbers) {
      const scalar = n % L;
      memory.set(toBytes(scalar, 40), out);
      kernel.recode(digits, out, width);
      const form = [...new Int8Array(memory.buffer, digits, 256)];
      expect(form.reduceRight((sum, digit) => 2n * sum + BigInt(digit), 0n)).toBe(scalar);
      form.forEach((digit, i) => {
        if (digit === 0) return;
        expect(digit & 1).toBe(1);
        expect(Math.abs(digit)).toBeLessThan(2 ** (width - 1));
        expect(form.slice(i + 1, i + width).every((zero) => zero === 0)).toBe(true);
      });
    }
  });

  test("sums of products", () => {
    const [wide, left, right] = [slot(0), slot(2), slot(3)];
    for (const words of [4, 8]) {
      let sum = 0n;
      memory.fill(0, wide, wide + 64);
      for (const n of numbers) {
        const factor = n % 2n ** BigInt(32 * words);
        const other = (n >> 256n) % (words === 8 ? L : 2n ** 256n);
        memory.set(toBytes(factor, 4 * words), left);
        memory.set(toBytes(other), right);
        kernel.multiplyAdd(wide, left, words, right);
        sum = (sum + factor * other) % 2n ** 512n;
        expect(littleEndian(memory.subarray(wide, wide + 64))).toBe(sum);
      }
    }
  });

  test("digits of +-1 for the comb", () => {
    const [b, at] = [slot(0), slot(1)];
    for (const n of numbers) {
      const scalar = n % L;
      memory.set(toBytes(scalar), at);
      kernel.recodeComb(b, at);
      const bits = littleEndian(memory.subarray(b, b + 32));
      expect(2n * bits - (2n ** 256n - 1n)).toBe(scalar % 2n === 1n ? scalar : scalar + L);
    }
  });

  test("scalars of half the size", () => {
    const [u, v, k] = [slot(0), slot(1), slot(2)];
    const half = 2n ** 127n;
    const near = [0n, 1n, 2n, 3n].flatMap((d) => [half + d, half - d, 2n ** 192n + d, L - 1n - d]);
    const ratios = Array.from({ length: 250 }, (_, i) => L / 2n ** BigInt(i)).filter((n) => n < L);
    for (const n of [...numbers.map((n) => n % L), ...near, ...ratios]) {
      memory.set(toBytes(n), k);
      const negative = kernel.halve(u, v, k);
      const [small, factor] = [u, v].map((at) => littleEndian(memory.subarray(at, at + 16)));
      if (small === undefined || factor === undefined) expect.fail("nothing was written");
      expect(small < half && factor > 0n && factor < half).toBe(true);
      expect(mod(negative ? -factor * n : factor * n, L)).toBe(small);
    }
  });
});
