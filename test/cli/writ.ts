/** Runs the built program as its users do. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

export const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Every run must end by itself, with a documented exit code and without a stack trace. */
export function writ(
  args: readonly string[],
  input: string | Uint8Array = "",
  cwd: string | undefined = undefined,
): Ran {
  const env = { ...process.env, NO_COLOR: "", FORCE_COLOR: "" };
  const ran = spawnSync(process.execPath, [CLI, ...args], { input, env, cwd, timeout: 60_000 });
  const [out, err] = [ran.stdout.toString(), ran.stderr.toString()];
  expect([0, 1, 2], `exit code of ${args.join(" ")}: ${err}`).toContain(ran.status);
  expect(out + err).not.toMatch(/\n\s+at .*:\d+/);
  return { code: ran.status, out, err };
}

/** `--json` prints one line with one object. */
export function writJson(
  args: readonly string[],
  input: string | Uint8Array = "",
): { exit: number | null; [name: string]: unknown } {
  const { code, out } = writ([...args, "--json"], input);
  expect(out.endsWith("\n") && out.indexOf("\n") === out.length - 1, out).toBe(true);
  return { exit: code, ...(JSON.parse(out) as Record<string, unknown>) };
}

/** A folder that is gone when the test file ends. */
export function scratch(): (...parts: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), "writ-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}
