import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writ } from "../writ.js";
import {
  at,
  authorize,
  bot,
  broken,
  good,
  helper,
  idOf,
  mustJson,
  path,
  refused,
  whole,
} from "./fixture.js";

describe("attenuate", () => {
  test("what is left out stays as it is above; the chain has one line more", () => {
    const out = path("narrowed.writ");
    const principal = ["--principal", `agent:helper=${helper.hex}`];
    const made = mustJson(
      "attenuate",
      whole,
      "--key",
      bot.file,
      ...principal,
      "--out",
      out,
      ...at(1),
    );
    expect(made).toMatchObject({ command: "attenuate", outcome: "DONE", links: 2, file: out });
    expect(made.predicate).toEqual({
      issuer: { domain: "pay.example", key: bot.hex },
      audience: ["ship.example"],
      principal: { id: "agent:helper", key: helper.hex },
      command: "/pay",
      policy: [],
      expires: "2026-06-08T12:00:01Z",
      parents: [{ sha256: idOf(whole, 0) }],
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    const [old, now] = [whole, out].map((each) => readFileSync(each, "utf8"));
    expect(now?.startsWith(old as string)).toBe(true);
    expect(now?.split("\n")).toHaveLength(3);
  });

  const REST = ["--principal", `agent:helper=${helper.hex}`, "--out", path("never-narrowed.writ")];
  test.each<[RegExp, string[]]>([
    [/--key is not the key of agent:bot, who alone may narrow this/, ["--key", helper.file]],
    [/SCOPE: .*covers: \/pay, found \/read/, ["--key", bot.file, "--command", "/read"]],
    [/SCOPE: .*found \/payroll/, ["--key", bot.file, "--command", "/payroll"]],
    [/AUDIENCE/, ["--key", bot.file, "--audience", "bank.example"]],
    [/--out is missing/, ["--key", bot.file, "--out"]],
    [/--uses .*name one gate, like .*, not ship\.example/, ["--key", bot.file, "--uses", "1"]],
  ])("refused: %s", (says, args) => {
    const rest =
      args.at(-1) === "--out" ? [...args.slice(0, -1), ...REST.slice(0, 2)] : [...args, ...REST];
    refused(says, "attenuate", whole, ...rest, ...at(1));
    expect(existsSync(path("never-narrowed.writ"))).toBe(false);
  });

  test("no further than its maker lets it; a later expiry has no effect, and that is said", () => {
    const last = authorize("--delegations", "0");
    refused(/LIMIT/, "attenuate", last, "--key", bot.file, ...REST, ...at(1));
    const rest = [...REST.slice(0, 2), "--out", "-", "--expires", "30d"];
    const ran = writ(["attenuate", whole, "--key", bot.file, ...rest, ...at(1)]);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain("link 1 expires before, at 2026-06-08T12:00:01Z: that counts");
    expect(ran.err).toContain(
      "\nuntil      2026-06-08T12:00:01Z  in 7d\n           as link 1 ends then; this one states 2026-07-01T12:00:01Z\n",
    );
    expect(ran.err).toContain("\npolicy     no more than the links above demand\n");
  });

  test("what is over, or is no chain, is not narrowed", () => {
    const short = authorize("--expires", "2s");
    refused(/link 1 has expired/, "attenuate", short, "--key", bot.file, REST, at(3));
    refused(/is no chain/, "attenuate", good, "--key", bot.file, ...REST, ...at(1));
    refused(/the signature of link 1 does not hold; see "writ inspect/, [
      "attenuate",
      broken(whole, 0),
      "--key",
      bot.file,
      ...REST,
      ...at(1),
    ]);
  });
});
