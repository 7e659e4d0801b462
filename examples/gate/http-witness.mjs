/**
 * The domain's witness, asked over HTTP as C2SP tlog-witness has it. It is somewhere else than the gate
 * and its log: a log that was deleted or set back is found out by what the witness remembers.
 */
export function httpWitness(url, key) {
  const failed = (code, expected, found) => ({ ok: false, code, expected, found });
  return {
    key,
    async add(body) {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(`${url}/add-checkpoint`, { method: "POST", body, signal });
      const { status } = response;
      const text = (await response.text()).slice(0, 10_000);
      if (status === 200) return { ok: true, value: { status, line: text } };
      if (status === 409 && /^[0-9]{1,16}\n$/.test(text)) {
        const failure = failed("LOG", "a log as the witness knows it", "another size");
        return { ok: true, value: { status, size: BigInt(text), failure } };
      }
      return failed("UNREACHABLE", "a cosignature", `status ${status}`);
    },
  };
}
