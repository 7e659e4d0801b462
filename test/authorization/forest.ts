/**
 * Random chains that share their first links: a forest whose every node is a chain, from its root to
 * it. A child is random too, so that most would widen something if that were possible, and some are
 * broken in one way.
 */
import { attenuateAuthorization } from "../../src/authorization/issue.js";
import type { Result } from "../../src/verdict.js";
import { kernel } from "../kernel.js";
import type { Loose } from "../trust/forge.js";
import type { HandLink, HandMaking, Party } from "./craft.js";
import { below, fileOf, party, plainLinks, rootBy, sha256 } from "./craft.js";
import type { Random } from "./random.js";
import { at, BANK, GATE, ISSUERS, MILL, NOW, OTHER_GATE, SHIP, THIEF, world } from "./world.js";

export interface Node {
  readonly parent: Node | undefined;
  /** From the root to this one. */
  readonly links: readonly HandLink[];
  /** Who holds the key of the last one's principal. */
  readonly holder: Party;
  /** What the real function said, where it made or refused this child. */
  readonly attenuated: Result<unknown> | undefined;
}

const HOLDERS = ["a", "b", "c", "d", "e", "f"].map((name) => party(`holder ${name}`));
const COMMANDS = ["/pay", "/pay/transfer", "/pay/transfer/eu", "/pay/refund", "/read", "/read/all"];
export const PROGRAM = { sha256: sha256("program"), sha512: "ab".repeat(64) };
export const OTHER_PROGRAM = { sha256: sha256("another"), sha512: "ab".repeat(64) };
const MOST_LINKS = 8;

/** `size` nodes; roots are one in twelve. */
export async function plant(random: Random, size: number): Promise<Node[]> {
  const nodes: Node[] = [];
  const open: Node[] = [];
  while (nodes.length < size) {
    const parent = open.length > 0 && random.chance(11 / 12) ? random.pick(open) : undefined;
    const node = parent ? await childOf(random, parent) : rootOf(random);
    nodes.push(node);
    const last = node.links.at(-1) as HandLink;
    const isPlain = last.predicate.principal?.key === node.holder.hex;
    const isOpen = node.links.length < MOST_LINKS || random.chance(0.05);
    if (isOpen && isPlain && node.links.length <= MOST_LINKS) open.push(node);
    if (open.length > 40) open.splice(random.below(open.length), 1);
  }
  return nodes;
}

function rootOf(random: Random): Node {
  const [domain, issuer] = random.weigh(
    [70, [BANK, ISSUERS.bank] as const],
    [5, [BANK, ISSUERS.reader] as const],
    [18, [SHIP, ISSUERS.ship] as const],
    [7, [MILL, ISSUERS.mill] as const],
  );
  const reads = issuer === ISSUERS.reader || issuer === ISSUERS.mill;
  const command = random.weigh(
    [reads ? 1 : 60, "/pay"],
    [reads ? 90 : 15, "/read"],
    [domain === SHIP ? 15 : 0.5, "/"],
    [5, random.pick(COMMANDS)],
  );
  const { predicate, holder, making } = anything(random);
  const flawed = random.chance(0.02);
  const signers = flawed && random.chance(0.5) ? { signers: [THIEF] } : {};
  const stated = { ...predicate, command };
  if (!flawed) return node(undefined, rootBy(domain, issuer, stated, making), holder);
  const by = random.pick([issuer, THIEF]);
  return node(undefined, rootBy(domain, by, stated, { ...making, ...signers }), holder);
}

async function childOf(random: Random, parent: Node): Promise<Node> {
  const above = parent.links.at(-1) as HandLink;
  const { predicate, holder, making } = anything(random);
  const command = commandBelow(random, above.predicate.command);
  const stated = { ...predicate, command, parents: [{ sha256: above.id }] };
  if (random.chance(0.06)) {
    return node(parent, flawedChild(random, parent, stated, making), holder);
  }
  if (making.subject || !random.chance(0.02)) {
    return node(parent, below(above, parent.holder, stated, making), holder);
  }
  const { parents: _, ...terms } = stated;
  const given = { ...terms, nonce: Buffer.from(terms.nonce, "hex") };
  const chain = fileOf(parent.links);
  const made = await attenuateAuthorization(kernel, parent.holder.signer, chain, given as never);
  const links = made.ok ? plainLinks(made.value.chain) : [];
  const link = links.at(-1) ?? below(above, parent.holder, stated);
  return { ...node(parent, link, holder), attenuated: made };
}

function node(parent: Node | undefined, link: HandLink, holder: Party): Node {
  return { parent, links: [...(parent?.links ?? []), link], holder, attenuated: undefined };
}

function commandBelow(random: Random, above: string): string {
  const narrower = COMMANDS.filter((each) => each.startsWith(above === "/" ? "/" : `${above}/`));
  return random.weigh(
    [70, above],
    [narrower.length > 0 ? 27 : 0, random.pick(narrower.length > 0 ? narrower : COMMANDS)],
    [0.7, random.pick([...COMMANDS, "/", `${above}s`, "/payroll"])],
  );
}

/** Broken in one way that the rest of the link does not show. */
function flawedChild(random: Random, parent: Node, stated: Loose, making: HandMaking): HandLink {
  const above = parent.links.at(-1) as HandLink;
  const by = parent.holder;
  const flaw = random.pick<[Loose, HandMaking?, Party?]>([
    [{ parents: [{ sha256: sha256(above.id) }] }],
    [{ parents: undefined }],
    [{ parents: [{ sha256: (parent.links[0] as HandLink).id }] }],
    [{}, { signers: [THIEF] }],
    [{}, { signers: [[THIEF, by.hex]] }],
    [{}, { signers: [by, THIEF] }],
    [{}, {}, THIEF],
    [{}, {}, ISSUERS.bank],
    [{ issuer: { domain: random.pick([BANK, MILL, "x.example"]), key: by.hex } }],
    [{ note: 1 }],
    [{ policy: [...stated.policy, ["matches", ".amount", 1]] }],
    [
      {
        policy: [
          [
            "or",
            [
              ["<=", ".amount", 99],
              ["==", "amount", 1],
            ],
          ],
        ],
      },
    ],
    [{ nonce: "00" }],
    [{ limits: {} }],
    [{ quorum: { k: 2, domains: [BANK] } }],
    [{ command: "/" }],
    [{ audience: [MILL] }],
    [{ baseline: { sha256: sha256("x") } }],
    [{ expires: at(NOW + 3_000), notBefore: at(NOW + 2_000) }],
    [{ limits: { uses: 5 }, audience: [SHIP] }],
  ]);
  return below(above, flaw[2] ?? by, { ...stated, ...flaw[0] }, { ...making, ...flaw[1] });
}

/** A predicate of anything but who issues it, what it is for and what it narrows. */
function anything(random: Random): { predicate: Loose; holder: Party; making: HandMaking } {
  const holder = random.pick(HOLDERS);
  const some = <T>(p: number, value: () => T): T | undefined =>
    random.chance(p) ? value() : undefined;
  const audience = random.weigh(
    [60, [SHIP]],
    [12, [GATE]],
    [10, [GATE, OTHER_GATE]],
    [10, [BANK, MILL, SHIP]],
    [1, [OTHER_GATE]],
    [1, [BANK, GATE]],
  );
  const limits = limitsOf(random, audience.length === 1 && audience[0] === GATE);
  const predicate = {
    audience,
    principal: { id: `agent:${holder.name.at(-1)}`, key: holder.hex },
    policy: some(0.4, () => policyOf(random)) ?? [],
    notBefore: some(0.1, () => at(NOW + random.pick([-9_000, -1, 0, 500, 2_000, 2_001]))),
    expires: at(NOW + random.pick([900_000, 600_000, 60_000, 19_000, 4_000, 2_500])),
    maxStaleness: some(0.15, () => random.pick([900, 1_000, 2_000, 9_000, 60_000])),
    recheck: some(0.05, () => random.pick([10, 500, 30_000])),
    baseline: some(0.1, () => ({ sha256: random.chance(0.97) ? world.baseline : sha256("old") })),
    limits,
    quorum: some(0.08, () =>
      random.pick([
        { k: 1, domains: [BANK, MILL] },
        { k: 2, domains: [BANK, MILL, SHIP] },
        { k: 1, domains: [MILL] },
        { k: 1, domains: ["nowhere.example", SHIP] },
      ]),
    ),
    isolation: some(0.15, () => isolationOf(random)),
    cleanup: some(0.5, () => random.pick([["/pay"], ["/pay/refund", "/read"], ["/"]])),
    witnessed: some(0.05, () => "intent"),
    nonce: random
      .below(2 ** 31)
      .toString(16)
      .padStart(16, "0")
      .repeat(2),
  };
  const subject = some(0.04, () =>
    random.pick<Loose[]>([
      [{ digest: { sha256: PROGRAM.sha256 } }],
      [{ digest: PROGRAM }, { digest: { sha256: sha256("a third") } }],
      [{ digest: { sha512: PROGRAM.sha512 } }],
    ]),
  );
  return { predicate, holder, making: subject ? { subject } : {} };
}

function isolationOf(random: Random): Loose {
  const set = (...sets: string[][]) => (random.chance(0.5) ? { of: random.pick(sets) } : undefined);
  const paths = () => set(["/"], ["/data"], ["/data/in", "/etc"], ["/data/in/x", "/database"], []);
  const all = {
    level: random.pick(["cooperative", "worker", "process", "sandbox"]),
    read: paths()?.of,
    write: paths()?.of,
    net: set(["a.example"], ["a.example:443", "b.example"], ["a.example", "b.example:80"], [])?.of,
    run: set(["git"], ["git", "node"], [])?.of,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function limitsOf(random: Random, isOneGate: boolean): Loose {
  if (isOneGate && random.chance(0.3)) {
    const totals = [{ argument: ".amount", most: random.pick([50, 95, 100]) }];
    return random.pick<Loose>([{ uses: 5 }, { totals }, { uses: 9, totals }]);
  }
  if (!random.chance(0.06)) return undefined;
  return random.weigh<Loose>(
    [4, { delegations: random.below(8) }],
    [4, { delegations: 7, duration: random.pick([100, 900]) }],
    [4, { duration: 500 }],
    [isOneGate ? 0 : 1, { uses: 3 }],
  );
}

function policyOf(random: Random): Loose[] {
  const most = random.pick([10, 50, 95, 100]);
  return random.pick<Loose[]>([
    [["<=", ".amount", most]],
    [["<=", ".amount", most]],
    [
      ["<", ".amount", most + 1],
      [">=", ".amount", 0],
    ],
    [["within", ".path", ["/data", "/tmp"]]],
    [["not", ["==", ".to", "thief"]]],
    [["!=", ".to?", "thief"]],
    [["like", ".to", "a*"]],
    [
      [
        "or",
        [
          ["<=", ".amount", most],
          ["==", ".urgent", true],
        ],
      ],
    ],
    [["all", ".items?", ["<=", ".", 9]]],
  ]);
}
