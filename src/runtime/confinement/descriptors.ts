/** Descriptors that a child would get without being given them. */
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";

const CLOSE_ON_EXEC = 0o2000000;

/**
 * Those from 3 on that this process was started with and that go on to every child: Node marks its own,
 * and at its start those up to 15, and not the others. Linux tells of them (proc_pid_fdinfo(5));
 * elsewhere none are found.
 */
function inherited(): number[] {
  let names: string[];
  try {
    names = readdirSync("/proc/self/fdinfo");
  } catch {
    return [];
  }
  return names.map(Number).filter((descriptor) => {
    if (descriptor < 3) return false;
    try {
      const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
      const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "", 8);
      return (flags & CLOSE_ON_EXEC) === 0;
    } catch {
      // That of the listing itself, which is closed again.
      return false;
    }
  });
}

type Slot = "pipe" | "inherit" | "ignore" | number;

/** Calls with what is listed and, where something else would be inherited, with /dev/null. */
export function withOnly<T>(listed: readonly Slot[], call: (stdio: Slot[]) => T): T {
  const others = inherited().filter((descriptor) => descriptor >= listed.length);
  if (others.length === 0) return call([...listed]);
  const nothing = openSync("/dev/null", "r");
  try {
    const length = Math.max(...others) + 1;
    return call(
      Array.from(
        { length },
        (_, i): Slot => listed[i] ?? (others.includes(i) ? nothing : "ignore"),
      ),
    );
  } finally {
    closeSync(nothing);
  }
}
