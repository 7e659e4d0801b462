import { constants } from "node:fs";
import { link, mkdir, open, readdir, rename, unlink } from "node:fs/promises";

/**
 * What the drivers over files ask of a file system, so that a test can put one in its place that
 * forgets what was not synced. Each call fails with the error codes of the system (ENOENT, EEXIST ...).
 */
export interface FileSystem {
  /** The first bytes of a file, `most` at the most; undefined where something else than a file stands. */
  read(path: string, most: number): Promise<Uint8Array | undefined>;
  /** All names in a folder. */
  list(folder: string): Promise<readonly string[]>;
  /** A new empty file; fails with EEXIST where anything stands. Close it. */
  create(path: string): Promise<NewFile>;
  /** A new empty file that grows at its end; fails with EEXIST where anything stands. Close it. */
  createGrowing(path: string): Promise<GrowingFile>;
  /** A second name for a file; fails with EEXIST where anything stands. */
  link(path: string, name: string): Promise<void>;
  /** Gives a file another name, and takes that from the file that had it. */
  rename(path: string, name: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes one folder; fails with EEXIST where anything stands. */
  makeFolder(folder: string): Promise<void>;
  /** Makes durable which names are in a folder, and of which files: not what the files hold. */
  syncFolder(folder: string): Promise<void>;
}

/** A file that is being made: its holder closes it. */
export interface NewFile {
  writeFile(bytes: Uint8Array): Promise<void>;
  /** Makes the bytes durable: not the file's name. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file that is appended to: its holder closes it. */
export interface GrowingFile {
  /** Adds as many of the bytes as the system takes at once, at least one; gives how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Makes the bytes durable, and how many they are: not the file's name. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system of the machine. */
export const nodeFileSystem: FileSystem = {
  async read(path, most) {
    // A pipe in the place of a file must not hold the reader up.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const found = await handle.stat();
      if (!found.isFile()) return undefined;
      const bytes = new Uint8Array(Math.min(found.size, most));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await handle.close();
    }
  },
  list: (folder) => readdir(folder),
  create: (path) => open(path, "wx"),
  async createGrowing(path) {
    const handle = await open(path, "ax");
    return {
      write: async (bytes) => (await handle.write(bytes)).bytesWritten,
      // fdatasync(2) leaves out times alone: the length is needed to read the bytes back.
      sync: () => handle.datasync(),
      close: () => handle.close(),
    };
  },
  link,
  rename,
  unlink,
  makeFolder: (folder) => mkdir(folder),
  async syncFolder(folder) {
    // Not possible on Windows, where it is not needed.
    if (process.platform === "win32") return;
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** The system's own code of an error that a file system gave. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
