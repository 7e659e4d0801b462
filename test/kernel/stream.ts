import { createHash } from "node:crypto";

/** A repeatable stream of bytes, so that a failure can be seen again. */
export function stream(seed: string) {
  let counter = 0;
  return (length: number): Uint8Array => {
    const blocks: Buffer[] = [];
    for (let have = 0; have < length; have += 64) {
      blocks.push(createHash("sha512").update(`${seed} ${counter++}`).digest());
    }
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length));
  };
}
