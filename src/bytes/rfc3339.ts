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
const DAY = 86_400_000;

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

/** The day of the last one, and its beginning: most times that come together are of one day. */
let day: { readonly text: string; readonly begin: number } = { text: "", begin: Number.NaN };

const ZERO = 0x30;

/** The two digits at a place; NaN where there are others. */
function two(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - ZERO, text.charCodeAt(at + 1) - ZERO];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : Number.NaN;
}

/** `YYYY-MM-DDThh:mm:ss.fffZ` of the last day, which is mostly what is read; undefined for all else. */
function parseSameDay(text: string): number | undefined {
  if (text.length !== 24 || !text.startsWith(day.text) || day.text === "") return undefined;
  if (text[10] !== "T" || text[13] !== ":" || text[16] !== ":" || text[19] !== ".")
    return undefined;
  const last = text.charCodeAt(22) - ZERO;
  if (text[23] !== "Z" || !(last >= 0 && last <= 9)) return undefined;
  const [hours, minutes, seconds] = [two(text, 11), two(text, 14), two(text, 17)];
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return undefined;
  const fraction = 10 * two(text, 20) + last;
  const time = day.begin + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction;
  return Number.isNaN(time) ? undefined : time;
}

function parse(text: string): number | undefined {
  const known = parseSameDay(text);
  if (known !== undefined) return known;
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, fraction = "", sign, hours, minutes] = match;
  const local = Date.parse(`${text.slice(0, 19)}Z`);
  // Date.parse may take the 31st of February for a day in March.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(text.slice(0, 10))) {
    return undefined;
  }
  // Its days have 24 hours, so that this is the beginning of the day that is written, in UTC.
  day = { text: text.slice(0, 10), begin: Math.floor(local / DAY) * DAY };
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
  if (time !== written.time) written = { time, text: new Date(time).toISOString() };
  const { text } = written;
  return precision === "ms" ? text : `${text.slice(0, 19)}Z`;
}

/** The last one: the bound of a decision is mostly that of the one before. */
let written: { readonly time: number; readonly text: string } = { time: Number.NaN, text: "" };
