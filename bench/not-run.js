// @ts-check
/** What a row needs is not there; the message says what. */
export class RowNotRun extends Error {
  /** @override */
  name = "RowNotRun";
}
