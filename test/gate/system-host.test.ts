import { afterEach, describe, expect, test, vi } from "vitest";
import type { GateOptions } from "../../src/gate/options.js";
import { kernelDigest } from "../../src/runtime/digest.js";
import { systemHost } from "../../src/runtime/system-host.js";

type Host = Pick<GateOptions, "clock" | "random" | "measure" | "host">;

/** As each says of itself, with what it has under `process.versions`. */
const RUNTIMES: readonly {
  readonly name: string;
  readonly agent?: string;
  readonly versions?: { readonly [name: string]: string };
}[] = [
  { name: "node 20.19.5", versions: { node: "20.19.5" } },
  { name: "node 24.21.0", agent: "Node.js/24", versions: { node: "24.21.0" } },
  { name: "deno 2.9.5", agent: "Deno/2.9.5", versions: { node: "24.2.0", deno: "2.9.5" } },
  { name: "bun 1.4.5", agent: "Bun/1.4.5", versions: { node: "24.3.0", bun: "1.4.5" } },
  { name: "Cloudflare-Workers", agent: "Cloudflare-Workers" },
  { name: "Cloudflare-Workers", agent: "Cloudflare-Workers", versions: { node: "22.19.0" } },
  {
    name: "Chrome 156.0.0.0",
    agent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  },
  {
    name: "Firefox 153.0",
    agent: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  },
  {
    name: "Safari 26.0",
    agent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  },
  { name: "unknown" },
  { name: "unknown", agent: "\u200b" },
  { name: "x".repeat(128), agent: "x".repeat(300) },
];

describe("the host that a runtime gives", () => {
  afterEach(() => vi.unstubAllGlobals());

  test.each(RUNTIMES)("is called $name", ({ name, agent, versions }) => {
    vi.stubGlobal("navigator", agent === undefined ? undefined : { userAgent: agent });
    vi.stubGlobal("process", versions && { versions });
    const { host } = systemHost();
    vi.unstubAllGlobals();
    expect(host).toBe(name);
  });

  test("is a part of a gate's options, and measures this build's kernel", async () => {
    const host: Host = systemHost();
    expect(host.host).toBe(`node ${process.versions.node}`);
    expect(host.random(32)).toHaveLength(32);
    expect(host.random(32)).not.toEqual(host.random(32));
    expect(await host.measure()).toEqual({
      source: "self-measured",
      kernel: kernelDigest,
      parts: [],
    });
  });
});
