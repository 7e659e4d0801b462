"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.frontierAppend = frontierAppend;
exports.frontierRoot = frontierRoot;
/**
 * The compact frontier of an append-only tree: the roots of its complete subtrees, one slot a
 * level, valid where the size has that bit. u64 size, then 64 slots of 32 bytes; zeroed = empty.
 */
const merkle_1 = require("./merkle");
const SLOTS = 8;
/**
 * Appends `count` leaf hashes. They are overwritten: aligned runs are reduced in place, so that
 * nearly all nodes are hashed in long runs. The caller checked that the size cannot overflow.
 */
function frontierAppend(frontier, hashes, count) {
    let size = load(frontier);
    while (count > 0) {
        // The longest run that is one complete subtree at this position.
        const fits = 31 - clz(count);
        const aligned = size == 0 ? 63 : ctz(size);
        const level = min(fits, aligned);
        const run = 1 << level;
        for (let width = run; width > 1; width >>= 1)
            (0, merkle_1.nodeHashes)(hashes, width >> 1, hashes);
        carry(frontier, size, level, hashes);
        size += run;
        hashes += run << 5;
        count -= run;
    }
    store(frontier, size);
}
/** Adds the root of a complete subtree of 2^level leaves at `hash`, merging equal neighbours. */
function carry(frontier, size, level, hash) {
    let bit = 1 << level;
    while ((size & bit) != 0) {
        (0, merkle_1.nodeHash)(slot(frontier, level), hash, hash);
        level += 1;
        bit <<= 1;
    }
    memory.copy(slot(frontier, level), hash, 32);
}
/** The root hash of the tree; the frontier stays as it is. */
function frontierRoot(frontier, out) {
    let rest = load(frontier);
    if (rest == 0) {
        (0, merkle_1.hashMessage)(-1, out, 0, out);
        return;
    }
    memory.copy(out, slot(frontier, ctz(rest)), 32);
    rest &= rest - 1;
    while (rest != 0) {
        (0, merkle_1.nodeHash)(slot(frontier, ctz(rest)), out, out);
        rest &= rest - 1;
    }
}
// @ts-ignore: decorator
function slot(frontier, level) {
    return frontier + SLOTS + (level << 5);
}
