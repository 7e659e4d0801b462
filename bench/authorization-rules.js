// @ts-check
/**
 * The rules of the authorization rows, and requests under them: the same for ours and for every peer.
 * The agent `billing-bot` may carry out `/pay/transfer` as far as three policies, one above the other,
 * allow it.
 */

/** @typedef {{amount: number, currency: string, to: string, memo: string}} Transfer */
/**
 * A request in the shape of AuthZEN.
 * @typedef {{
 *   subject: {type: string, id: string}, action: {name: string}, resource: {type: string, id: string},
 *   context: Transfer,
 * }} Evaluation
 */
/**
 * One item of a row: a request under one of many chains. Of a spoiled one, a signature is wrong.
 * @typedef {{chain: number, evaluation: Evaluation, spoiled?: boolean}} Case
 */

export const PRINCIPAL = "agent:billing-bot";
export const COMMAND = "/pay/transfer";

/** In our own terms, from the issuer's to the last holder's: a request must satisfy them all. */
export const POLICIES = [
  [
    ["<=", ".amount", 1000],
    ["==", ".currency", "EUR"],
    ["like", ".to", "acct-*"],
  ],
  [["<=", ".amount", 500]],
  [
    ["!=", ".memo", "secret"],
    [">", ".amount", 0],
  ],
];

/** One of those that are allowed; no two are the same. @param {number} i @returns {Evaluation} */
function evaluation(i) {
  return {
    subject: { type: "agent", id: "billing-bot" },
    action: { name: COMMAND },
    resource: { type: "ledger", id: `ledger-${i % 7}` },
    context: {
      amount: 1 + ((i * 37) % 500),
      currency: "EUR",
      to: `acct-${1000 + i}`,
      memo: `invoice ${i}`,
    },
  };
}

/** Each breaks one rule. @type {readonly ((good: Evaluation) => Evaluation)[]} */
const POLICY_BREAKERS = [
  (good) => ({ ...good, context: { ...good.context, amount: 1001 } }),
  (good) => ({ ...good, context: { ...good.context, amount: 501 } }),
  (good) => ({ ...good, context: { ...good.context, amount: 0 } }),
  (good) => ({ ...good, context: { ...good.context, currency: "USD" } }),
  (good) => ({ ...good, context: { ...good.context, to: "card-1" } }),
  (good) => ({ ...good, context: { ...good.context, memo: "secret" } }),
];
/** @type {typeof POLICY_BREAKERS} */
const OTHER_BREAKERS = [
  (good) => ({ ...good, subject: { type: "agent", id: "billing-bat" } }),
  (good) => ({ ...good, action: { name: "/pay/refund" } }),
];

/** A chain and a request each, all of which are allowed. @param {number} count @returns {Case[]} */
export function allowedCases(count) {
  return Array.from({ length: count }, (_, i) => ({ chain: i, evaluation: evaluation(i) }));
}

/**
 * The same with one case replaced, a list for each.
 * @param {readonly Case[]} cases @param {readonly ((one: Case) => Case)[]} breakers
 */
function withOne(cases, breakers) {
  return breakers.map((breaks, k) => {
    const at = (k * 5 + cases.length - 1) % cases.length;
    return cases.map((one, i) => (i === at ? breaks(one) : one));
  });
}

/** Lists in which one request breaks one of the policies. @param {readonly Case[]} cases */
export function againstPolicies(cases) {
  return withOne(
    cases,
    POLICY_BREAKERS.map((breaks) => (one) => ({ ...one, evaluation: breaks(one.evaluation) })),
  );
}

/** Lists in which one request is by another principal or for another command. @param {readonly Case[]} cases */
export function againstNames(cases) {
  return withOne(
    cases,
    OTHER_BREAKERS.map((breaks) => (one) => ({ ...one, evaluation: breaks(one.evaluation) })),
  );
}

/** Lists in which one chain is spoiled. @param {readonly Case[]} cases */
export function againstSignatures(cases) {
  return withOne(
    cases,
    [0, 1].map(() => (one) => ({ ...one, spoiled: true })),
  );
}
