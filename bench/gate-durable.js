// @ts-check
/**
 * Entries made durable: by the gate, with 64 runs under way at a time, and by SQLite, a transaction an
 * entry, in the same folder and of the same bytes.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NOTHING } from "./gate-world.js";
import { RowNotRun } from "./not-run.js";

/** @import { GateWorld } from "./gate-world.js" */
/** @import { RunRequest } from "../src/gate/run-request.js" */

const CONCURRENT = 64;

/**
 * @typedef {{
 *   exec: (sql: string) => void,
 *   prepare: (sql: string) => {run: (...values: Uint8Array[]) => unknown},
 *   close: () => void,
 * }} Database
 */

/** Node has it from version 22 on; the types are older. */
async function sqlite() {
  /** @type {{DatabaseSync: new (file: string) => Database}} */
  const found = await import(/** @type {string} */ ("node:sqlite")).catch(() => {
    throw new RowNotRun("this Node has no node:sqlite");
  });
  return found;
}

export class DurableContest {
  #round = 0;

  /** @param {GateWorld} world @param {string} folder @param {number} runs a round */
  constructor(world, folder, runs) {
    this.world = world;
    this.folder = mkdtempSync(join(folder, "writ-bench-durable-"));
    this.runs = runs;
  }

  /** Both once: nanoseconds an entry each. */
  async round() {
    const { entries, ours } = await this.#ours(join(this.folder, `gate-${this.#round}`));
    const theirs = await this.#sqlite(join(this.folder, `sqlite-${this.#round}.db`), entries);
    this.#round += 1;
    return { ours, sqlite: theirs, entries: entries.length };
  }

  /** The gate's whole way, from the request to the durable outcome. @param {string} folder */
  async #ours(folder) {
    const { world, runs } = this;
    mkdirSync(folder);
    const gate = await world.open(new world.library.FileStorage(folder));
    const first = gate.state.size;
    /** @type {RunRequest[]} */
    const asks = [];
    for (let i = 0; i < runs; i++) asks.push(await world.ask(gate, NOTHING, i));
    const began = performance.now();
    let next = 0;
    await Promise.all(
      Array.from({ length: CONCURRENT }, async () => {
        for (let ask = asks[next++]; ask; ask = asks[next++]) {
          const { outcome } = await gate.run(ask);
          if (outcome !== "completed") throw new Error(`a run ended as ${outcome}`);
        }
      }),
    );
    const took = performance.now() - began;
    const entries = [];
    for await (const { bytes } of gate.core.ledger.log.entries(first)) entries.push(bytes.slice());
    await gate.close();
    return { entries, ours: (took * 1e6) / entries.length };
  }

  /** @param {string} file @param {readonly Uint8Array[]} entries */
  async #sqlite(file, entries) {
    const { DatabaseSync } = await sqlite();
    const database = new DatabaseSync(file);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE entry (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT");
    const insert = database.prepare("INSERT INTO entry (bytes) VALUES (?)");
    const began = performance.now();
    for (const bytes of entries) insert.run(bytes);
    const took = performance.now() - began;
    database.close();
    return (took * 1e6) / entries.length;
  }

  end() {
    rmSync(this.folder, { recursive: true });
  }
}
