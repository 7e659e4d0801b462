/** Gathers what the suite inlines: a made log, and the shared vectors where they are. */
import { readdirSync } from "node:fs";
import { decodeUtf8 } from "../../src/bytes/utf8.js";
import { formatVkey } from "../../src/tlog/vkey.js";
import {
  cosigned,
  entries,
  mlDsaCosign,
  mlDsaKey,
  policyText,
  proofOf,
  TIME,
} from "../tlog/fixture.js";
import { vectors } from "../vectors.js";
import { madeAuthorizations } from "./made-authorizations.js";
import { madeBundle } from "./made-bundle.js";
import { madeGate } from "./made-gate.js";
import { madeTrust } from "./made-trust.js";
import type { ConsistencyProbe, Data, InclusionProbe, SignatureCase } from "./suite/data.js";

export async function collect(): Promise<Data> {
  const checkpoint = mlDsaCosign(await cosigned(TIME, TIME, TIME), TIME);
  const quorum = `witness pq ${formatVkey(mlDsaKey)}; group g all w2 w3 w4 pq; quorum g`;
  const made = {
    policy: policyText(quorum),
    entries: entries.map((entry) => decodeUtf8(entry) as string),
    proofs: entries.map((_, i) => base64(proofOf(i, checkpoint))),
    time: Number(TIME),
  };
  const trust = await madeTrust();
  const authorizations = await madeAuthorizations();
  const gate = await madeGate();
  const bundle = await madeBundle();
  if (!vectors.present) return { made, trust, authorizations, gate, bundle };
  return {
    made,
    trust,
    authorizations,
    gate,
    bundle,
    vectors: {
      wycheproof: wycheproof(),
      cctv: cctv(),
      merkle: {
        inclusion: probes<InclusionProbe>("inclusion.json"),
        consistency: probes<ConsistencyProbe>("consistency.json"),
      },
      goTiles: filesBelow("go-checksum-database", "tile"),
      goLookups: goLookups(),
      checkpoints: vectors.json("witnessed-checkpoints", "checkpoints.json"),
      proof: vectors.text("tlog-proof", "project-oak.tlog-proof"),
      sigstoreRoots: Array.from({ length: 15 }, (_, i) =>
        base64(vectors.bytes("tuf-root-signing", "metadata", "root_history", `${i + 1}.root.json`)),
      ),
      sigstore: sigstore(),
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function wycheproof(): SignatureCase[] {
  interface Group {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly {
      readonly msg: string;
      readonly sig: string;
      readonly result: string;
    }[];
  }
  const { testGroups } = vectors.json<{ testGroups: Group[] }>("wycheproof", "ed25519_test.json");
  return testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ msg, sig, result }) => ({
      key: publicKey.pk,
      message: msg,
      signature: sig,
      valid: result === "valid",
    })),
  );
}

function cctv(): SignatureCase[] {
  const cases = vectors.json<{ key: string; sig: string; msg: string }[]>(
    "cctv-ed25519",
    "ed25519vectors.json",
  );
  return cases.map(({ key, sig, msg }) => ({
    key,
    signature: sig,
    message: Buffer.from(msg).toString("hex"),
  }));
}

/** Sizes reach 2^64 - 1, where JSON.parse loses digits: they are read as text. */
function probes<Probe>(file: string): Probe[] {
  const text = vectors.text("merkle", file);
  const quoted = text.replace(/("(?:leafIdx|treeSize|size1|size2)": )([0-9]+)/g, '$1"$2"');
  return JSON.parse(quoted) as Probe[];
}

/** The files of a folder and of those in it, by their paths from `base` on. */
function filesBelow(base: string, folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  const walk = (path: string): void => {
    for (const entry of readdirSync(vectors.path(base, path), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(below);
      else files[below] = base64(vectors.bytes(base, below));
    }
  };
  walk(folder);
  return files;
}

function sigstore() {
  const base = "tuf-conformance/sigstore-root-signing";
  const line = (file: string): string => vectors.text(base, file).trim();
  return {
    files: { ...filesBelow(base, "metadata"), ...filesBelow(base, "targets") },
    initialRoot: base64(vectors.bytes(base, "initial_root.json")),
    targetPath: line("targetpath"),
    now: Date.parse(line("faketime").replace(" ", "T")),
  };
}

function goLookups(): { index: string; record: string; note: string }[] {
  const lines = vectors.text("go-checksum-database", "lookups.jsonl").trimEnd().split("\n");
  return lines.map((line) => {
    const { response } = JSON.parse(line) as { response: string };
    const [index, ...rest] = response.split("\n");
    const split = rest.indexOf("");
    const record = `${rest.slice(0, split).join("\n")}\n`;
    return { index: index as string, record, note: rest.slice(split + 1).join("\n") };
  });
}
