export type { Pool } from "./runtime/pool.js";
export { openPool } from "./runtime/pool.js";
