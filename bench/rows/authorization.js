// @ts-check
/** Authorizations: chains of three admitted, policies evaluated, requests decided on. */
import { biscuitDecide, biscuitFromBytes, biscuitParse } from "../authorization-peers.js";
import { cedar, cedarConditions, cedarSigned, opa } from "../authorization-peers.js";
import * as rules from "../authorization-rules.js";
import * as ours from "../authorization-world.js";

/** @import { Case } from "../authorization-rules.js" */
/** @import { Contest, Peer } from "../compare.js" */
/** @import { Row } from "../row.js" */

/** @typedef {readonly Case[]} Cases */
/**
 * @template Made
 * @typedef {{
 *   make: (one: Case) => Made | Promise<Made>,
 *   allows?: (made: Made) => boolean,
 *   allow?: (made: readonly Made[]) => readonly boolean[],
 * }} Decider
 */

/**
 * Decides on lists whose items are made beforehand; the result is the list of those refused.
 * @template Made
 * @param {Decider<Made>} decider @param {readonly Cases[]} lists
 * @returns {Promise<Peer<Cases>>}
 */
async function over({ make, allows, allow }, lists) {
  /** @type {Map<Case, Promise<Made>>} */
  const made = new Map();
  /** @type {Map<Cases, Made[]>} */
  const prepared = new Map();
  for (const list of lists) {
    for (const one of list) if (!made.has(one)) made.set(one, Promise.resolve(make(one)));
    prepared.set(
      list,
      await Promise.all(list.map((one) => /** @type {Promise<Made>} */ (made.get(one)))),
    );
  }
  return (list) => {
    const all = /** @type {Made[]} */ (prepared.get(list));
    const refused = [];
    if (allow) {
      const answers = allow(all);
      for (let i = 0; i < answers.length; i++) if (!answers[i]) refused.push(i);
      return refused;
    }
    for (let i = 0; i < all.length; i++)
      if (!allows?.(/** @type {Made} */ (all[i]))) refused.push(i);
    return refused;
  };
}

/**
 * @param {Cases} input @param {readonly Cases[]} controls @param {Decider<any>} own
 * @param {Record<string, () => Promise<Decider<any>>>} peers
 * @returns {Promise<Contest<Cases>>}
 */
export async function contest(input, controls, own, peers) {
  const lists = [input, ...controls];
  return {
    items: input.length,
    input,
    controls,
    ours: await over(own, lists),
    peers: Object.fromEntries(
      Object.entries(peers).map(([name, load]) => [name, async () => over(await load(), lists)]),
    ),
  };
}

const GROWS = "its memory grows by 10 KB and more a decision, and its time with it";

/** @type {Row} */
const admit3 = {
  name: "authorization.admit3",
  unit: "ns/item",
  item: "chain",
  async prepare({ kernel, quick }) {
    const input = rules.allowedCases(quick ? 8 : 64);
    return {
      ...(await contest(input, rules.againstSignatures(input), await ours.admitting(kernel), {
        "biscuit-wasm fromBytes": biscuitParse,
        "biscuit-wasm authorize": biscuitFromBytes,
      })),
      notes: {
        "biscuit-wasm fromBytes": "signatures and blocks as ours, nothing decided",
        "biscuit-wasm authorize": "fromBytes, and one request decided on",
      },
    };
  },
};

/** @type {Row} */
const admitBatch = {
  name: "authorization.admit.batch",
  unit: "ns/item",
  item: "chain",
  async prepare({ kernel, quick }) {
    const input = rules.allowedCases(quick ? 64 : 1024);
    return contest(input, rules.againstSignatures(input), await ours.admittingMany(kernel), {
      "biscuit-wasm fromBytes": biscuitParse,
    });
  },
};

/** @type {Row} */
const evaluate = {
  name: "policy.evaluate",
  unit: "ns/item",
  item: "request",
  async prepare() {
    const input = rules.allowedCases(64);
    return {
      ...(await contest(input, rules.againstPolicies(input), await ours.evaluating(), {
        "cedar-wasm": cedarConditions,
        "opa-wasm": opa,
      })),
      notes: {
        "cedar-wasm": "its one call, which takes a whole request, with policies kept parsed",
      },
    };
  },
};

const ADMITTED = "admitted beforehand; possession, which is a signature, not checked";

/**
 * @param {string} name @param {Parameters<typeof contest>[3]} peers
 * @param {Record<string, string>} notes @returns {Row}
 */
function check(name, peers, notes) {
  return {
    name,
    unit: "ns/item",
    item: "decision",
    async prepare({ kernel }) {
      const input = rules.allowedCases(64);
      const controls = [...rules.againstPolicies(input), ...rules.againstNames(input)];
      return {
        ...(await contest(input, controls, await ours.deciding(kernel), peers)),
        notes: { ours: ADMITTED, ...notes },
      };
    },
  };
}

const checkCedar = check(
  "authorization.check",
  { "cedar-wasm": cedar, "opa-wasm": opa },
  {
    "cedar-wasm": "statefulIsAuthorized, policies kept parsed, no schema, no signatures at all",
  },
);

// Apart from the others: what it makes the garbage collector do would be on their bill too.
const checkBiscuit = check(
  "authorization.check.biscuit",
  { "biscuit-wasm": biscuitDecide },
  { "biscuit-wasm": `a token parsed and verified beforehand; ${GROWS}` },
);

/** @type {Row} */
const checkBytes = {
  name: "authorization.check.bytes",
  unit: "ns/item",
  item: "decision",
  async prepare({ kernel, quick }) {
    const input = rules.allowedCases(quick ? 8 : 64);
    const controls = [
      ...rules.againstPolicies(input),
      ...rules.againstNames(input),
      ...rules.againstSignatures(input),
    ];
    return {
      ...(await contest(input, controls, await ours.decidingFromBytes(kernel), {
        "biscuit-wasm": biscuitFromBytes,
        "cedar-wasm, node:crypto": cedarSigned,
      })),
      notes: {
        "biscuit-wasm": GROWS,
        "cedar-wasm, node:crypto":
          "its policies carry no signature: three, verified under known keys, then isAuthorized",
      },
    };
  },
};

export const rows = [admit3, admitBatch, evaluate, checkCedar, checkBiscuit, checkBytes];
