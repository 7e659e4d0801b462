import type { Kernel } from "writ";
import type { Check } from "./report.js";
import { assert, equal, pattern } from "./report.js";

/** Digests against the engine's own WebCrypto, which shares no code with the kernel. */
export function hashes(kernel: Kernel): Check[] {
  const oracle = async (name: string, message: Uint8Array) =>
    new Uint8Array(await crypto.subtle.digest(name, new Uint8Array(message)));
  return [
    [
      "SHA-256 and SHA-512 of every length from 0 to 300",
      async (output) => {
        for (let length = 0; length <= 300; length++) {
          const message = pattern(length);
          const [short, long] = [kernel.sha256(message), kernel.sha512(message)];
          equal(short, await oracle("SHA-256", message), `SHA-256 of ${length} bytes`);
          equal(long, await oracle("SHA-512", message), `SHA-512 of ${length} bytes`);
          output(short);
          output(long);
        }
      },
    ],
    [
      "every split point of 300 bytes",
      () => {
        const message = pattern(300);
        for (const algorithm of ["sha256", "sha512"] as const) {
          const whole = kernel.hasher(algorithm).update(message).digest();
          for (let at = 0; at <= 300; at++) {
            const hasher = kernel.hasher(algorithm).update(message.subarray(0, at));
            equal(hasher.update(message.subarray(at)).digest(), whole, `${algorithm} at ${at}`);
          }
        }
      },
    ],
    [
      "messages larger than the kernel's memory",
      async (output) => {
        const message = pattern(5 * 1024 * 1024 + 7);
        const expected = await oracle("SHA-256", message);
        equal(kernel.sha256(message), expected, "one shot");
        equal(kernel.hasher("sha256").update(message).digest(), expected, "stream");
        const many = kernel.sha256Many([pattern(3), message, pattern(70)]);
        equal(many.subarray(32, 64), expected, "among others");
        output(many);
      },
    ],
    [
      "many messages of many lengths",
      (output) => {
        const messages = Array.from({ length: 3000 }, (_, i) => pattern((i * 37) % 211, i));
        const many = kernel.sha256Many(messages);
        messages.forEach((message, i) =>
          equal(many.subarray(32 * i, 32 * i + 32), kernel.sha256(message), `message ${i}`),
        );
        assert(many.length === 3000 * 32, "one digest a message");
        output(many);
      },
    ],
  ];
}
