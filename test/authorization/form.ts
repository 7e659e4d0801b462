/** Whether a predicate has its form, member by member, as plainly as formats.md lists them. */
import type { Loose } from "../trust/forge.js";
import { isVisible, modelEvaluate } from "./policy/model.js";

const has = (object: Loose, name: string): boolean => Object.hasOwn(object, name);
const isObject = (json: Loose): boolean =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** An object with no members but these; those without a question mark are there. */
function isRecord(json: Loose, members: Record<string, (value: Loose) => boolean>): boolean {
  if (!isObject(json)) return false;
  const names = Object.keys(members).map((name) => name.replace("?", ""));
  if (Object.keys(json).some((name) => !names.includes(name))) return false;
  return Object.entries(members).every(([name, isGood]) => {
    const plain = name.replace("?", "");
    return has(json, plain) ? isGood(json[plain]) : name.endsWith("?");
  });
}

const isText = (json: Loose): json is string => typeof json === "string";
const isHex = (json: Loose): boolean => isText(json) && /^[0-9a-f]{64}$/.test(json);
const isWhole = (json: Loose): boolean => Number.isSafeInteger(json) && json >= 0;
const isPositive = (json: Loose): boolean => isWhole(json) && json > 0;
const isMilliseconds = (json: Loose): boolean => isPositive(json) && json <= 316_224_000_000;

function isSet(
  json: Loose,
  isItem: (item: Loose) => boolean,
  least: number,
  most: number,
  nameOf = (item: Loose): string => item,
): boolean {
  if (!Array.isArray(json) || json.length < least || json.length > most) return false;
  if (!json.every(isItem)) return false;
  const names = json.map(nameOf);
  return names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
}

export function isCommand(json: Loose): boolean {
  if (!isText(json) || json.length > 255) return false;
  if (json === "/") return true;
  const [first, ...segments] = json.split("/");
  return (
    first === "" &&
    segments.length > 0 &&
    segments.every(
      (segment) =>
        /^[a-z0-9._-]+$/.test(segment) && /^[a-z0-9]/.test(segment) && /[a-z0-9]$/.test(segment),
    )
  );
}

function isDomain(json: Loose): boolean {
  if (!isText(json) || json.length > 253) return false;
  return json.split(".").every((part) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(part));
}

function isMember(json: Loose): boolean {
  return isText(json) && json.length > 0 && json.length <= 255 && !/[\p{C}\p{Z}+]/u.test(json);
}

function isTime(json: Loose): boolean {
  if (!isText(json)) return false;
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
  return form.test(json) && !Number.isNaN(Date.parse(json)) && !json.includes(":60");
}

/** True for a policy whose operators and operands are all known. */
export function isPolicy(json: Loose): boolean {
  return modelEvaluate(json, {}) !== "invalid";
}

const isSelector = (json: Loose): boolean => isText(json) && isPolicy([["==", json, 1]]);
const isPath = (json: Loose): boolean => isPolicy([["within", ".x", json]]);
const isHost = (json: Loose): boolean =>
  isText(json) &&
  json.length <= 260 &&
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9]\d{0,4})?$/.test(json);
const isProgram = (json: Loose): boolean =>
  isText(json) && json.length > 0 && json.length <= 4096 && !/\p{C}/u.test(json);

const isDigest = (json: Loose): boolean => isRecord(json, { sha256: isHex });

const isLimits = (json: Loose): boolean =>
  isRecord(json, {
    "uses?": isPositive,
    "duration?": isMilliseconds,
    "delegations?": (value) => isWhole(value) && value <= 7,
    "totals?": (value) =>
      isSet(
        value,
        (item) => isRecord(item, { argument: isSelector, most: isWhole }),
        1,
        16,
        ({ argument }) => argument,
      ),
  }) && Object.keys(json).length > 0;

const isIsolation = (json: Loose): boolean =>
  isRecord(json, {
    level: (value) => ["cooperative", "worker", "process", "sandbox"].includes(value),
    "read?": (value) => isSet(value, isPath, 0, 256),
    "write?": (value) => isSet(value, isPath, 0, 256),
    "net?": (value) => isSet(value, isHost, 0, 256),
    "run?": (value) => isSet(value, isProgram, 0, 256),
  });

/** True for a predicate that may be read at all. */
export function isPredicate(json: Loose): boolean {
  const isRecorded = isRecord(json, {
    issuer: (value) => isRecord(value, { domain: isDomain, key: isHex }),
    audience: (value) => isSet(value, isMember, 1, 64),
    principal: (value) =>
      isRecord(value, {
        id: (id) => isText(id) && /^[a-z][a-z0-9_-]{0,63}:\P{Z}{1,255}$/u.test(id) && isVisible(id),
        key: isHex,
      }),
    command: isCommand,
    policy: isPolicy,
    "notBefore?": isTime,
    expires: isTime,
    "maxStaleness?": isMilliseconds,
    "recheck?": isMilliseconds,
    "baseline?": isDigest,
    "parents?": (value) => Array.isArray(value) && value.length === 1 && isDigest(value[0]),
    "limits?": isLimits,
    "quorum?": (value) =>
      isRecord(value, { k: isPositive, domains: (names) => isSet(names, isDomain, 1, 64) }) &&
      value.k <= value.domains.length,
    "isolation?": isIsolation,
    "cleanup?": (value) => isSet(value, isCommand, 1, 64),
    "witnessed?": (value) => value === "intent",
    nonce: (value) => isText(value) && /^([0-9a-f]{2}){16,64}$/.test(value),
  });
  if (!isRecorded) return false;
  return !has(json, "notBefore") || Date.parse(json.notBefore) < Date.parse(json.expires);
}
