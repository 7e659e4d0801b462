import type { Kernel } from "../../../kernel/kernel.js";
import { serve } from "./courier.js";
import { DomainPart } from "./domain-part.js";

/** The process of one domain, until its parent has seen enough. */
export async function servePart(kernel: Kernel): Promise<void> {
  const part = new DomainPart(kernel);
  await serve({
    make: (name: string, folder: string) => part.make(name, folder),
    accept: (...args: Parameters<DomainPart["accept"]>) => part.accept(...args),
    begin: () => part.begin(),
    issue: (principal: string, gate: string) => part.issue(principal, gate),
    revoke: (chains: readonly Uint8Array[]) => part.revoke(chains),
    cosign: (request: Uint8Array) => part.cosign(request),
    open: (...args: Parameters<DomainPart["open"]>) => part.open(...args),
    gate: (method: never, ...args: unknown[]) => part.gate(method, ...args),
    end: () => part.end(),
  });
}
