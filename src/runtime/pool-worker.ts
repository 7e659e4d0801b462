/** What runs in each worker of a pool: a kernel of its own, and one question at a time. */
import { Kernel } from "../kernel/kernel.js";
import { unpackClaims } from "./claims.js";
import type { Port, Question } from "./port.js";
import { hostPort } from "./port.js";

const port: Port = hostPort();
let kernel: Kernel | undefined;

port.listen((message) => {
  const { module, claims, count } = message as Question;
  try {
    kernel ??= new Kernel(module);
    const statuses = kernel.checkEd25519Many(unpackClaims(claims, count));
    port.post({ statuses }, []);
  } catch (error) {
    port.post({ fault: error instanceof Error ? error.message : String(error) }, []);
  }
});
