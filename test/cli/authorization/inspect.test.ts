import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writ, writJson } from "../writ.js";
import type { Json } from "./fixture.js";
import { authorize, broken, file, narrow, path, refused } from "./fixture.js";

describe("inspect", () => {
  test("shows every link, and that nobody's trust was consulted", () => {
    const { code, out } = writ(["inspect", narrow]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^link 1 of 2 {2}signed by the key that it names\n {2}identity {3}[0-9a-f]{64}\n/,
    );
    expect(out).toContain("\nlink 2 of 2  signed by the key that it names\n");
    expect(out).toContain("  issuer     pay.example, by the holder of the link before\n");
    expect(out).toContain(
      '  policy     ["<=",".amount",1000]\n             ["within",".path",["/data","/tmp"]]\n',
    );
    expect(out).toContain("\n2 links, each signed by whom it names\nNobody's trust was consulted:");
  });

  test("as JSON", () => {
    const inspected = writJson(["inspect", narrow]) as Json;
    expect(inspected).toMatchObject({
      exit: 0,
      command: "inspect",
      outcome: "DONE",
      code: null,
      failure: null,
      trust: "not consulted",
      links: [
        { signature: null, follows: null, artifacts: null, predicate: { command: "/pay" } },
        { signature: null, follows: null, predicate: { command: "/pay/transfer" } },
      ],
    });
    const [first, second] = inspected["links"];
    expect(Object.keys(first)).toEqual([
      "authorization",
      "predicate",
      "artifacts",
      "signature",
      "follows",
    ]);
    expect(second.predicate.parents).toEqual([{ sha256: first.authorization }]);
  });

  test("a signature that does not hold, a link that does not follow, what is no chain: exit 1", () => {
    const changed = broken(narrow, 1);
    expect(writJson(["inspect", changed])).toMatchObject({
      exit: 1,
      outcome: "REFUTED",
      code: "SIGNATURE",
      links: [{ signature: null }, { signature: { code: "SIGNATURE" } }],
    });
    expect(writ(["inspect", changed]).out).toMatch(
      /link 2 of 2 {2}NOT SIGNED by the key[^]*REFUTED {2}SIGNATURE/,
    );
    const [first, second] = readFileSync(narrow, "utf8").split("\n") as [string, string];
    const alone = writJson(["inspect", file(`${second}\n`)]);
    expect(alone).toMatchObject({
      exit: 1,
      code: "MISSING",
      links: [{ follows: { code: "MISSING" } }],
    });
    const other = readFileSync(authorize(), "utf8");
    expect(writJson(["inspect", file(other + second)])).toMatchObject({ exit: 1, code: "DIGEST" });
    expect(writJson(["inspect", file(`${first}\n${first}\n`)])).toMatchObject({
      exit: 1,
      code: "DIGEST",
    });
    expect(writJson(["inspect", file("{}")])).toMatchObject({
      exit: 1,
      code: "MALFORMED",
      links: [],
    });
    expect(writ(["inspect", file("")]).out).toMatch(/^REFUTED {2}MALFORMED: /);
    refused(/no such file/, "inspect", path("nowhere"));
  });
});
