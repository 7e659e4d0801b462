/** F48: a peer's witness cosigns a gate's log: asked by the gate, or over files. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writ } from "../writ.js";
import {
  authorize,
  fresh,
  gate,
  key,
  must,
  mustJson,
  path,
  peerWitness,
  Place,
  refresh,
  script,
  ship,
  witness,
} from "./fixture.js";

const peer = peerWitness();

const cosigned = (log: string, size: number): string =>
  readFileSync(`${log}/cosigned/${size}`, "utf8");

const sizesOf = (log: string): number[] =>
  readdirSync(`${log}/cosigned`)
    .map(Number)
    .sort((a, b) => a - b);

/** What a peer's witness says of a copy of the checkpoint: the copy and the lines, as files. */
function shown(log: string, vkey: string, state: string, ...proof: string[]) {
  const [copy, lines] = [fresh("copy"), fresh("lines")];
  copyFileSync(`${log}/checkpoint`, copy);
  const old = proof.length > 0 ? [] : ["--old", "0"];
  const by = ["--state", state, "--key", peer.file, "--vkey", vkey];
  writeFileSync(lines, must("witness", "cosign", copy, old, by, proof));
  const size = Number(readFileSync(copy, "utf8").split("\n")[1]);
  return { copy, lines, size };
}

describe("writ run --peer-witness", () => {
  const chain = authorize("--witnessed");
  const touch = (): string => script("echo done");

  test("begins a witnessed run when the peer has cosigned its intent", async () => {
    const place = new Place();
    const asked = ["--peer-witness", fresh("peer"), "--peer-witness-key", peer.file];
    const ran = await place.run(chain, asked, "--", touch());
    expect(ran.err).toBe("");
    expect(ran).toMatchObject({ code: 0, out: "done\n" });
    const intent = place.entries().findIndex(({ kind }) => kind === "intent");
    const covering = sizesOf(place.log).filter(
      (size) => size > intent && cosigned(place.log, size).includes("— pay.example/witness "),
    );
    expect(covering.length).toBeGreaterThan(0);
    // The last word, by both, on all that there is.
    const last = cosigned(place.log, place.entries().length);
    expect(last).toContain("— pay.example/witness ");
    expect(last).toContain("— ship.example/witness ");
    expect(last).toBe(readFileSync(`${place.log}/checkpoint`, "utf8"));
    must("log", "check", place.log, "--vkey", gate.vkey);
    // And again, from where the witness stands.
    expect(await place.run(chain, asked, "--", touch())).toMatchObject({ code: 0 });
  });

  test("without one, or with one that no peer lists: QUORUM, and nothing begins", async () => {
    const place = new Place();
    const stranger = key("stranger.example/witness", "--cosigner");
    const state = ["--peer-witness", fresh("peer"), "--peer-witness-key"];
    for (const asked of [[], [...state, stranger.file], [...state, witness.file]]) {
      const ran = await place.run(chain, asked, "--", touch());
      expect(ran).toMatchObject({ code: 77, out: "", report: { outcome: "DENY", code: "QUORUM" } });
      expect(ran.err).toContain("--peer-witness DIR");
    }
  });

  test("a peer that has seen another log stops the gate", async () => {
    const asked = ["--peer-witness", fresh("peer"), "--peer-witness-key", peer.file];
    const first = new Place();
    expect(await first.run(chain, asked, "--", touch())).toMatchObject({ code: 0 });
    const again = new Place();
    const ran = await again.run(chain, asked, "--", script("sleep 30"));
    expect(ran).toMatchObject({ code: 78, report: { code: "LOG" } });
  });

  test("takes one key for each witness, and a witness's", async () => {
    const place = new Place();
    for (const [asked, said] of [
      [["--peer-witness", "x"], "go together, one of each: there are 1 and 0"],
      [["--peer-witness-key", peer.file], "there are 0 and 1"],
      [["--peer-witness", "x", "--peer-witness-key", gate.file], "is no witness's key"],
    ] as const) {
      const ran = await place.run(chain, asked, "--", touch());
      expect(ran.code).toBe(2);
      expect(ran.err).toContain(said);
    }
    expect(must("run", "--help")).toContain("--peer-witness-key FILE");
  });
});

describe("over files", () => {
  test("a gate's checkpoint is cosigned by a peer, also when the gate has moved on", async () => {
    refresh();
    const place = new Place();
    const chain = authorize();
    const run = () => place.run(chain, "--", script("true"));
    expect(await run()).toMatchObject({ code: 0 });
    const state = fresh("peer");
    const { lines, size } = shown(place.log, gate.vkey, state);
    const added = mustJson("log", "cosign", place.log, lines, "--vkey", peer.vkey);
    expect(added).toMatchObject({ size: `${size}`, changed: true });
    expect(cosigned(place.log, size)).toContain("— pay.example/witness ");
    expect(cosigned(place.log, size)).toContain("— ship.example/witness ");

    expect(await run()).toMatchObject({ code: 0 });
    const grown = Number(readFileSync(`${place.log}/checkpoint`, "utf8").split("\n")[1]);
    const proof = fresh("proof");
    writeFileSync(proof, must("log", "consistency", place.log, `${size}`, `${grown}`));
    const later = shown(place.log, gate.vkey, state, "--old", `${size}`, "--proof", proof);
    expect(later.size).toBe(grown);
    expect(await run()).toMatchObject({ code: 0 });
    const cosign = ["log", "cosign", place.log, later.lines, "--vkey", peer.vkey];
    const refused = writ(cosign);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain("--checkpoint");
    expect(cosigned(place.log, grown)).not.toContain("pay.example");
    const newest = readFileSync(`${place.log}/checkpoint`, "utf8");
    must(cosign, "--checkpoint", later.copy);
    expect(cosigned(place.log, grown)).toContain("— pay.example/witness ");
    expect(cosigned(place.log, grown)).toContain("— ship.example/witness ");
    expect(readFileSync(`${place.log}/checkpoint`, "utf8")).toBe(newest);
    // Nothing of the log's is disturbed by it.
    must("log", "check", place.log, "--vkey", gate.vkey);
    expect(place.entries().length).toBeGreaterThan(grown);
    expect(await run()).toMatchObject({ code: 0 });
    // Of another log nothing is taken.
    const other = new Place();
    expect(await other.run(chain, "--", script("true"))).toMatchObject({ code: 0 });
    const strange = writ([...cosign, "--checkpoint", `${other.log}/checkpoint`]);
    expect(strange).toMatchObject({ code: 1 });
  });

  test("a domain's log is cosigned in the same way, and publishing leaves that alone", () => {
    const log = `${ship}/public/log`;
    const vkey = must("key", "vkey", `${ship}/keys/log.key`).trim();
    const state = fresh("peer");
    const { copy, lines, size } = shown(log, vkey, state);
    must("domain", "revoke", ship, "ab".repeat(32));
    const cosign = ["log", "cosign", log, lines, "--vkey", peer.vkey];
    expect(writ(cosign)).toMatchObject({ code: 1 });
    must(cosign, "--checkpoint", copy);
    expect(cosigned(log, size)).toContain("— pay.example/witness ");
    must("domain", "revoke", ship, "cd".repeat(32));
    refresh();
    expect(sizesOf(log)).toEqual([size]);
    must("log", "check", log, "--vkey", vkey);
    const proof = fresh("proof");
    const grown = size + 2;
    writeFileSync(proof, must("log", "consistency", log, `${size}`, `${grown}`));
    const now = shown(log, vkey, state, "--old", `${size}`, "--proof", proof);
    must("log", "cosign", log, now.lines, "--vkey", peer.vkey);
    expect(sizesOf(log)).toEqual([size, grown]);
    // Who syncs from the folder is not disturbed either.
    expect(new Place().store).toBeTruthy();
  });

  test("a plain log has the history too, and no older checkpoint", () => {
    const log = fresh("plain");
    const by = key("plain.example/log");
    writeFileSync(path("entry"), "hello");
    must("log", "append", log, path("entry"), "--key", by.file);
    const { copy, lines } = shown(log, by.vkey, fresh("peer"));
    const cosign = ["log", "cosign", log, lines, "--vkey", peer.vkey];
    must(cosign);
    expect(sizesOf(log)).toEqual([1]);
    must("log", "append", log, path("entry"), "--key", by.file);
    const refused = writ([...cosign, "--checkpoint", copy]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toContain("is neither");
  });
});
