/**
 * `writ/authorization`: signed authorizations, requests under them, and what they are made of. Takes a
 * `Kernel` of the package's main entry, and views of domains from `writ/trust`.
 */
export type { Digester } from "./attestation/digest.js";
export { matchDigests, measureArtifact, openDigester } from "./attestation/digest.js";
export type { EnvelopeSignature, UnverifiedEnvelope } from "./attestation/dsse.js";
export {
  formatEnvelope,
  parseEnvelope,
  preAuthEncoding,
  signEnvelope,
} from "./attestation/dsse.js";
export { keyFileSigner } from "./attestation/key-file-signer.js";
export type { Signer } from "./attestation/signer.js";
export type { DigestSet, ParsedStatement, Statement } from "./attestation/statement.js";
export {
  formatStatement,
  INTOTO_PAYLOAD_TYPE,
  parseStatement,
  STATEMENT_TYPE,
} from "./attestation/statement.js";
export type { EnvelopeClaim, SignedPayload } from "./attestation/verify-envelope.js";
export { checkEnvelope, checkEnvelopes } from "./attestation/verify-envelope.js";
export type { WebCryptoKeyPair } from "./attestation/web-crypto-signer.js";
export { webCryptoSigner } from "./attestation/web-crypto-signer.js";
export { admitAuthorization, admitAuthorizations } from "./authorization/admit.js";
export type { AdmittedAuthorization } from "./authorization/admitted.js";
export { joinChain, splitChain } from "./authorization/chain-file.js";
export type { Charge } from "./authorization/charges.js";
export type { Evidence, Permission, StepReport } from "./authorization/check.js";
export { checkRequest, explainRequest, rehearseRequest } from "./authorization/check.js";
export type { KnownDomains } from "./authorization/domains.js";
export type { UnverifiedLink } from "./authorization/inspect.js";
export { inspectChain } from "./authorization/inspect.js";
export type {
  AuthorizationTerms,
  IssuedAuthorization,
  NarrowerTerms,
} from "./authorization/issue.js";
export { attenuateAuthorization, issueAuthorization } from "./authorization/issue.js";
export type { Link } from "./authorization/link.js";
export { AUTHORIZATION_TYPE } from "./authorization/link.js";
export type { Demands } from "./authorization/demands.js";
export type { CompiledPolicy } from "./authorization/policy/compile.js";
export { compilePolicy } from "./authorization/policy/compile.js";
export { evaluatePolicy } from "./authorization/policy/evaluate.js";
export type { PredicateReport } from "./authorization/policy/explain.js";
export { explainPolicy } from "./authorization/policy/explain.js";
export type { Truth } from "./authorization/policy/truth.js";
export type { Possession, PossessionTerms } from "./authorization/possession.js";
export {
  checkPossession,
  POSSESSION_LIFETIME,
  POSSESSION_TYPE,
  provePossession,
} from "./authorization/possession.js";
export type { Selector } from "./authorization/policy/selector.js";
export type { Authorization, Isolation, Limits } from "./authorization/predicate.js";
export type { StepName } from "./authorization/question.js";
export type { AuthorizationRequest, RequestParts, Resource } from "./authorization/request.js";
export { checkUnchanged, makeRequest, readRequest } from "./authorization/request.js";
export type { Rehearsal, Situation } from "./authorization/situation.js";
export { NOT_CHECKED } from "./authorization/situation.js";
export type { Json } from "./bytes/canonical.js";
export { formatCanonical } from "./bytes/canonical.js";
export type { ParsedJson } from "./bytes/json.js";
export { parseJson } from "./bytes/json.js";
