/**
 * F34: a gate's checkpoints, entries and proofs, checked by Go's note and tlog packages, where a Go
 * toolchain with golang.org/x/mod is there.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeBase64 } from "../../src/bytes/base64.js";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { parseCheckpoint } from "../../src/tlog/checkpoint.js";
import { TreeReader } from "../../src/tlog/tree-reader.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import { must } from "../domain/fixture.js";
import { gateSigner } from "../gate/harness.js";
import { kernel } from "../kernel.js";
import { goodLog } from "./fixture.js";

const PROGRAM = `package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proven struct {
	Index int64
	Entry []byte
	Proof [][]byte
}

type claim struct {
	Vkey, Note  string
	Older       int64
	OlderRoot   []byte
	Consistency [][]byte
	Entries     []proven
}

func hashes(list [][]byte) (out []tlog.Hash) {
	for _, each := range list {
		var h tlog.Hash
		copy(h[:], each)
		out = append(out, h)
	}
	return
}

func main() {
	var c claim
	if err := json.NewDecoder(os.Stdin).Decode(&c); err != nil {
		panic(err)
	}
	verifier, err := note.NewVerifier(c.Vkey)
	fail("vkey", err)
	opened, err := note.Open([]byte(c.Note), note.VerifierList(verifier))
	fail("note", err)
	lines := strings.Split(opened.Text, "\\n")
	var size int64
	_, err = fmt.Sscan(lines[1], &size)
	fail("size", err)
	decoded, err := base64.StdEncoding.DecodeString(lines[2])
	fail("root", err)
	root := hashes([][]byte{decoded})[0]
	for _, each := range c.Entries {
		proof := tlog.RecordProof(hashes(each.Proof))
		fail("entry", tlog.CheckRecord(proof, size, root, each.Index, tlog.RecordHash(each.Entry)))
	}
	older := hashes([][]byte{c.OlderRoot})[0]
	fail("consistency", tlog.CheckTree(tlog.TreeProof(hashes(c.Consistency)), size, root, c.Older, older))
	fmt.Println(len(c.Entries), "entries of", size)
}

func fail(what string, err error) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}
`;

const folder = mkdtempSync(join(tmpdir(), "writ-go-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, "check");
writeFileSync(join(folder, "main.go"), PROGRAM);
const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: folder };
const built = spawnSync("go", ["build", "-o", program, join(folder, "main.go")], { env });
const there = built.status === 0;
if (!there) {
  const why = built.error ? "no Go toolchain" : built.stderr.toString().split("\n")[0];
  if (process.env["CI"]) throw new Error(`Go's packages are not there: ${why}`);
  process.stderr.write(`writ: not run: F34 with Go's note and tlog packages (${why})\n`);
}

const bench = await goodLog();
const note = await bench.gate.checkpoint();
const { size, rootHash } = must(parseCheckpoint(note)).checkpoint;
const tree = new TreeReader(kernel, bench.storage, size, "c2sp");

async function claim() {
  const entries = [];
  for (let index = 0; index < Number(size); index++) {
    entries.push({
      index,
      entry: encodeBase64((await bench.gate.core.ledger.log.read(index)) as Uint8Array),
      proof: must(await tree.proveInclusion(BigInt(index))).map(encodeBase64),
    });
  }
  const older = 5;
  return {
    vkey: formatVkey(gateSigner().key),
    note: decodeUtf8(note) as string,
    older,
    olderRoot: encodeBase64(must(await tree.rootAt(BigInt(older)))),
    consistency: must(await tree.proveConsistency(BigInt(older))).map(encodeBase64),
    entries,
  };
}

const ask = (value: unknown) => {
  const ran = spawnSync(program, [], { input: JSON.stringify(value) });
  return { status: ran.status, out: ran.stdout.toString().trim() };
};

test.skipIf(!there)("F34: Go's packages take a gate's checkpoint, entries and proofs", async () => {
  expect(rootHash).toHaveLength(32);
  expect(ask(await claim())).toEqual({ status: 0, out: `${size} entries of ${size}` });
});

test.skipIf(!there)("F34: and refuse what was changed", async () => {
  const good = await claim();
  const [first, ...rest] = good.entries as [(typeof good.entries)[0]];
  const other = { ...first, entry: encodeBase64(new Uint8Array([1])) };
  expect(ask({ ...good, entries: [other, ...rest] })).toMatchObject({ status: 1 });
  expect(ask({ ...good, note: good.note.replace(`\n${size}\n`, `\n${size + 1n}\n`) }).out).toMatch(
    /^note:/,
  );
  expect(ask({ ...good, older: 6 }).out).toMatch(/^consistency:/);
});
