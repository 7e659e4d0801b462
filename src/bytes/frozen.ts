/** Freezes a value of JSON with all that it holds; what is frozen already is taken to be so whole. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (Array.isArray(value)) for (const item of value) freezeDeep(item);
  else for (const name of Object.keys(value)) freezeDeep((value as Record<string, unknown>)[name]);
  return value;
}
