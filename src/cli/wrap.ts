/** Help that fits the terminal. Where there is none, lines stay as they are written. */

/** A name of an option or a command, and where its description begins. */
const ITEM = /^( {2}\S+(?: \S+)* {2,})\S/;

/** Breaks lines at words; what continues a description, or a paragraph, is joined first. */
export function wrap(text: string, columns: number | undefined): string {
  const lines = text.split("\n");
  if (columns === undefined || lines.every((line) => line.length <= columns)) return text;
  const wrapped: string[] = [];
  for (let at = 0; at < lines.length;) {
    const first = lines[at] as string;
    const hang = ITEM.exec(first)?.[1]?.length ?? first.length - first.trimStart().length;
    const next = lines.findIndex((line, i) => i > at && !continues(line, hang));
    const end = next < 0 ? lines.length : next;
    wrapped.push(...fill(lines.slice(at, end), hang, columns));
    at = end;
  }
  return wrapped.join("\n");
}

function continues(line: string, hang: number): boolean {
  return line.startsWith(" ".repeat(hang)) && /^\S/.test(line.slice(hang)) && !ITEM.test(line);
}

function fill(lines: readonly string[], hang: number, columns: number): string[] {
  // Too narrow for two columns.
  const indent = " ".repeat(Math.min(hang, Math.floor(columns / 2)));
  const [first = "", ...more] = lines;
  if (lines.every((line) => line.length <= columns)) return [...lines];
  const words = [first.slice(hang), ...more.map((line) => line.trim())].join(" ").split(" ");
  const filled: string[] = [];
  let line = first.slice(0, hang);
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      filled.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...filled, line];
}
