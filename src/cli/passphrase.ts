import type { Arguments } from "./command.js";
import { UsageError } from "./command.js";
import { readInput } from "./input.js";
import { decodeUtf8 } from "../bytes/utf8.js";

/** Asks for the passphrase of the file at `path`. */
export type PassphraseSource = (path: string) => Promise<string>;

export const PASSPHRASE_HELP = `  --passphrase-file FILE    the passphrase, as the file's first line (default: a hidden prompt)`;

/** From `--passphrase-file`, else by a hidden prompt where there is a terminal. */
export function passphraseSource(args: Arguments, { twice }: { twice: boolean }): PassphraseSource {
  const file = args.text("passphrase-file");
  if (file !== undefined) return async () => firstLine(file, await readInput(file));
  return async (path) => {
    const passphrase = requireText(await prompt(`Passphrase for ${path}: `));
    if (twice && (await prompt("Once more: ")) !== passphrase) {
      throw new UsageError("the two passphrases differ");
    }
    return passphrase;
  };
}

function firstLine(file: string, bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new UsageError(`${file} is not UTF-8 text`);
  return requireText(text.split(/\r?\n/, 1)[0] as string);
}

function requireText(passphrase: string): string {
  if (passphrase === "") throw new UsageError("the passphrase is empty");
  return passphrase;
}

/** Reads a line from the terminal without showing it. */
async function prompt(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new UsageError("no terminal to ask for a passphrase: use --passphrase-file FILE");
  }
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    return await readHidden(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

function readHidden(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let line = "";
    const onData = (chunk: Uint8Array): void => {
      for (const [i, byte] of chunk.entries()) {
        const character = decoder.decode(Uint8Array.of(byte), { stream: true });
        const end = character === "\r" || character === "\n" || character === "\u0004";
        if (end || character === "\u0003") {
          stdin.off("data", onData);
          // What was pasted after the line belongs to the next question.
          if (i + 1 < chunk.length) stdin.unshift(chunk.subarray(i + 1));
          return end ? resolve(line) : reject(new UsageError("interrupted"));
        }
        if (character === "\u007f" || character === "\b") line = [...line].slice(0, -1).join("");
        else line += character;
      }
    };
    stdin.on("data", onData);
  });
}
