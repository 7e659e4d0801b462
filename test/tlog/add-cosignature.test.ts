/** Adding cosignatures to a checkpoint. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../src/bytes/concat.js";
import type { CosignedCheckpoint } from "../../src/tlog/add-cosignature.js";
import { addCosignatures } from "../../src/tlog/add-cosignature.js";
import { formatNote, parseNote } from "../../src/tlog/note.js";
import type { Signer } from "../../src/tlog/signer.js";
import { signCheckpoint } from "../../src/tlog/signer.js";
import { loadVerifiers, NO_VERIFIERS } from "../../src/tlog/verifiers.js";
import { verifyCheckpoint } from "../../src/tlog/verify-checkpoint.js";
import { kernel } from "../kernel.js";
import {
  bare,
  cosignatureLine,
  demand,
  log,
  mlDsaCosign,
  mlDsaKey,
  ORIGIN,
  rootHash,
  TIME,
  utf8,
  witnesses,
} from "./fixture.js";

const [w2, w3] = witnesses as [Signer, Signer];
const keys = { witnesses: [w2.key, w3.key], verifiers: NO_VERIFIERS };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function add(to: Uint8Array, lines: string, by = keys): CosignedCheckpoint {
  const added = addCosignatures(kernel, to, utf8(lines), by);
  if (!added.ok) throw new Error(`${added.code}: ${added.expected}, found ${added.found}`);
  return added.value;
}

describe("a checkpoint", () => {
  test("is followed by the lines, in their order, and meets a quorum of them", async () => {
    const lines = (await cosignatureLine(w3)) + (await cosignatureLine(w2));
    const added = add(bare, lines);
    expect(added).toMatchObject({ changed: true, head: { size: 11n, rootHash } });
    expect(text(added.checkpoint)).toBe(text(bare) + lines);
    const verdict = verifyCheckpoint(
      kernel,
      added.checkpoint,
      demand("group g all w2 w3; quorum g"),
    );
    expect(verdict.outcome).toBe("PROVEN");
  });

  test("has the newest of one key, in its place, whatever order they come in", async () => {
    const [early, late] = [await cosignatureLine(w2, TIME), await cosignatureLine(w2, TIME + 9n)];
    const other = await cosignatureLine(w3);
    const both = add(bare, early + other).checkpoint;
    expect(text(add(both, late).checkpoint)).toBe(text(bare) + late + other);
    for (const lines of [early + late, late + early, late + late]) {
      expect(text(add(bare, lines).checkpoint)).toBe(text(bare) + late);
      expect(text(add(both, lines).checkpoint)).toBe(text(bare) + late + other);
    }
  });

  test("stays as it is, byte for byte, where nothing is newer", async () => {
    const [early, late] = [await cosignatureLine(w2, TIME - 9n), await cosignatureLine(w2, TIME)];
    const before = add(bare, late).checkpoint;
    for (const lines of [late, early, early + late, late + late]) {
      const added = add(before, lines);
      expect(added.changed).toBe(false);
      expect(added.checkpoint).toBe(before);
    }
  });

  test("loses what one key has too often, or what does not verify", async () => {
    const [early, late] = [await cosignatureLine(w2, TIME - 9n), await cosignatureLine(w2, TIME)];
    const twice = utf8(text(bare) + early + (await cosignatureLine(w3)) + late);
    const once = text(bare) + late + (await cosignatureLine(w3));
    expect(text(add(twice, early).checkpoint)).toBe(once);
    expect(text(add(twice, late).checkpoint)).toBe(once);
    const foreign = await cosignatureLine(
      w2,
      TIME + 50n,
      await signCheckpoint(ORIGIN, { size: 1n, rootHash }, log),
    );
    const spoiled = utf8(text(bare) + foreign);
    expect(text(add(spoiled, early).checkpoint)).toBe(text(bare) + early);
  });

  test("keeps the signatures of others untouched, known or not", async () => {
    const note = parseNote(bare);
    if (!note.ok) throw new Error("not a note");
    const stranger = { name: "stranger.example", keyId: "01234567", signature: Uint8Array.of(1) };
    const many = formatNote(note.value.text, [stranger, ...note.value.signatures, stranger]);
    const cosignature = await cosignatureLine(w2);
    expect(text(add(many, cosignature).checkpoint)).toBe(text(many) + cosignature);
  });

  test("takes ML-DSA-44 cosignatures where their verifier is loaded", async () => {
    const pq = [mlDsaKey];
    const verifiers = await loadVerifiers({ logs: pq, witnesses: [], quorum: undefined });
    const cosigned = text(mlDsaCosign(bare, TIME));
    const added = cosigned.slice(text(bare).length);
    const both = { witnesses: [...pq, w2.key], verifiers };
    expect(text(add(bare, added, both).checkpoint)).toBe(cosigned);
    expect(text(add(bare, added + (await cosignatureLine(w2)), both).checkpoint)).toBe(
      cosigned + (await cosignatureLine(w2)),
    );
    const spoiled = text(mlDsaCosign(bare, TIME, true)).slice(text(bare).length);
    expect(addCosignatures(kernel, bare, utf8(spoiled), both)).toMatchObject({ code: "SIGNATURE" });
    const unloaded = { ...both, verifiers: NO_VERIFIERS };
    expect(addCosignatures(kernel, bare, utf8(added), unloaded)).toMatchObject({
      code: "NOT_LOADED",
    });
  });

  test("takes all lines or none", async () => {
    const good = await cosignatureLine(w2);
    const refuse = (lines: string | Uint8Array, code: string) => {
      const bytes = typeof lines === "string" ? utf8(lines) : lines;
      expect(addCosignatures(kernel, bare, bytes, keys), text(bytes)).toMatchObject({
        ok: false,
        code,
      });
    };
    refuse(good + (await cosignatureLine(witnesses[2] as Signer)), "KEY");
    refuse(good + text(bare).split("\n\n")[1], "KEY");
    const other = await signCheckpoint(ORIGIN, { size: 12n, rootHash }, log);
    refuse(good + (await cosignatureLine(w3, TIME, other)), "SIGNATURE");
    // Another key's bytes under this key's name and id.
    const base64 = good.split(" ")[2] as string;
    refuse(
      good.replace(
        base64,
        `${base64.slice(0, 30)}${base64.slice(30, 60).toLowerCase()}${base64.slice(60)}`,
      ),
      "SIGNATURE",
    );
    refuse(good.replace(w2.key.name, w3.key.name), "KEY");
    for (const bad of [
      "",
      "\n",
      "\n\n",
      `\n${good}`,
      `${good}\n`,
      good.slice(0, -1),
      `x\n\n${good}`,
      ` ${good}`,
    ]) {
      refuse(bad, "MALFORMED");
    }
    refuse(concatBytes(utf8(good), Uint8Array.of(0xff, 0x0a)), "MALFORMED");
    const bad = good.length - 5;
    for (let at = 0; at < bad; at++) {
      const changed = utf8(good).map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(addCosignatures(kernel, bare, changed, keys).ok, `byte ${at}`).toBe(false);
    }
  });

  test("that is none, or is full, is a refusal", async () => {
    const good = utf8(await cosignatureLine(w2));
    expect(addCosignatures(kernel, utf8("hello"), good, keys)).toMatchObject({ code: "MALFORMED" });
    const note = parseNote(bare);
    if (!note.ok) throw new Error("not a note");
    const others = Array.from({ length: 63 }, (_, i) => ({
      name: `other${i}`,
      keyId: "01234567",
      signature: Uint8Array.of(1),
    }));
    const full = formatNote(note.value.text, [...note.value.signatures, ...others]);
    expect(addCosignatures(kernel, full, good, keys)).toMatchObject({ code: "TOO_LARGE" });
    const almost = formatNote(note.value.text, [...note.value.signatures, ...others.slice(1)]);
    const last = addCosignatures(kernel, almost, good, keys);
    expect(last).toMatchObject({ ok: true, value: { changed: true } });
    // One that replaces another needs no room.
    const newer = utf8(await cosignatureLine(w2, TIME + 1n));
    expect(last.ok && addCosignatures(kernel, last.value.checkpoint, newer, keys)).toMatchObject({
      ok: true,
      value: { changed: true },
    });
    const long = formatNote(note.value.text, [
      ...note.value.signatures,
      { name: "long", keyId: "01234567", signature: new Uint8Array(786_200) },
    ]);
    expect(long.length).toBeLessThanOrEqual(1 << 20);
    expect(addCosignatures(kernel, long, good, keys)).toMatchObject({
      ok: false,
      code: "TOO_LARGE",
    });
  });

  test("a log's key for a witness's is a mistake", async () => {
    const wrong = { witnesses: [log.key], verifiers: NO_VERIFIERS };
    expect(() => addCosignatures(kernel, bare, utf8("x"), wrong)).toThrow(TypeError);
  });
});
