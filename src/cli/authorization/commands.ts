import type { Command } from "../command.js";
import { attenuate } from "./attenuate.js";
import { authorize } from "./authorize.js";
import { check } from "./check.js";
import { inspect } from "./inspect.js";
import { possess } from "./possess.js";
import { revoke } from "./revoke.js";

export const AUTHORIZATION_COMMANDS: readonly Command[] = [
  authorize,
  attenuate,
  inspect,
  check,
  possess,
  revoke,
];
