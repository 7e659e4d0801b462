import { describe, expect, test } from "vitest";
import { FOREVER } from "../../../src/trust/contents/status.js";
import { writ } from "../writ.js";
import { checkJson, pay, ship, store } from "./domains.js";
import {
  at,
  attenuate,
  authorize,
  broken,
  good,
  idOf,
  must,
  mustJson,
  narrow,
  path,
  refused,
  whole,
} from "./fixture.js";

describe("revoke", () => {
  const chain = attenuate(whole);
  const sibling = attenuate(whole);
  const before = store(2);
  const after = () => store(12);

  test("only in the domain of the issuer, only while it is valid, and a link that there is", () => {
    refused(/was issued in the name of pay\.example, and .* is ship\.example/, [
      "revoke",
      chain,
      "--domain",
      ship,
      ...at(5),
    ]);
    refused(/--domain is missing/, "revoke", chain, ...at(5));
    refused(/--link is a number from 1 to 2/, "revoke", chain, "--domain", pay, "--link", "3");
    refused(/--link is a number from 1 to 2/, "revoke", chain, "--domain", pay, "--link", "0");
    refused(/holds no domain/, "revoke", chain, "--domain", path("nowhere"));
    const short = attenuate(whole, "--expires", "2s");
    refused(/nothing to revoke: it expired at/, "revoke", short, "--domain", pay, ...at(5));
    refused(/does not hold/, "revoke", broken(chain, 1), "--domain", pay, ...at(5));
  });

  test("the last link: whoever synced denies, whoever did not denies at the bound", () => {
    const revoked = mustJson("revoke", chain, "--domain", pay, ...at(10));
    const id = idOf(chain, 1);
    expect(revoked).toMatchObject({
      command: "revoke",
      outcome: "DONE",
      domain: "pay.example",
      revoked: id,
      authorizations: [{ sha256: id, expires: "2026-06-08T13:00:01.000Z" }],
      keys: [],
    });
    const synced = after();
    const denied = checkJson(chain, good, "--trust", synced, ...at(12));
    expect(denied).toMatchObject({
      exit: 1,
      outcome: "DENY",
      code: "REVOKED",
      found: `authorization ${id}`,
    });
    expect(checkJson(sibling, good, "--trust", synced, ...at(12))).toMatchObject({ exit: 2 });
    // A reader that was cut off goes on for as long as its own trust lasts.
    expect(checkJson(chain, good, "--trust", before, ...at(61))).toMatchObject({
      outcome: "INCOMPLETE",
    });
    expect(checkJson(chain, good, "--trust", before, ...at(62))).toMatchObject({
      outcome: "DENY",
      code: "STALE",
    });
  });

  test("whatever the expiry that its holder chose: up to the end of the calendar", () => {
    for (const [i, expires] of ["9999-12-31T23:59:59Z", "9999-12-31T23:00:00Z"].entries()) {
      const longest = authorize("--expires", expires);
      const revoked = mustJson("revoke", longest, "--domain", pay, ...at(10));
      const id = idOf(longest, 0);
      expect(revoked).toMatchObject({ revoked: id, already: false });
      expect(revoked["authorizations"]).toContainEqual({ sha256: id, expires: FOREVER });
      expect(must("revoke", longest, "--domain", pay, ...at(10))).toContain(
        `revoked already; listed for ever: authorization ${id}\n`,
      );
      expect(mustJson("domain", "status", pay, ...at(10))["revoked"].authorizations).toHaveLength(
        2 + i,
      );
    }
  });

  test("one that is listed too short is listed anew", () => {
    const early = authorize();
    const id = idOf(early, 0);
    const short = must("domain", "revoke", pay, id, "--until", "2026-06-02T00:00:00Z", ...at(10));
    expect(short).toContain(`revoked; listed until 2026-06-02T00:00:00.000Z: authorization ${id}`);
    const revoked = mustJson("revoke", early, "--domain", pay, ...at(10));
    expect(revoked["already"]).toBe(false);
    expect(revoked["authorizations"]).toContainEqual({
      sha256: id,
      expires: "2026-06-08T13:00:01.000Z",
    });
  });

  test("the first link: what narrows it falls with it; again it says the same", () => {
    const { out } = writ(["revoke", sibling, "--domain", pay, "--link", "1", ...at(11)]);
    const id = idOf(sibling, 0);
    expect(out).toMatch(
      new RegExp(
        `^revoked; listed until 2026-06-08T13:00:01.000Z: authorization ${id}\npay.example: root 1`,
      ),
    );
    const again = ["revoke", sibling, "--domain", pay, "--link", "1", ...at(12)];
    const published = must("domain", "status", pay, ...at(12));
    expect(must(again)).toMatch(
      new RegExp(`^revoked already; listed until 2026-06-08T13:00:01.000Z: authorization ${id}\n`),
    );
    expect(mustJson(again)).toMatchObject({ code: null, revoked: id, already: true });
    expect(must("domain", "status", pay, ...at(12)), "nothing new").toBe(published);
    const synced = after();
    for (const each of [sibling, whole, narrow]) {
      const denied = checkJson(each, good, "--trust", synced, ...at(12));
      expect(denied).toMatchObject({ outcome: "DENY", code: "REVOKED" });
    }
  });
});
