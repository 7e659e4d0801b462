"use strict";
/**
 * SHA-256 (FIPS 180-4, section 6.2), streaming over linear memory.
 *
 * State, owned by the caller: 8 x u32 chaining values, u64 message length, 64-byte block.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.sha256Init = sha256Init;
exports.sha256Update = sha256Update;
exports.sha256Final = sha256Final;
// FIPS 180-4, section 4.2.2.
const K = memory.data([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const LENGTH = 32;
const BLOCK = 40;
// Scratch: the message schedule of the block at hand.
const W = memory.data(256, 16);
function sha256Init(state) {
    // FIPS 180-4, section 5.3.3.
    store(state, 0x6a09e667, 0);
    store(state, 0xbb67ae85, 4);
    store(state, 0x3c6ef372, 8);
    store(state, 0xa54ff53a, 12);
    store(state, 0x510e527f, 16);
    store(state, 0x9b05688c, 20);
    store(state, 0x1f83d9ab, 24);
    store(state, 0x5be0cd19, 28);
    store(state, 0, LENGTH);
}
function sha256Update(state, data, length) {
    const total = load(state, LENGTH);
    store(state, total + length, LENGTH);
    const held = (total & 63);
    if (held != 0) {
        const room = 64 - held;
        const taken = min(room, length);
        memory.copy(state + BLOCK + held, data, taken);
        if (taken < room)
            return;
        compress(state, state + BLOCK);
        data += taken;
        length -= taken;
    }
    while (length >= 64) {
        compress(state, data);
        data += 64;
        length -= 64;
    }
    memory.copy(state + BLOCK, data, length);
}
/** Writes the 32-byte digest. The state is spent afterwards. */
function sha256Final(state, out) {
    const total = load(state, LENGTH);
    const block = state + BLOCK;
    let held = (total & 63);
    store(block + held, 0x80);
    held += 1;
    if (held > 56) {
        memory.fill(block + held, 0, 64 - held);
        compress(state, block);
        held = 0;
    }
    memory.fill(block + held, 0, 56 - held);
    store(block, bswap(total << 3), 56);
    compress(state, block);
    for (let i = 0; i < 32; i += 4)
        store(out + i, bswap(load(state + i)));
}
// @ts-ignore: decorator
function bigSigma0(x) {
    return rotr(x, 2) ^ rotr(x, 13) ^ rotr(x, 22);
}
// @ts-ignore: decorator
function bigSigma1(x) {
    return rotr(x, 6) ^ rotr(x, 11) ^ rotr(x, 25);
}
// @ts-ignore: decorator
function smallSigma0(x) {
    return rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3);
}
// @ts-ignore: decorator
function smallSigma1(x) {
    return rotr(x, 17) ^ rotr(x, 19) ^ (x >> 10);
}
function compress(state, block) {
    for (let i = 0; i < 64; i += 4)
        store(W + i, bswap(load(block + i)));
    for (let i = 64; i < 256; i += 4) {
        const w = W + i;
        store(w, smallSigma1(load(w - 8)) +
            load(w - 28) +
            smallSigma0(load(w - 60)) +
            load(w - 64));
    }
    let a = load(state, 0);
    let b = load(state, 4);
    let c = load(state, 8);
    let d = load(state, 12);
    let e = load(state, 16);
    let f = load(state, 20);
    let g = load(state, 24);
    let h = load(state, 28);
    for (let i = 0; i < 256; i += 4) {
        const t1 = h + bigSigma1(e) + (g ^ (e & (f ^ g))) + load(K + i) + load(W + i);
        const t2 = bigSigma0(a) + ((a & b) | (c & (a | b)));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    store(state, load(state, 0) + a, 0);
    store(state, load(state, 4) + b, 4);
    store(state, load(state, 8) + c, 8);
    store(state, load(state, 12) + d, 12);
    store(state, load(state, 16) + e, 16);
    store(state, load(state, 20) + f, 20);
    store(state, load(state, 24) + g, 24);
    store(state, load(state, 28) + h, 28);
}
