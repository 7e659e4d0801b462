const MAX_I64 = (1n << 63n) - 1n;

/**
 * A decimal from 0 to 2^63 - 1 without sign or leading zero, or undefined. The digits are matched
 * first, because BigInt("") is 0 and BigInt("0x10") is 16.
 */
export function parseDecimal(text: string): bigint | undefined {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= MAX_I64 ? value : undefined;
}
