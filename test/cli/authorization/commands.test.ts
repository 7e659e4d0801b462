import { expect, test } from "vitest";
import { writ } from "../writ.js";

test.each(["authorize", "attenuate", "inspect", "check", "possess", "revoke"])(
  "writ %s --help says how it is used, and the overview names it",
  (name) => {
    const { code, out, err } = writ([name, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: writ ${name} `);
    expect(out).toContain("--json ");
    expect(writ(["--help"]).out).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
  },
);
