/** A witness's key file (type 04), which WebCrypto signs with. */
export async function witnessSigner(kernel, makeVerifierKey, text) {
  const [, name, base64] = /^PRIVATE\+KEY\+([^+]+)\+[0-9a-f]{8}\+(.+)\n$/.exec(text);
  const seed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).slice(1);
  const header = "302e020100300506032b657004220420"
    .match(/../g)
    .map((hex) => Number.parseInt(hex, 16));
  const pkcs8 = Uint8Array.from([...header, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const text64 = x.replaceAll("-", "+").replaceAll("_", "/");
  const publicKey = Uint8Array.from(atob(text64), (character) => character.charCodeAt(0));
  return {
    key: makeVerifierKey(kernel, name, "cosignature-ed25519", publicKey),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)),
  };
}
