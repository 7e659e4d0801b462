/** Kleene's three-valued logic: an error is what could be either, and is absorbed where it cannot matter. */

export type Truth = "true" | "false" | "error";

export function truthOf(holds: boolean): Truth {
  return holds ? "true" : "false";
}

export function negate(truth: Truth): Truth {
  if (truth === "error") return "error";
  return truth === "true" ? "false" : "true";
}

export function both(a: Truth, b: Truth): Truth {
  if (a === "false" || b === "false") return "false";
  return a === "error" || b === "error" ? "error" : "true";
}

export function either(a: Truth, b: Truth): Truth {
  if (a === "true" || b === "true") return "true";
  return a === "error" || b === "error" ? "error" : "false";
}
