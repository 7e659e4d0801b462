import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRfc3339, parseRfc3339 } from "../../src/bytes/rfc3339.js";

const FIRST = -62_167_219_200_000;
const LAST = 253_402_300_799_999;
const MINUTE = 60_000;

const two = (value: number): string => String(value).padStart(2, "0");

test.each([
  ["1970-01-01T00:00:00Z", 0],
  ["1970-01-01T00:00:00.001Z", 1],
  ["1969-12-31T23:59:59.999Z", -1],
  ["2026-11-24T12:00:00Z", 1_795_521_600_000],
  ["2024-02-29T00:00:00Z", 1_709_164_800_000],
  ["2000-02-29T23:59:59Z", 951_868_799_000],
  ["0000-01-01T00:00:00Z", FIRST],
  ["0000-02-29T00:00:00Z", FIRST + 59 * 86_400_000],
  ["0099-12-31T23:59:59Z", -59_011_459_201_000],
  ["9999-12-31T23:59:59.999Z", LAST],
  // RFC 3339, section 5.8.
  ["1985-04-12T23:20:50.52Z", 482_196_050_520],
  ["1996-12-19T16:39:57-08:00", 851_042_397_000],
  ["1996-12-20T00:39:57Z", 851_042_397_000],
  ["1937-01-01T12:00:27.87+00:20", -1_041_337_172_130],
  // Offsets: a half hour, none known (section 4.3), the ends of the range.
  ["2026-01-01T00:00:00+05:30", 1_767_205_800_000],
  ["2026-01-01T00:00:00-00:00", 1_767_225_600_000],
  ["2026-01-01T00:00:00+00:00", 1_767_225_600_000],
  ["2026-01-01T00:00:00+23:59", 1_767_225_600_000 - 1439 * MINUTE],
  ["2026-01-01T00:00:00-23:59", 1_767_225_600_000 + 1439 * MINUTE],
  // Expiries of Sigstore's roots.
  ["2021-12-18T13:28:12.99008-06:00", 1_639_855_692_990],
  ["2022-05-11T19:09:02.663975009Z", 1_652_296_142_663],
])("%s is %d", (text, ms) => {
  expect(parseRfc3339(text)).toBe(ms);
});

test.each([
  ..."| |now|1795521600|2026-11-24|12:00:00Z|2026-11-24T12:00:00".split("|"),
  // Spellings that RFC 3339 allows and we do not, and some of ISO 8601 that it does not.
  ..."2026-11-24t12:00:00Z|2026-11-24T12:00:00z|2026-11-24 12:00:00Z".split("|"),
  ..."2026-11-24T12:00:00.0000000001Z|1990-12-31T23:59:60Z|1990-12-31T15:59:60-08:00".split("|"),
  ..."20261124T120000Z|2026-W48-2T12:00:00Z|2026-328T12:00:00Z|2026-11-24T12:00Z".split("|"),
  ..."2026-11-24T12:00:00,5Z|2026-11-24T12:00:00.Z|2026-11-24T12:00:00+0100".split("|"),
  ..."2026-11-24T12:00:00+01|2026-11-24T12:00:00+1:00|2026-11-24T12:00:00\u221201:00".split("|"),
  ..."2026-11-24T12:00:00 Z|2026-11-24T12:00:00Z+01:00|2026-11-24T12:00:00UTC".split("|"),
  ..."+002026-11-24T12:00:00Z|-2026-11-24T12:00:00Z|12026-11-24T12:00:00Z".split("|"),
  ..."226-11-24T12:00:00Z|2026-1-24T12:00:00Z|2026-11-4T12:00:00Z|2026-11-24T2:00:00Z".split("|"),
  ..." 2026-11-24T12:00:00Z|2026-11-24T12:00:00Z |2026-11-24T12:00:00Z\n".split("|"),
  ..."2026-11-24T12:00:00Z\u0000|\ufeff2026-11-24T12:00:00Z|٢٠٢٦-11-24T12:00:00Z".split("|"),
  ..."2026-00-24T12:00:00Z|2026-13-24T12:00:00Z|2026-11-00T12:00:00Z".split("|"),
  ..."2026-11-31T12:00:00Z|2026-02-29T12:00:00Z|1900-02-29T12:00:00Z".split("|"),
  ..."2026-02-30T12:00:00Z|2026-02-31T12:00:00Z|2026-12-32T12:00:00Z".split("|"),
  ..."2026-11-24T24:00:00Z|2026-11-24T25:00:00Z|2026-11-24T12:60:00Z".split("|"),
  ..."2026-11-24T12:00:61Z|2026-11-24T12:00:00+24:00|2026-11-24T12:00:00+01:60".split("|"),
  ..."2026-11-24T12:00:00-99:99|2026-11-24T12:00:00.+01:00|2026-11-24T12:00:00.-1Z".split("|"),
  // A year 0 or 9999 that in UTC is another.
  ..."0000-01-01T00:00:00+00:01|9999-12-31T23:59:59-00:01|9999-12-31T23:59:00.999-23:59".split("|"),
])("%j is no time", (text) => {
  expect(parseRfc3339(text)).toBeUndefined();
});

test("the days of all years from 0000 to 9999 follow each other, and no other is a day", () => {
  let expected = FIRST;
  for (let year = 0; year <= 9999; year++) {
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    for (const [month, length] of lengths.entries()) {
      const at = (day: number): string =>
        `${String(year).padStart(4, "0")}-${two(month + 1)}-${two(day)}T00:00:00Z`;
      // Every day of some years, and the last of every month of all.
      const first = year % 100 < 5 ? 1 : length;
      for (let day = first; day <= length; day++) {
        const ms = expected + (day - 1) * 86_400_000;
        if (parseRfc3339(at(day)) !== ms) expect.fail(at(day));
        if (formatRfc3339(ms, "s") !== at(day)) expect.fail(at(day));
      }
      for (const day of [0, length + 1]) {
        if (parseRfc3339(at(day)) !== undefined) expect.fail(at(day));
      }
      expected += length * 86_400_000;
    }
  }
  expect(expected).toBe(LAST + 1);
});

test("every hour, minute and second of a day, and no others", () => {
  for (let hour = 0; hour < 100; hour++) {
    for (let minute = 0; minute < 100; minute++) {
      const real = hour < 24 && minute < 60;
      const time = (hour * 60 + minute) * MINUTE;
      const clock = `${two(hour)}:${two(minute)}`;
      expect(parseRfc3339(`1970-01-01T${clock}:00Z`)).toBe(real ? time : undefined);
      expect(parseRfc3339(`1970-01-01T00:00:00-${clock}`)).toBe(real ? time : undefined);
      const east = parseRfc3339(`1970-01-01T00:00:00+${clock}`);
      if (real) expect(east! + time).toBe(0);
      else expect(east).toBeUndefined();
    }
    const second = hour < 60 ? hour * 1000 : undefined;
    expect(parseRfc3339(`1970-01-01T00:00:${two(hour)}Z`)).toBe(second);
  }
});

const times = fc.oneof(
  fc.integer({ min: FIRST, max: LAST }),
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.constantFrom(FIRST, FIRST + 1, LAST - 1, LAST, 0, -1),
);

test("digits of a fraction past the third are cut, also before 1970", () => {
  fc.assert(
    fc.property(times, fc.stringMatching(/^[0-9]{1,9}$/), (time, fraction) => {
      const second = Math.floor(time / 1000) * 1000;
      const text = `${formatRfc3339(second, "s").slice(0, 19)}.${fraction}Z`;
      expect(parseRfc3339(text)).toBe(second + Math.floor(Number(`0.${fraction}`) * 1000 + 1e-9));
    }),
  );
});

test("the same instant at every offset is the same time", () => {
  fc.assert(
    fc.property(times, fc.integer({ min: -1439, max: 1439 }), (time, offset) => {
      const local = time + offset * MINUTE;
      fc.pre(local >= FIRST && local <= LAST);
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
      const sign = offset < 0 ? "-" : "+";
      const text = formatRfc3339(local, "ms").replace("Z", `${sign}${two(hours)}:${two(minutes)}`);
      expect(parseRfc3339(text)).toBe(time);
    }),
  );
});

test("whatever is accepted Date.parse reads the same, and is written and read again", () => {
  const upTo = (most: number): fc.Arbitrary<string> => fc.integer({ min: 0, max: most }).map(two);
  const year = fc.integer({ min: 0, max: 9999 }).map((each) => String(each).padStart(4, "0"));
  const sign = fc.constantFrom("+", "-");
  const offset = fc.tuple(sign, upTo(24), upTo(60)).map(([a, b, c]) => `${a}${b}:${c}`);
  const zone = fc.oneof(fc.constant("Z"), offset);
  const text = fc
    .tuple(year, upTo(13), upTo(32), upTo(24), upTo(60), upTo(60), zone)
    .map(([y, m, d, h, i, s, z]) => `${y}-${m}-${d}T${h}:${i}:${s}${z}`);
  let accepted = 0;
  fc.assert(
    fc.property(text, (each) => {
      const time = parseRfc3339(each);
      if (time === undefined) return;
      accepted += 1;
      expect(time).toBe(Date.parse(each));
      expect(parseRfc3339(formatRfc3339(time, "s"))).toBe(time);
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(1500);
});

describe("a time is written", () => {
  test("in UTC, with a capital Z", () => {
    expect(formatRfc3339(1_795_521_600_000, "s")).toBe("2026-11-24T12:00:00Z");
    expect(formatRfc3339(1_795_521_600_000, "ms")).toBe("2026-11-24T12:00:00.000Z");
    expect(formatRfc3339(FIRST, "ms")).toBe("0000-01-01T00:00:00.000Z");
    expect(formatRfc3339(LAST, "ms")).toBe("9999-12-31T23:59:59.999Z");
    expect(formatRfc3339(LAST, "s")).toBe("9999-12-31T23:59:59Z");
  });

  test("rounded down, before 1970 too", () => {
    expect(formatRfc3339(1999, "s")).toBe("1970-01-01T00:00:01Z");
    expect(formatRfc3339(-1, "s")).toBe("1969-12-31T23:59:59Z");
    expect(formatRfc3339(-1000, "s")).toBe("1969-12-31T23:59:59Z");
    expect(formatRfc3339(-1001, "s")).toBe("1969-12-31T23:59:58Z");
    expect(formatRfc3339(1.9, "ms")).toBe("1970-01-01T00:00:00.001Z");
    expect(formatRfc3339(-0.1, "ms")).toBe("1969-12-31T23:59:59.999Z");
  });

  test("so that it is read as the same time", () => {
    fc.assert(
      fc.property(times, (time) => {
        expect(parseRfc3339(formatRfc3339(time, "ms"))).toBe(time);
        expect(parseRfc3339(formatRfc3339(time, "s"))).toBe(Math.floor(time / 1000) * 1000);
      }),
    );
  });

  test("and text order is time order", () => {
    fc.assert(
      fc.property(times, times, (a, b) => {
        expect(formatRfc3339(a, "ms") < formatRfc3339(b, "ms")).toBe(a < b);
      }),
    );
  });

  test.each([FIRST - 1, LAST + 1, FIRST - 0.5, LAST + 1000, Number.NaN, Infinity, -Infinity, 9e15])(
    "but not %d",
    (ms) => {
      expect(() => formatRfc3339(ms, "s")).toThrow(RangeError);
      expect(() => formatRfc3339(ms, "ms")).toThrow(RangeError);
    },
  );
});
