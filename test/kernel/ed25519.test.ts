import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { describe, expect, test } from "vitest";
import * as abi from "../../assembly/abi.js";
import {
  BASE,
  L,
  P,
  SMALL_ORDER_ENCODINGS,
  TORSION,
  addPoints,
  challenge,
  cofactorless,
  decodePoint,
  encodePoint,
  littleEndian,
  mod,
  modelVerify,
  multiply,
  power,
  toBytes,
} from "./ed25519-model.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The exports of ed25519-entry.ts; every number is an offset or a word. */
type Entry = Record<
  | ("arena" | "ed25519Verify" | "sha512Init" | "sha512Update" | "sha512Final")
  | ("add" | "sub" | "mul" | "square" | "neg" | "invert" | "powerFiveEighths")
  | ("encode" | "decode" | "equal" | "isZero" | "isNegative")
  | ("isBelowL" | "reduce" | "recode"),
  (...words: number[]) => number
> & { memory: WebAssembly.Memory };

const kernel = await compile();
const arena = kernel.arena();
const memory = new Uint8Array(kernel.memory.buffer);

async function compile(): Promise<Entry> {
  const folder = mkdtempSync(`${tmpdir()}/writ-ed25519-`);
  const options = [
    ["test/kernel/ed25519-entry.ts", "--baseDir", root, "--outFile", `${folder}/entry.wasm`],
    ["--runtime", "stub", "--enable", "simd", "--use", "abort="],
    ["-O3", "--converge", "--noAssert", "--zeroFilledMemory"],
    ["--initialMemory", "64", "--maximumMemory", "64"],
  ].flat();
  const { error, stderr } = await asc.main(options);
  if (error) throw new Error(String(stderr), { cause: error });
  const module = await WebAssembly.compile(readFileSync(`${folder}/entry.wasm`));
  rmSync(folder, { recursive: true });
  expect(WebAssembly.Module.imports(module)).toEqual([]);
  return (await WebAssembly.instantiate(module)).exports as unknown as Entry;
}

/** Key of 32 bytes, signature of 64; a status of abi.ts. */
type Verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => number;

const verify: Verify = (key, message, signature) => {
  const digest = createHash("sha512").update(signature.subarray(0, 32)).update(key);
  memory.set(key, arena);
  memory.set(signature, arena + 32);
  memory.set(digest.update(message).digest(), arena + 96);
  return kernel.ed25519Verify(arena, arena + 32, arena + 96);
};

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

const vectors = process.env["WRIT_VECTORS"] ?? `${root}/../shared/vectors`;
const missing = !existsSync(vectors);
const json = (path: string) => JSON.parse(readFileSync(`${vectors}/${path}`, "utf8"));

/** A repeatable stream of bytes, so that a failure can be seen again. */
function stream(seed: string) {
  let counter = 0;
  return (length: number): Uint8Array => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < length; have += 64) {
      blocks.push(createHash("sha512").update(`${seed} ${counter++}`).digest());
    }
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
  };
}

/** Signs with scalars in the open, so that torsion can be added to A and R. */
function craft(secret: bigint, nonce: bigint, message: Uint8Array, inKey = 0, inR = 0) {
  const torsion = (i: number) => TORSION[i] ?? BASE;
  const key = encodePoint(addPoints(multiply(BASE, secret), torsion(inKey)));
  const R = encodePoint(addPoints(multiply(BASE, nonce), torsion(inR)));
  const S = mod(nonce + challenge(R, key, message) * secret, L);
  return { key, message, signature: join(R, toBytes(S)) };
}

const RFC_8032 = [
  {
    name: "TEST 1",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    name: "TEST 2",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    name: "TEST 3",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    name: "TEST 1024",
    key: "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
    message: [
      "08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f5",
      "4e9f77b1e355f6c50544e23fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37",
      "c93a1b270b20329d658675fc6ea534e0810a4432826bf58c941efb65d57a338bbd2e26640f89ffbc1a858efc",
      "b8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80288a821a579116ec6dad2b",
      "3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573c",
      "b116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204",
      "ed3455c68c83f4a41da4af2b74ef5c53f1d8ac70bdcb7ed185ce81bd84359d44254d95629e9855a94a7c1958",
      "d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a2297acbbb39d502f1a8c6eb6f1ce22b3de1a1f40cc24",
      "554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088d78b7e883c8759d2c4f5c6",
      "5adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2",
      "cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128bab27af87a",
      "71314f318c782b23ebfe808b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969b",
      "e3ea7082ff7fc9888c144da2af58429ec96031dbcad3dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9",
      "b47acdb751fb73e666c6c655ade8297297d07ad1ba5e43f1bca32301651339e22904cc8c42f58c30c04aafdb",
      "038dda0847dd988dcda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f672451",
      "7b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08",
      "d78ff4ef5d63653a65040cf9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e",
      "2ab47b57f7f7276cd419c17a3ca8e1b939ae49e488acba6b965610b5480109c8b17b80e1b7b750dfc7598d5d",
      "5011fd2dcc5600a32ef5b52a1ecc820e308aa342721aac0943bf6686b64b2579376504ccc493d97e6aed3fb0",
      "f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b1116398a346f1a641f3b041",
      "e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa9",
      "33a15ef1369546868a7f3a45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185",
      "c32eddcdd306705e4dc1ffc872eeee475a64dfac86aba41c0618983f8741c5ef68d3a101e8a3b8cac60c905c",
      "15fc910840b94c00a0b9d0",
    ].join(""),
    signature:
      "0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350" +
      "aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03",
  },
  {
    name: "TEST SHA(abc)",
    key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message:
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  },
];

describe("published vectors", () => {
  test.each(RFC_8032)("RFC 8032, section 7.1, $name", ({ key, message, signature }) => {
    const [A, M, RS] = [bytes(key), bytes(message), bytes(signature)];
    expect(verify(A, M, RS)).toBe(abi.OK);
    expect(modelVerify(A, M, RS)).toBe(abi.OK);
    expect(verify(A, join(M, bytes("00")), RS)).toBe(abi.ED25519_EQUATION);
  });

  test.skipIf(missing)("Wycheproof", () => {
    let cases = 0;
    for (const group of json("wycheproof/ed25519_test.json").testGroups) {
      const key = bytes(group.publicKey.pk);
      for (const { tcId, msg, sig, result } of group.tests) {
        cases++;
        const signature = bytes(sig);
        if (signature.length !== 64) {
          expect(result, `${tcId}`).toBe("invalid");
          continue;
        }
        const status = verify(key, bytes(msg), signature);
        expect(status === abi.OK ? "valid" : "invalid", `${tcId}`).toBe(result);
        expect(status, `${tcId}`).toBe(modelVerify(key, bytes(msg), signature));
      }
    }
    expect(cases).toBe(151);
  });

  test.skipIf(missing)("CCTV", { timeout: 120_000 }, () => {
    const cases = json("cctv-ed25519/ed25519vectors.json");
    expect(cases.length).toBe(914);
    const seen = new Set<number>();
    for (const { number, key, sig, msg, flags } of cases) {
      const [A, M, RS] = [bytes(key), Uint8Array.from(Buffer.from(msg)), bytes(sig)];
      const status = verify(A, M, RS);
      seen.add(status);
      expect(status, `case ${number}`).toBe(modelVerify(A, M, RS));
      const refused = ["low_order_A", "non_canonical_A", "non_canonical_R"];
      if ((flags ?? []).some((flag: string) => refused.includes(flag))) {
        expect(status, `case ${number}`).not.toBe(abi.OK);
      }
    }
    expect(seen).toContain(abi.OK);
  });

  test.skipIf(missing).each(["Short", "Long"])("NIST CAVP SHA512%sMsg", (kind) => {
    const text = readFileSync(`${vectors}/nist-cavp/SHA512${kind}Msg.rsp`, "utf8");
    const cases = [...text.matchAll(/Len = (\d+)\s+Msg = ([0-9a-f]+)\s+MD = ([0-9a-f]+)/g)];
    expect(cases.length).toBeGreaterThan(100);
    for (const [, bits, message = "", digest] of cases) {
      const length = Number(bits) / 8;
      expect(hex(sha512(bytes(message).subarray(0, length), []))).toBe(digest);
    }
  });
});

/** Streams a message that is cut at `splits`. */
function sha512(message: Uint8Array, splits: number[]): Uint8Array {
  const [state, data] = [arena, arena + 512];
  memory.set(message, data);
  kernel.sha512Init(state);
  let from = 0;
  for (const to of [...splits, message.length]) {
    kernel.sha512Update(state, data + from, to - from);
    from = to;
  }
  kernel.sha512Final(state, arena + 256);
  return memory.slice(arena + 256, arena + 320);
}

test("SHA-512 at every length up to 300 and every split", () => {
  const message = stream("sha512")(300);
  for (let length = 0; length <= 300; length++) {
    const part = message.subarray(0, length);
    const digest = createHash("sha512").update(part).digest("hex");
    for (let split = 0; split <= length; split++) {
      if (hex(sha512(part, [split])) !== digest) expect.fail(`length ${length}, split ${split}`);
    }
    const single = Array.from({ length }, (_, i) => i);
    expect(hex(sha512(part, single))).toBe(digest);
  }
});

describe("verification", () => {
  test("accepts what node:crypto signs", () => {
    for (let i = 0; i < 200; i++) {
      const { publicKey, privateKey } = generateKeyPairSync("ed25519");
      const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
      const message = randomBytes(i);
      const signature = sign(null, message, privateKey);
      expect(verify(key, message, signature), hex(key)).toBe(abi.OK);
      if (i % 20 === 0) expect(modelVerify(key, message, signature)).toBe(abi.OK);
    }
  });

  test(
    "agrees with the model when any byte of the key or signature changes",
    { timeout: 60_000 },
    () => {
      const next = stream("flip");
      const { key, message, signature } = craft(
        littleEndian(next(31)),
        littleEndian(next(31)),
        next(20),
      );
      const good = join(key, signature);
      for (let i = 0; i < good.length; i++) {
        for (const flip of [1, 0x80, 0xff]) {
          const bad = good.slice();
          bad[i] = (bad[i] ?? 0) ^ flip;
          const [A, RS] = [bad.subarray(0, 32), bad.subarray(32)];
          const status = verify(A, message, RS);
          expect(status, `byte ${i} ^ ${flip}`).not.toBe(abi.OK);
          expect(status, `byte ${i} ^ ${flip}`).toBe(modelVerify(A, message, RS));
        }
      }
    },
  );

  test("refuses S = L and S + L", () => {
    const next = stream("range");
    const { key, message, signature } = craft(
      littleEndian(next(31)),
      littleEndian(next(31)),
      next(8),
    );
    const R = signature.subarray(0, 32);
    const S = littleEndian(signature.subarray(32));
    expect(verify(key, message, signature)).toBe(abi.OK);
    for (let more = S + L; more < 2n ** 256n; more += L) {
      expect(verify(key, message, join(R, toBytes(more)))).toBe(abi.ED25519_S_RANGE);
    }
    for (const edge of [L, L + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      expect(verify(key, message, join(R, toBytes(edge)))).toBe(abi.ED25519_S_RANGE);
    }
    for (const edge of [0n, 1n, L - 1n, 2n ** 252n, 2n ** 252n - 1n]) {
      const status = verify(key, message, join(R, toBytes(edge)));
      expect(status).toBe(abi.ED25519_EQUATION);
      expect(status).toBe(modelVerify(key, message, join(R, toBytes(edge))));
    }
  });

  test("the first rule that fails is the answer", () => {
    const next = stream("order");
    const good = craft(littleEndian(next(31)), littleEndian(next(31)), next(8));
    const low = encodePoint(BASE).fill(0);
    const none = toBytes(2n); // not on the curve
    expect(decodePoint(none)).toBeUndefined();
    const [R, S] = [good.signature.subarray(0, 32), good.signature.subarray(32)];
    const status = (A: Uint8Array, r: Uint8Array, s: Uint8Array) =>
      verify(A, good.message, join(r, s));
    expect(status(none, none, toBytes(L))).toBe(abi.ED25519_S_RANGE);
    expect(status(none, none, S)).toBe(abi.ED25519_KEY_ENCODING);
    expect(status(low, none, S)).toBe(abi.ED25519_KEY_ORDER);
    expect(status(good.key, none, S)).toBe(abi.ED25519_R_ENCODING);
    expect(status(good.key, R, toBytes(1n))).toBe(abi.ED25519_EQUATION);
    expect(status(good.key, R, S)).toBe(abi.OK);
  });

  test("small-order encodings as A and as R", () => {
    expect(SMALL_ORDER_ENCODINGS.length).toBe(14);
    const next = stream("small");
    const secret = littleEndian(next(31));
    const message = next(8);
    const { key } = craft(secret, 1n, message);
    let canonical = 0;
    for (const encoding of SMALL_ORDER_ENCODINGS) {
      const strict = decodePoint(encoding) !== undefined;
      canonical += Number(strict);

      const asKey = join(encodePoint(multiply(BASE, 5n)), toBytes(5n));
      expect(verify(encoding, message, asKey), hex(encoding)).toBe(
        strict ? abi.ED25519_KEY_ORDER : abi.ED25519_KEY_ENCODING,
      );

      // The nonce is 0: [S]B = [k]A up to torsion.
      const S = mod(challenge(encoding, key, message) * secret, L);
      const asR = join(encoding, toBytes(S));
      const expected = strict ? abi.OK : abi.ED25519_R_ENCODING;
      expect(verify(key, message, asR), hex(encoding)).toBe(expected);
      expect(modelVerify(key, message, asR), hex(encoding)).toBe(expected);
    }
    expect(canonical).toBe(8);
  });

  test("torsion in A and R: the cofactored equation accepts", { timeout: 60_000 }, () => {
    const next = stream("mixed");
    let only = 0;
    for (let inKey = 0; inKey < 8; inKey++) {
      for (let inR = 0; inR < 8; inR++) {
        const [secret, nonce] = [littleEndian(next(31)), littleEndian(next(31))];
        const { key, message, signature } = craft(secret, nonce, next(8), inKey, inR);
        expect(verify(key, message, signature)).toBe(abi.OK);
        expect(modelVerify(key, message, signature)).toBe(abi.OK);
        only += Number(!cofactorless(key, message, signature));
      }
    }
    expect(only).toBeGreaterThan(40);
  });
});

/** Limbs of 29 bits at `slot`; they may be larger than that. */
const slot = (i: number) => arena + 64 * i;
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

  test("inverse, root power, equality", () => {
    for (const limbs of elements(1)) {
      const x = mod(setLimbs(a, limbs));
      kernel.invert(c, a);
      check("invert", c, power(x, P - 2n));
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
});
