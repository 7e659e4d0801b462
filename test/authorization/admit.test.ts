import { describe, expect, test } from "vitest";
import { admitAuthorization, admitAuthorizations } from "../../src/authorization/admit.js";
import type { AdmittedAuthorization } from "../../src/authorization/admitted.js";
import { rehearseRequest } from "../../src/authorization/check.js";
import type { TrustView } from "../../src/trust/view.js";
import type { Result } from "../../src/verdict.js";
import { must } from "../domain/fixture.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import type { Made } from "./broken.js";
import { BROKEN, long, SOUND, three } from "./broken.js";
import type { HandLink, HandMaking } from "./craft.js";
import { below, fileOf, party, rootBy, sha256 } from "./craft.js";
import { modelAdmission, plainSituation } from "./model.js";
import { Random, SEED } from "./random.js";
import {
  ask,
  CLERK,
  GRANT,
  grant,
  handOn,
  HELPER,
  ISSUERS,
  MILL,
  otherState,
  otherViews,
  situation,
  THIEF,
  world,
} from "./world.js";

const admit = (files: readonly Uint8Array[]) => admitAuthorizations(kernel, files, world.domains);
const admitOne = (file: Uint8Array) => admitAuthorization(kernel, file, world.domains);

/** What can be told of a result. */
function told(result: Result<AdmittedAuthorization>): unknown {
  if (!result.ok) return result;
  const { links, demands, sha256, command, principal, issuer, digestAlgorithms } = result.value;
  const ids = links.map((link) => link.sha256);
  return { ids, demands, sha256, command, principal, issuer, digestAlgorithms };
}

const placeIn = (links: readonly HandLink[]): string => {
  const result = admitOne(fileOf(links));
  return result.ok ? "" : result.expected.slice(0, "link 1 of 3".length);
};

const identities = (result: Result<AdmittedAuthorization>): string =>
  result.ok ? result.value.links.map(({ sha256 }) => sha256).join() : result.code;

function expectAnswer(result: Result<AdmittedAuthorization>, { answer, links }: Made): void {
  if (answer !== "admitted") expect(answer).toContain(result.ok ? "admitted" : result.code);
  else expect(identities(result)).toBe(links.map(({ id }) => id).join());
}

describe("a chain alone", () => {
  test.each(Object.entries(SOUND))("is admitted: %s", (_, make) => {
    const made = make();
    expectAnswer(admitOne(made.file), made);
    expect([...modelAdmission(made.links, plainSituation(situation()))]).toEqual([]);
  });

  test.each(Object.entries(BROKEN))("is refused: %s", (_, make) => {
    const made = make();
    const result = admitOne(made.file);
    expectAnswer(result, made);
    if (result.ok) throw new Error("admitted");
    expect(result.expected).not.toBe("");
    expect(result.found).not.toBe("");
  });
});

test.each<[number, Parameters<typeof three>[0]]>([
  [1, { root: { note: 1 } }],
  [1, { rootMaking: { signers: [THIEF] } }],
  [2, { child: { note: 1 } }],
  [2, { childMaking: { signers: [THIEF] } }],
  [2, { child: { command: "/" } }],
  [2, { child: { parents: undefined } }],
  [2, { child: { issuer: { domain: "x.example", key: CLERK.hex } } }],
  [3, { leaf: { note: 1 } }],
  [3, { leafMaking: { signers: [THIEF] } }],
  [3, { leaf: { command: "/" } }],
])("the culprit is named by its place: link %i of 3, %j", (place, parts) => {
  expect(placeIn(three(parts))).toBe(`link ${place} of 3`);
});

describe("who issued a first link", () => {
  /** MILL lists so many more than its own. */
  const listing = (count: number) => {
    const others = Array.from({ length: count }, (_, i) => sha256(`issuer ${i}`));
    const issuers = [ISSUERS.mill.hex, ...others].map((key) => ({
      name: "x",
      key,
      commands: ["/"],
    }));
    const change = (view: TrustView): TrustView =>
      otherState(view, { authority: { ...(view.state as Loose).authority, issuers } });
    return otherViews(world.domains, { [MILL]: change });
  };
  const answer = (count: number, ...signers: NonNullable<HandMaking["signers"]>): string => {
    const [by] = signers.at(-1) as [typeof CLERK, string | undefined];
    const link =
      by === ISSUERS.mill ? rootBy(MILL, by, GRANT, { signers }) : grant({}, { signers });
    const result = admitAuthorization(kernel, fileOf([link]), listing(count));
    return result.ok ? "admitted" : result.code;
  };

  test("is found by key id, however many are listed", () => {
    for (const count of [40, 5_000]) {
      expect(answer(count, [ISSUERS.bank, ISSUERS.bank.hex])).toBe("admitted");
      expect(answer(count, [ISSUERS.mill, ISSUERS.mill.hex])).toBe("admitted");
    }
  });

  test("is found without one where few are listed", () => {
    for (const keyid of [undefined, sha256("issuer 5"), "x"]) {
      expect(answer(40, [ISSUERS.bank, keyid])).toBe("admitted");
      expect(answer(40, [ISSUERS.mill, keyid])).toBe("admitted");
    }
    expect(answer(5_000, [ISSUERS.mill, undefined])).toBe("KEY");
  });

  test("is found without one beside a domain that lists many", () => {
    for (const keyid of [undefined, sha256("issuer 5"), "x"]) {
      expect(answer(5_000, [ISSUERS.bank, keyid])).toBe("admitted");
    }
  });

  test("is tried for fewer keys where there are more signatures", () => {
    const seven = Array.from({ length: 7 }, () => [THIEF, undefined] as const);
    expect(answer(40, ...seven, [ISSUERS.bank, undefined])).toBe("admitted");
    expect(answer(40, ...seven, [ISSUERS.mill, undefined])).toBe("KEY");
    expect(answer(40, ...seven, [ISSUERS.mill, ISSUERS.mill.hex])).toBe("admitted");
    expect(answer(0, ...seven, [THIEF, undefined], [ISSUERS.bank, ISSUERS.bank.hex])).toBe(
      "TOO_LARGE",
    );
  });
});

describe("a key id is a hint", () => {
  const signedAs = (...signers: HandMaking["signers"] & {}) => fileOf([grant({}, { signers })]);

  test("that may be absent, or name nobody", () => {
    expect(admitOne(signedAs([ISSUERS.bank, undefined])).ok).toBe(true);
    expect(admitOne(signedAs([ISSUERS.bank, "nobody"])).ok).toBe(true);
  });

  test("that may name another issuer", () => {
    expect(admitOne(signedAs([ISSUERS.bank, ISSUERS.ship.hex])).ok).toBe(true);
  });

  test("that a signature added on the way may bear", () => {
    const file = signedAs([ISSUERS.bank, undefined], [THIEF, ISSUERS.ship.hex]);
    expect(admitOne(file).ok).toBe(true);
  });
});

describe("many at once", () => {
  const makers = [...Object.values(SOUND), ...Object.values(BROKEN)];

  test("thousands, the broken ones among them and nobody else refused", () => {
    console.log(`seed ${SEED}`);
    const random = new Random(SEED);
    const all: Made[] = [];
    for (let i = 0; i < 4_000; i++) {
      const sound = random.chance(0.7) ? SOUND["three links"] : undefined;
      all.push((sound ?? random.pick(makers))());
    }
    const results = admit(all.map(({ file }) => file));
    expect(results).toHaveLength(all.length);
    for (const [i, made] of all.entries()) expectAnswer(results[i] as (typeof results)[0], made);
    expect(all.filter(({ answer }) => answer !== "admitted").length).toBeGreaterThan(500);
  });

  test("one broken chain among thousands is the only one refused, wherever it stands", () => {
    const sound = Array.from({ length: 300 }, () => (SOUND["three links"] as () => Made)().file);
    for (const [i, make] of Object.values(BROKEN).entries()) {
      const files = [...sound];
      const place = (i * 37) % files.length;
      files[place] = make().file;
      const refused = admit(files.slice(0, 50 + place)).flatMap(({ ok }, k) => (ok ? [] : [k]));
      expect(refused).toEqual([place]);
    }
  });

  test("order, neighbours and number change no result", () => {
    console.log(`seed ${SEED}`);
    const random = new Random(SEED);
    const files = makers.flatMap((make) => [make().file, make().file]);
    // Chains that share links with these, sound ones below broken ones among them.
    const shared = files.flatMap((file) => {
      const lines = Buffer.from(file).toString().split("\n").filter(Boolean);
      return [lines.slice(0, 1), lines.slice(0, 2), lines.slice(1)].map(
        (some) => new Uint8Array(Buffer.from(some.map((line) => `${line}\n`).join(""))),
      );
    });
    const all = [...files, ...shared];
    const alone = new Map(all.map((file) => [file, told(admitOne(file))]));
    for (let round = 0; round < 40; round++) {
      const some = Array.from({ length: 1 + random.below(300) }, () => random.pick(all));
      const results = admit(some);
      for (const [i, file] of some.entries()) {
        expect(told(results[i] as (typeof results)[0]), `seed ${SEED}`).toEqual(alone.get(file));
      }
    }
  });

  test("one line below two first links of two holders is two questions", () => {
    const [root, other] = [grant(), grant({ principal: { id: "agent:thief", key: THIEF.hex } })];
    const child = handOn(root);
    const files = [fileOf([root, child]), fileOf([other, child])];
    const alone = files.map((file) => told(admitOne(file)));
    expect(alone[1]).toMatchObject({ ok: false });
    expect(admit(files).map(told)).toEqual(alone);
    expect(admit([...files].reverse()).map(told)).toEqual([...alone].reverse());
  });

  test("one root, a thousand children of it, some broken", () => {
    const root = grant();
    const chains = Array.from({ length: 1_000 }, (_, i) => {
      const broken = i % 3 === 0;
      return { broken, links: [root, handOn(root, broken ? { command: "/" } : {})] };
    });
    const results = admit(chains.map(({ links }) => fileOf(links)));
    expect(results.map(({ ok }) => ok)).toEqual(chains.map(({ broken }) => !broken));
  });

  test("none at all", () => {
    expect(admit([])).toEqual([]);
  });
});

describe("F29: a chain file that was tampered with", () => {
  const links = three({ root: { policy: [["<=", ".amount", 10]] } });
  const file = fileOf(links);
  const whole = links.map(({ id }) => id).join();

  function expectNoOther(files: readonly Uint8Array[]): number {
    const results = admit(files).map(identities);
    const others = results.filter((each) => each.includes(",") && each !== whole);
    expect(others).toEqual([]);
    return results.filter((each) => each === whole).length;
  }

  test("every flipped byte is refused, or changes nothing that is signed", () => {
    let same = 0;
    for (const mask of [0x01, 0x20, 0x80, 0xff]) {
      const flips = Array.from(file, (byte, at) => file.with(at, byte ^ mask));
      same += expectNoOther(flips);
    }
    // Key ids are hints.
    expect(same).toBeGreaterThan(100);
    expect(same).toBeLessThan(file.length);
  });

  test("every byte taken out or put in twice", () => {
    const out = Array.from(file, (_, at) =>
      Buffer.concat([file.subarray(0, at), file.subarray(at + 1)]),
    );
    const twice = Array.from(file, (_, at) =>
      Buffer.concat([file.subarray(0, at + 1), file.subarray(at)]),
    );
    expectNoOther([...out, ...twice].map((each) => new Uint8Array(each)));
  });

  test("every prefix of it admits what it holds, or nothing", () => {
    const starts = [1, 2, 3].map((count) =>
      links
        .slice(0, count)
        .map(({ id }) => id)
        .join(),
    );
    const prefixes = Array.from(file, (_, at) => file.subarray(0, at));
    const answers = admit(prefixes).flatMap((each) => (each.ok ? [identities(each)] : []));
    expect(answers.every((each) => starts.includes(each))).toBe(true);
    // With and without the newline at its end.
    expect(answers.length).toBe(5);
  });
});

test("a file that is no chain", () => {
  const text = (content: string) => admitOne(new TextEncoder().encode(content));
  for (const content of ["", "\n", "{}\n", "null", "[]", "\u0000", "{".repeat(1000)]) {
    expect(identities(text(content))).toBe("MALFORMED");
  }
  const line = Buffer.from(fileOf([grant()])).toString();
  for (const content of [`\n${line}`, `${line}\n`, `${line}\n${line}`, `\ufeff${line}`]) {
    expect(identities(text(content))).toBe("MALFORMED");
  }
  expect(admitOne(new Uint8Array(4 << 20).fill(0x20))).toMatchObject({ code: "TOO_LARGE" });
  expect(admitOne(Uint8Array.of(0xff, 0xfe))).toMatchObject({ code: "MALFORMED" });
});

test("what was admitted is immutable, and does not hang on the bytes that it was read from", () => {
  const links = three({ root: { isolation: { level: "worker", read: ["/data"] } } });
  const file = fileOf(links);
  const value = must(admitOne(file));
  file.fill(0x41);
  const intern = ask({ principal: "agent:intern" });
  expect(rehearseRequest(value, intern, situation()).ok).toBe(true);
  expect(value.sha256).toBe(links[2].id);
  const isFrozen = (each: unknown): boolean =>
    typeof each !== "object" ||
    each === null ||
    (Object.isFrozen(each) && Object.values(each).every(isFrozen));
  for (const part of [value, value.links, value.links[0]?.authorization, value.demands]) {
    expect(isFrozen(part)).toBe(true);
  }
});

test("an object that looks like one that was admitted is misuse", () => {
  const value = must(admitOne(fileOf(three())));
  const intern = ask({ principal: "agent:intern" });
  for (const copy of [
    { ...value },
    Object.create(value),
    structuredClone({ ...value, links: [] }),
  ]) {
    expect(() => rehearseRequest(copy as never, intern, situation())).toThrow(TypeError);
  }
});

test("a deny never throws: every broken chain, beside a kernel that has seen them all", () => {
  for (const make of Object.values(BROKEN)) expect(() => admitOne(make().file)).not.toThrow();
});

test("a holder of two chains cannot join them", () => {
  const [one, other] = [long(3), long(4)];
  const last = one.at(-1) as (typeof one)[0];
  const spliced = [
    ...one,
    below(other[2] as typeof last, party("long 2"), { principal: last.predicate.principal }),
  ];
  expect(identities(admitOne(fileOf(spliced)))).toBe("DIGEST");
  const root = grant();
  const elsewhere = below(grant(), CLERK, { principal: { id: "agent:helper", key: HELPER.hex } });
  expect(identities(admitOne(fileOf([root, elsewhere])))).toBe("DIGEST");
});
