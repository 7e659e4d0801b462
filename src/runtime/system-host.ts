import { systemClock } from "./clock.js";
import { kernelDigest } from "./digest.js";

/** Of a label in an entry. */
const MOST = 128;

/**
 * What a gate needs of the runtime that it is in, as a part of its options: clock, randomness, the
 * runtime's name, and a measurement that says which kernel this build has and nothing else.
 */
export function systemHost() {
  return {
    clock: systemClock,
    random: (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length)),
    measure: async () => ({ source: "self-measured", kernel: kernelDigest, parts: [] }) as const,
    host: runtimeName(),
  };
}

/** Like `node 20.19.5`, `deno 2.9.5`, `Firefox 153.0` or `Cloudflare-Workers`. */
function runtimeName(): string {
  const { process, navigator } = globalThis as {
    process?: { readonly versions?: { readonly [name: string]: string | undefined } };
    navigator?: { readonly userAgent?: string };
  };
  const agent = navigator?.userAgent ?? "";
  const { deno, bun, node } = process?.versions ?? {};
  // Others have a `process` that says it is Node's.
  if (agent.startsWith("Deno/") && deno) return `deno ${deno}`;
  if (agent.startsWith("Bun/") && bun) return `bun ${bun}`;
  if (/^(?:Node\.js\/|$)/.test(agent) && node) return `node ${node}`;
  // Every browser says that it is some others too; Safari gives its own version under that name.
  const [, browser, version] = /(Firefox|Chrome|Version)\/([\d.]+)/.exec(agent) ?? [];
  if (browser) return `${browser === "Version" ? "Safari" : browser} ${version}`;
  return /^[!-~]+/.exec(agent)?.[0].slice(0, MOST) ?? "unknown";
}
