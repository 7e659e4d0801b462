import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/bytes/canonical.js";
import { parseCleanUrl } from "../../../src/authorization/policy/url.js";
import { modelEvaluate } from "./model.js";
import { evaluate } from "./fixture.js";

const ROOT = "https://api.example.com/v1";

/** Both readings of `["url", ".", operand]`, and of its negation. */
function truth(operand: Json, value: Json) {
  const outcome = evaluate([["url", ".", operand]], value);
  const opposite = { true: "false", false: "true", error: "error" }[outcome];
  expect(evaluate([["not", ["url", ".", operand]]], value)).toBe(opposite);
  expect(modelEvaluate([["url", ".", operand]], value), `${value}`).toBe(outcome);
  return outcome;
}

test.each<[string, string, boolean]>([
  [ROOT, "https://api.example.com/v1", true],
  [ROOT, "https://api.example.com/v1/", true],
  [ROOT, "https://api.example.com/v1/x/y", true],
  [ROOT, "https://api.example.com/v1?q=//x&r=%2e%2e%2f&s=a@b", true],
  [ROOT, "https://api.example.com/v1#/../%00//", true],
  [ROOT, "https://api.example.com/v1/%E2%82%AC", true],
  [ROOT, "https://api.example.com/v1/%c3%a9/a%20b%3Fc", true],
  [ROOT, "https://api.example.com/v1/a:b@c;d=e,f!$&'()*+~._-|[]", true],
  [ROOT, "https://api.example.com/v1/.hidden/...", true],
  [ROOT, "https://api.example.com/v1/a%20b/..%20c/x%C2%A0y", true],
  [ROOT, "https://api.example.com/v1/x?%20..%20/%E3%85%A4", true],
  [ROOT, "https://api.example.com/v10", false],
  [ROOT, "https://api.example.com/v1.", false],
  [ROOT, "https://api.example.com/v1%3B", false],
  [ROOT, "https://api.example.com/v1;x", false],
  [ROOT, "https://api.example.com/V1", false],
  [ROOT, "https://api.example.com/", false],
  [ROOT, "https://api.example.com", false],
  [ROOT, "https://api.example.com/?/v1", false],
  [ROOT, "https://api.example.com/#/v1", false],
  [ROOT, "http://api.example.com/v1", false],
  [ROOT, "wss://api.example.com/v1", false],
  [ROOT, "https://api.example.com:8443/v1", false],
  [ROOT, "https://example.com/v1", false],
  [ROOT, "https://x.api.example.com/v1", false],
  [ROOT, "https://api.example.com.evil.example/v1", false],
  [ROOT, "https://evil.example/https://api.example.com/v1".replace("//api", "/api"), false],
  [ROOT, "https://evil.example/?https://api.example.com/v1", false],
  [ROOT, "https://evil.example/@api.example.com/v1", false],
  // A slash at the end demands it.
  ["https://h/v1/", "https://h/v1/", true],
  ["https://h/v1/", "https://h/v1/x", true],
  ["https://h/v1/", "https://h/v1", false],
  ["https://h", "https://h", true],
  ["https://h", "https://h/", true],
  ["https://h", "https://h/x", true],
  ["https://h/", "https://h", true],
  ["https://h/", "https://h/x?q", true],
  ["https://h:8443/", "https://h:8443/x", true],
  ["https://h:8443/", "https://h/x", false],
  ["http://h:443", "http://h:443/", true],
  ["http://h", "http://h:443/", false],
  ["ws://h/s", "ws://h/s/1", true],
  ["wss://h/s", "wss://h/s/1", true],
  ["wss://h/s", "ws://h/s/1", false],
  ["http://localhost:3000", "http://localhost:3000/x", true],
  ["https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/x", true],
  ["https://a_b.example/", "https://a_b.example/x", true],
  ["https://h/%E2%82%AC", "https://h/%E2%82%AC/x", true],
])("under %s, %s: %s", (operand, value, expected) => {
  expect(truth(operand, value)).toBe(String(expected));
});

/** Each row breaks one rule alone, as far as a text can. */
const UNCLEAN: readonly (readonly [string, string, string])[] = [
  ["empty", "", "http://, https://"],
  ["relative", "/v1/x", "http://, https://"],
  ["without a scheme", "//api.example.com/v1", "http://, https://"],
  ["javascript", "javascript:alert(1)", "http://, https://"],
  ["data", "data:text/plain,x", "http://, https://"],
  ["file", "file:///v1", "http://, https://"],
  ["ftp", "ftp://api.example.com/v1", "http://, https://"],
  ["blob", "blob:https://api.example.com/v1", "http://, https://"],
  ["an opaque path", "https:api.example.com/v1", "http://, https://"],
  ["one slash", "https:/api.example.com/v1", "http://, https://"],
  ["three slashes", "https:///api.example.com/v1", "a host"],
  ["a scheme in capitals", "HTTPS://api.example.com/v1", "http://, https://"],
  ["over the limit", `https://api.example.com/v1/${"a".repeat(8192)}`, "at most 8192"],
  ["a space", "https://api.example.com/v1/a b", "printable ASCII"],
  ["a space before", " https://api.example.com/v1", "printable ASCII"],
  ["a tab", "https://api.example.com/v1/\t", "printable ASCII"],
  ["a newline in the host", "https://api.example\n.com/v1", "printable ASCII"],
  ["NUL", "https://api.example.com/v1\u0000", "printable ASCII"],
  ["a letter beyond ASCII", "https://api.example.com/v1/é", "printable ASCII"],
  ["a look-alike host", "https://аpi.example.com/v1", "printable ASCII"],
  ["a fullwidth dot", "https://api\uff0eexample.com/v1", "printable ASCII"],
  ["a fragment beyond ASCII", "https://api.example.com/v1#é", "printable ASCII"],
  ["a backslash in the path", "https://api.example.com/v1/..\\x", "no backslash"],
  ["a backslash before the path", "https://evil.example\\@api.example.com/v1", "no backslash"],
  ["a backslash in the query", "https://api.example.com/v1?\\", "no backslash"],
  ["a user", "https://user@api.example.com/v1", "no user"],
  ["a user and a password", "https://a:b@api.example.com/v1", "no user"],
  ["an empty user", "https://@api.example.com/v1", "no user"],
  ["an empty password", "https://a:@api.example.com/v1", "no user"],
  ["our host as a user", "https://api.example.com@evil.example/v1", "no user"],
  ["our host and port as a user", "https://api.example.com:443@evil.example/v1", "no user"],
  ["a host in capitals", "https://API.example.com/v1", "a host in lower case"],
  ["an encoded host", "https://api%2eexample.com/v1", "a host in lower case"],
  ["a trailing dot", "https://api.example.com./v1", "without empty labels"],
  ["an empty label", "https://api..example.com/v1", "without empty labels"],
  ["a dot before", "https://.example.com/v1", "without empty labels"],
  ["no host", "https://:443/v1", "a host in lower case"],
  ["a comma in the host", "https://api.example.com,evil.example/v1", "a host in lower case"],
  ["a star in the host", "https://*.example.com/v1", "a host in lower case"],
  ["a port that is implied", "https://api.example.com:443/v1", "spelt"],
  ["an empty port", "https://api.example.com:/v1", "spelt"],
  ["a port with a zero before", "https://api.example.com:08443/v1", "spelt"],
  ["a port too large", "https://api.example.com:65536/v1", "spelt validly"],
  ["an empty segment", "https://api.example.com/v1//x", "no empty segment"],
  ["an empty segment first", "https://api.example.com//v1/x", "no empty segment"],
  ["an empty segment last", "https://api.example.com/v1//", "no empty segment"],
  ["a dot segment", "https://api.example.com/v1/./x", "spelt"],
  ["a parent", "https://api.example.com/v1/../admin", "spelt"],
  ["a parent at the end", "https://api.example.com/v1/..", "spelt"],
  ["a dot at the end", "https://api.example.com/v1/.", "spelt"],
  ["a query without a path", "https://api.example.com?q", "spelt"],
  ["a fragment without a path", "https://api.example.com#f", "spelt"],
  ["quotation marks", 'https://api.example.com/v1/"x"', "spelt"],
  ["a bracket for tags", "https://api.example.com/v1/<x>", "spelt"],
  ["a grave accent", "https://api.example.com/v1/`", "spelt"],
  ["braces", "https://api.example.com/v1/{x}", "spelt"],
  ["an apostrophe in the query", "https://api.example.com/v1?'", "spelt"],
  ["a circumflex", "https://api.example.com/v1/a^b", "circumflex"],
  ["%2e", "https://api.example.com/v1/a%2eb", "escapes only"],
  ["%2E%2E", "https://api.example.com/v1/%2E%2E/admin", "escapes only"],
  ["%2f", "https://api.example.com/v1/a%2fb", "escapes only"],
  ["%2F", "https://api.example.com/v1/a%2Fb", "escapes only"],
  ["%5c", "https://api.example.com/v1/a%5cb", "escapes only"],
  ["%5C", "https://api.example.com/v1/a%5Cb", "escapes only"],
  ["%25", "https://api.example.com/v1/a%252fb", "escapes only"],
  ["an overlong escape", "https://api.example.com/v1/%c0%ae", "escapes of UTF-8"],
  ["half a character", "https://api.example.com/v1/%e2%82", "escapes of UTF-8"],
  ["an escaped look-alike", "https://api.example.com/v1/%EF%BC%8F", "looks like a slash"],
  ["an escaped fullwidth dot", "https://api.example.com/v1/%EF%BC%8Ea", "looks like a ."],
  ["an escaped zero-width space", "https://api.example.com/v1/%E2%80%8B", "does not show"],
  ["an escaped hangul filler", "https://api.example.com/v1/%E3%85%A4", "does not show"],
  ["an escaped empty braille pattern", "https://api.example.com/v1/%E2%A0%80", "does not show"],
  ["an escaped variation selector", "https://api.example.com/v1/x%EF%B8%8F", "does not show"],
  ["an escaped grapheme joiner", "https://api.example.com/v1/x%CD%8Fy", "does not show"],
  ["one on plane 14", "https://api.example.com/v1/x%F3%A0%84%80", "does not show"],
  ["dots behind a space", "https://api.example.com/v1/%20../b", "ends in a space"],
  ["dots before a space", "https://api.example.com/v1/..%20/b", "ends in a space"],
  ["a dot before a space", "https://api.example.com/v1/.%20", "ends in a space"],
  ["dots around a space", "https://api.example.com/v1/.%20./b", "dots with spaces"],
  ["dots around a no-break space", "https://api.example.com/v1/.%C2%A0./b", "dots with spaces"],
  ["dots behind a wide space", "https://api.example.com/v1/%E3%80%80../b", "ends in a space"],
  ["a diaeresis, which folds to a space", "https://api.example.com/v1/%C2%A8a", "in a space"],
  ["a space alone", "https://api.example.com/v1/%20/b", "ends in a space"],
  ["a space behind a name", "https://api.example.com/v1/a%20", "ends in a space"],
  ["a space before a name", "https://api.example.com/v1/%20a", "ends in a space"],
  ["a dot before a parameter", "https://api.example.com/v1/.;a/b", "path parameter"],
  ["dots before %3B", "https://api.example.com/v1/..%3B/b", "path parameter"],
  ["%00", "https://api.example.com/v1/a%00b", "escapes only"],
  ["%0a", "https://api.example.com/v1/a%0ab", "escapes only"],
  ["%1F", "https://api.example.com/v1/a%1Fb", "escapes only"],
  ["%7f", "https://api.example.com/v1/a%7fb", "escapes only"],
  ["an encoded letter", "https://api.example.com/%761/x", "escapes only"],
  ["an encoded digit", "https://api.example.com/v%31/x", "escapes only"],
  ["an encoded hyphen", "https://api.example.com/v1/%2D", "escapes only"],
  ["an encoded tilde", "https://api.example.com/v1/%7E", "escapes only"],
  ["an encoded underscore", "https://api.example.com/v1/%5f", "escapes only"],
  ["a percent sign alone", "https://api.example.com/v1/100%", "escapes only"],
  ["an escape that decodes to one", "https://api.example.com/v1/%%32%65", "escapes only"],
  ["no hexadecimal digits", "https://api.example.com/v1/%zz", "escapes only"],
  ["IPv4 in hexadecimal", "https://0x7f.0.0.1/v1", "spelt"],
  ["IPv4 in octal", "https://0177.0.0.1/v1", "spelt"],
  ["IPv4 as a number", "https://2130706433/v1", "spelt"],
  ["IPv4 of two parts", "https://127.1/v1", "spelt"],
  ["IPv4 that is none", "https://1.2.3.256/v1", "spelt validly"],
  ["IPv6 written long", "https://[0:0:0:0:0:0:0:1]/v1", "spelt"],
  ["IPv4 in IPv6", "https://[::ffff:127.0.0.1]/v1", "spelt"],
  ["IPv6 with a zone", "https://[fe80::1%25eth0]/v1", "a host in lower case"],
  ["Punycode that is none", "https://xn--a/v1", "spelt validly"],
];

test.each(UNCLEAN)("%s is not clean: neither a value nor an operand", (_, value, reason) => {
  const parsed = parseCleanUrl(value);
  expect(parsed).toMatchObject({ ok: false, code: "MALFORMED" });
  expect(parsed.ok ? "" : parsed.expected).toContain(reason);
  expect(truth(ROOT, value)).toBe("error");
  expect(truth([ROOT, "https://[::1]/", "http://127.0.0.1/"], value)).toBe("error");
  expect(modelEvaluate([["url", ".", value]], ROOT)).toBe("invalid");
});

test.each(["https://h/?q", "https://h/?", "https://h/#", "https://h/v1#f", "https://h/v1?q#f"])(
  "%s has no place in a policy",
  (operand) => {
    expect(modelEvaluate([["url", ".", operand]], "https://h/")).toBe("invalid");
    expect(() => evaluate([["url", ".", operand]], "https://h/")).toThrow(/query and fragment/);
  },
);

test.each(["127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "[fe80::1]"])(
  "the address %s is refused unless the policy names it",
  (host) => {
    expect(truth(ROOT, `https://${host}/v1`)).toBe("error");
    expect(truth([ROOT, "https://[2001:db8::1]/"], `https://${host}/v1`)).toBe("error");
    const named = [ROOT, `https://${host}/v1`];
    expect(truth(named, `https://${host}/v1/x`)).toBe("true");
    // Named by its host, whatever the scheme, port and path.
    expect(truth(named, `http://${host}/v1/x`)).toBe("false");
    expect(truth(named, `https://${host}:8443/v1/x`)).toBe("false");
    expect(truth(named, `https://${host}/v2`)).toBe("false");
    expect(truth(named, ROOT)).toBe("true");
  },
);

test("a URL may be 8192 units long", () => {
  const start = `${ROOT}/`;
  expect(truth(ROOT, start + "a".repeat(8192 - start.length))).toBe("true");
  expect(truth(ROOT, start + "a".repeat(8193 - start.length))).toBe("error");
});

test("a name with numbers in it is no address", () => {
  for (const host of ["1.2.3.4.example", "10.example.com", "a1", "1a"]) {
    expect(truth(`https://${host}`, `https://${host}/x`)).toBe("true");
    expect(truth(ROOT, `https://${host}/x`)).toBe("false");
  }
});

test("a list of URLs: any of them", () => {
  const operands = ["https://a.example/x", "https://b.example/y", "wss://c.example"];
  expect(truth(operands, "https://b.example/y/z")).toBe("true");
  expect(truth(operands, "wss://c.example/")).toBe("true");
  expect(truth(operands, "https://a.example/y")).toBe("false");
});

test("texts made of what URLs are made of: what another reading says", () => {
  const host = fc.constantFrom(
    ..."h h.example a..b .a h. H 1.2.3.4 127.1 [::1] [::01] user@h @h h:443 h:8443 h: xn--bcher-kva 0x1 a,b h\\".split(
      " ",
    ),
  );
  const piece = fc.constantFrom(
    ..."/ / / v1 x . .. %2e %2F %5c %25 %00 %41 %c3%a9 %C3 % %2 ^ | [ ] ' \" ? # @ : ; // é \\ ~".split(
      " ",
    ),
  );
  const value = fc
    .tuple(
      fc.constantFrom("https://", "http://", "wss://", "https:", "ftp://"),
      host,
      fc.array(piece, { maxLength: 6 }),
    )
    .map(
      ([scheme, name, pieces]) =>
        `${scheme}${name}${pieces.length > 0 ? "/" : ""}${pieces.join("")}`,
    );
  const operands = [["https://h/v1", "https://1.2.3.4/"], "https://h", ["http://[::1]/x"]];
  fc.assert(
    fc.property(value, fc.constantFrom(...operands), (text, operand) => {
      truth(operand as Json, text);
    }),
    { numRuns: 20_000 },
  );
});
