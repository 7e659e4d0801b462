// @ts-check
/** `npm run build`. With --if-stale it does nothing when dist is what the sources make. */
import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.js";
import { buildKernel } from "./kernel.js";
import { isStale, stamp } from "./stale.js";
import { buildViewer } from "./viewer.js";

const root = fileURLToPath(new URL("..", import.meta.url));

if (!process.argv.includes("--if-stale") || isStale()) {
  rmSync(`${root}/dist`, { recursive: true, force: true });
  const kernel = await buildKernel();
  await bundle();
  await buildViewer();
  const require = createRequire(import.meta.url);
  const tsc = `${dirname(require.resolve("typescript/package.json"))}/bin/tsc`;
  execFileSync(process.execPath, [tsc, "-p", `${root}/build/tsconfig.types.json`], {
    stdio: "inherit",
  });
  chmodSync(`${root}/dist/cli.js`, 0o755);
  stamp();

  console.log(`kernel.wasm  ${kernel.bytes.length} bytes, ${kernel.gzipped} gzipped`);
  console.log(`sha-256      ${kernel.sha256}`);
  for (const name of readdirSync(`${root}/dist`).filter((file) => /\.(?:js|html)$/.test(file))) {
    const bytes = readFileSync(`${root}/dist/${name}`);
    console.log(
      `${name.padEnd(28)} ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`,
    );
  }
}
