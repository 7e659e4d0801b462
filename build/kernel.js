// @ts-check
/** Compiles assembly/ to one WebAssembly module and derives what the TypeScript shell needs of it. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Memory is fixed; the number of pages is MEMORY_PAGES of assembly/abi.ts. */
const PAGES = "64";

/** @returns {Promise<{bytes: Uint8Array, gzipped: number, sha256: string}>} */
export async function buildKernel() {
  const options = [
    ["assembly/index.ts", "--baseDir", root, "--outFile", "dist/kernel.wasm"],
    ["--runtime", "stub", "--enable", "simd", "--use", "abort="],
    ["-O3", "--converge", "--noAssert", "--zeroFilledMemory"],
    ["--initialMemory", PAGES, "--maximumMemory", PAGES],
  ].flat();
  const { error, stdout, stderr } = await asc.main(options);
  if (error) throw new Error(`${stdout}\n${stderr}`, { cause: error });

  const bytes = await readFile(`${root}/dist/kernel.wasm`);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  if (imports.length > 0)
    throw new Error(`the kernel must import nothing: ${JSON.stringify(imports)}`);

  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await mkdir(`${root}/dist/kernel`, { recursive: true });
  // Compressed before it is made text: text of compressed bytes packs as well as they do, 5 KiB less
  // than text of the bytes. A plain loop: this runs once, before any compiler has warmed up.
  const packed = gzipSync(bytes, { level: 9 });
  const decode = [
    `const text = ${JSON.stringify(packed.toString("base64"))};`,
    "export async function kernelBytes() {",
    "  const raw = atob(text);",
    "  const bytes = new Uint8Array(raw.length);",
    "  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);",
    '  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));',
    "  return new Uint8Array(await new Response(unpacked).arrayBuffer());",
    "}",
    "",
  ];
  await writeFile(`${root}/dist/kernel/bytes.js`, decode.join("\n"));
  await writeFile(`${root}/dist/kernel/digest.js`, `export const kernelDigest = "${sha256}";\n`);
  await writeFile(
    `${root}/dist/kernel.wasm.d.ts`,
    "declare const module: WebAssembly.Module;\nexport default module;\n",
  );
  return { bytes, gzipped: gzipSync(bytes, { level: 9 }).length, sha256 };
}
