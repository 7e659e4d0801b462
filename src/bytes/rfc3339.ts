/**
 * Date and time of RFC 3339, section 5.6, with less latitude: `T` and `Z` are capitals, a fraction
 * has one to nine digits, and there is no second 60, because neither ECMAScript's time nor a
 * witness's counts leap seconds. The offset -00:00 (section 4.3) is an instant like +00:00.
 */
const FORM =
  /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
const FIRST = -62_167_219_200_000;
const LAST = 253_402_300_799_999;

/**
 * Milliseconds since the epoch, rounded down, or undefined: another form, a day that no calendar has,
 * or an instant that is in another year than 0000 to 9999 in UTC.
 */
export function parseRfc3339(text: string): number | undefined {
  if (text === last.text) return last.time;
  const time = parse(text);
  last = { text, time };
  return time;
}

/** The last one: entries that come together share their time, and each is read more than once. */
let last: { readonly text: string; readonly time: number | undefined } = {
  text: "",
  time: undefined,
};

function parse(text: string): number | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, fraction = "", sign, hours, minutes] = match;
  const local = Date.parse(`${text.slice(0, 19)}Z`);
  // Date.parse may take the 31st of February for a day in March.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(text.slice(0, 10))) {
    return undefined;
  }
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  const time =
    local + Number(fraction.slice(0, 3).padEnd(3, "0")) + (sign === "-" ? offset : -offset);
  return time >= FIRST && time <= LAST ? time : undefined;
}

/**
 * The time in UTC, rounded down to whole seconds or with three digits of milliseconds. Throws a
 * RangeError on what is not a time in the years 0000 to 9999.
 */
export function formatRfc3339(ms: number, precision: "s" | "ms"): string {
  const time = Math.floor(ms);
  if (!(time >= FIRST && time <= LAST))
    throw new RangeError(`${ms} is no time of a year 0 to 9999`);
  const text = new Date(time).toISOString();
  return precision === "ms" ? text : `${text.slice(0, 19)}Z`;
}
