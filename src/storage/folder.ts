import type { Reader, Storage } from "./storage.js";

/** A folder of a reader, as a reader of its own. */
export function readFolder(reader: Reader, folder: string): Reader {
  return {
    read: (path, limit) => reader.read(`${folder}/${path}`, limit),
    list: (path) => reader.list(path === "" ? folder : `${folder}/${path}`),
  };
}

/** A folder of a storage, as a storage of its own. Its lock is that of the whole. */
export function inFolder(storage: Storage, folder: string): Storage {
  return {
    ...readFolder(storage, folder),
    write: (path, bytes) => storage.write(`${folder}/${path}`, bytes),
    remove: (path) => storage.remove(`${folder}/${path}`),
    lock: () => storage.lock(),
  };
}
