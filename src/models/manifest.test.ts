import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256Of } from "./cache.ts";
import { parseManifest, readManifest } from "./manifest.ts";
import { BUNDLED_MODELS, bundledModelFolder } from "./model.ts";

const mini = async () =>
  JSON.parse(await readFile(join(await bundledModelFolder("mini"), "model.json"), "utf8")) as Record<
    string,
    unknown
  >;
const complaint = (value: unknown) => {
  try {
    parseManifest(JSON.stringify(value), "model.json");
  } catch (error) {
    return String(error);
  }
  throw new Error("was accepted");
};

describe("manifest", () => {
  it.each(BUNDLED_MODELS)("of %s is valid, and every file it lists is what it says", async (id) => {
    const folder = await bundledModelFolder(id);
    const manifest = await readManifest(folder);
    expect(manifest.id).toBe(id);
    for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
      const content = await readFile(join(folder, name));
      expect([name, content.length, sha256Of(content)]).toEqual([name, bytes, sha256]);
    }
  });

  it.each(BUNDLED_MODELS)("of %s lists every file of its folder beside itself and the card", async (id) => {
    const folder = await bundledModelFolder(id);
    const listed = Object.keys((await readManifest(folder)).files);
    expect([...listed, "README.md", "model.json"].sort()).toEqual((await readdir(folder)).sort());
  });

  it("names every field that is wrong", async () => {
    const text = complaint({ ...(await mini()), dims: "256", id: "Mini!" });
    expect(text).toContain("dims: ");
    expect(text).toContain("id: must be a word or owner/name");
  });

  it("refuses a field it does not know, rather than ignore a misspelt one", async () => {
    expect(complaint({ ...(await mini()), captoiner: null })).toContain("captoiner");
  });

  it("refuses a file that lies outside of the folder", async () => {
    const { files, ...rest } = await mini();
    expect(
      complaint({
        ...rest,
        files: { ...(files as object), "../evil": { bytes: 1, sha256: "0".repeat(64) } },
      }),
    ).toMatch(/evil/);
    expect(complaint({ ...rest, files, image: { graphs: ["/etc/passwd"], output: "x" } })).toContain(
      "image.graphs.0: must be a bare file name",
    );
  });

  it("refuses a graph that no file or part provides", async () => {
    expect(complaint({ ...(await mini()), image: { graphs: ["other.onnx"], output: "x" } })).toContain(
      "image.graphs.0: no file is called other.onnx",
    );
  });

  it("refuses a text side without its part", async () => {
    expect(
      complaint({
        ...(await mini()),
        text: { kind: "sentence-part", part: "sentence", offset: 0, maxTokens: 8 },
      }),
    ).toContain("text.part: no part is called sentence");
  });

  it("says that something is not JSON, and that a folder is no model", async () => {
    expect(() => parseManifest("{", "model.json")).toThrow("model.json is not JSON.");
    const folder = await mkdtemp(join(tmpdir(), "albumen-test-"));
    await expect(readManifest(folder)).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
    await rm(folder, { recursive: true });
  });

  it("names the known models when one is not", async () => {
    await expect(bundledModelFolder("maxi")).rejects.toMatchObject({
      code: "MODEL_UNKNOWN",
      hint: "Known models: mini, starter.",
    });
  });
});
