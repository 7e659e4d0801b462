/** What the rows of the gate use of the sources: most of it no entry of the package names. */
export { admitAuthorization } from "../src/authorization/admit.js";
export { inspectChain } from "../src/authorization/inspect.js";
export { attenuateAuthorization, issueAuthorization } from "../src/authorization/issue.js";
export { checkPossession, provePossession } from "../src/authorization/possession.js";
export { makeRequest, readRequest } from "../src/authorization/request.js";
export { DemoDomain, followDomains } from "../src/cli/demo/demo-domain.js";
export { watchFolders } from "../src/cli/gate/watch-folder.js";
export { generateKey, signerOf } from "../src/cli/key-file.js";
export {
  addGate,
  addIssuer,
  addPeer,
  setBaseline,
  setPolicy,
  setWitnesses,
} from "../src/domain/edit.js";
export { refresh, withdraw } from "../src/domain/publish.js";
export { decide } from "../src/gate/decide.js";
export { followTrust } from "../src/gate/follower.js";
export { openGate } from "../src/gate/open-gate.js";
export { UNWITNESSED } from "../src/gate/options.js";
export { loadKernel } from "../src/index.js";
export { keepCosigned } from "../src/lineage/cosigned.js";
export { proveBundle } from "../src/proof/prove-bundle.js";
export { systemClock } from "../src/runtime/clock.js";
export { processGroup } from "../src/runtime/confinement/process.js";
export { prepareProgram } from "../src/runtime/confinement/program.js";
export { bubblewrap, findBubblewrap, systemPaths } from "../src/runtime/confinement/sandbox.js";
export { worker } from "../src/runtime/confinement/worker.js";
export { kernelDigest } from "../src/runtime/digest.js";
export { FileStorage } from "../src/storage/files.js";
export { inFolder, readFolder } from "../src/storage/folder.js";
export { MemoryStorage } from "../src/storage/memory.js";
export { MemoryTrustStore } from "../src/storage/memory-trust-store.js";
export { folderSource } from "../src/sync/folder-source.js";
export { cosignCheckpoint } from "../src/tlog/signer.js";
export { NO_VERIFIERS } from "../src/tlog/verifiers.js";
export { formatVkey } from "../src/tlog/vkey.js";
