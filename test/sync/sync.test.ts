import { describe, expect, test } from "vitest";
import { addIssuer } from "../../src/domain/edit.js";
import { refresh, withdraw } from "../../src/domain/publish.js";
import { hexKey, makeDomain } from "../domain/fixture.js";
import { live, TestReader } from "./fixture.js";

const issuer = { name: "ops", key: hexKey("ops"), commands: ["/pay"] };

describe("a reader of one domain", () => {
  test("sees its state, its changes and its withdrawals", async () => {
    const a = await makeDomain("a.example");
    const reader = await TestReader.of(a);
    const first = await reader.sync(a.now, live(a));
    expect(first.sources).toMatchObject([{ status: "new", log: "first" }]);
    expect(first.view.state?.authority.issuers).toEqual([]);
    expect(first.freshness).toMatchObject({ age: 1000, limit: "maxStaleness" });

    const same = await reader.sync(a.now, live(a));
    expect(same).toMatchObject({ changed: false, sources: [{ status: "unchanged" }] });

    await a.publish((draft) => addIssuer(draft, issuer));
    const second = await reader.sync(a.now, live(a));
    expect(second.sources).toMatchObject([{ status: "new", log: "extended" }]);
    expect(second.view.state?.authority.issuers).toEqual([issuer]);

    await a.change(refresh);
    const third = await reader.sync(a.now, live(a));
    expect(third.sources).toMatchObject([{ status: "new", log: "known" }]);

    const key = { key: issuer.key, expires: "2026-06-02T00:00:00Z" };
    await a.change((domain) => withdraw(domain, { keys: [key] }));
    const fourth = await reader.sync(a.now, live(a));
    expect([...fourth.view.withdrawn.keys]).toEqual([issuer.key]);
  });
});
