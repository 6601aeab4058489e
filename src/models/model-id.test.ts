import { describe, expect, it } from "vitest";
import { folderNameOf, isMeant, nameOf, parseModelId, writeModelId, type PublishedId } from "./model-id.ts";

const COMMIT = "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268";

describe("the id of a model", () => {
  it.each([
    ["starter", { kind: "bundled", name: "starter" }],
    ["openai/clip-vit-base-patch32", { kind: "hub", repo: "openai/clip-vit-base-patch32", revision: null }],
    ["acme/x@v1.0", { kind: "hub", repo: "acme/x", revision: "v1.0" }],
    ["acme/x@refs/pr/4", { kind: "hub", repo: "acme/x", revision: "refs/pr/4" }],
    ["pypi:some-model==1.0.2", { kind: "pypi", package: "some-model", version: "1.0.2" }],
    ["npm:@acme/model@1.2.3", { kind: "npm", package: "@acme/model", version: "1.2.3" }],
    ["npm:model@1.2.3-rc.1", { kind: "npm", package: "model", version: "1.2.3-rc.1" }],
    ["./models/x", { kind: "folder", path: "./models/x" }],
    ["/models/x", { kind: "folder", path: "/models/x" }],
    ["~/models/x", { kind: "folder", path: "~/models/x" }],
    ["C:\\models\\x", { kind: "folder", path: "C:\\models\\x" }],
    [".", { kind: "folder", path: "." }],
  ])("%s is read", (text, expected) => {
    expect(parseModelId(text)).toEqual(expected);
    if (expected.kind !== "bundled") expect(writeModelId(expected as PublishedId)).toBe(text);
  });

  it.each([
    "",
    "a b",
    "acme/x/y",
    "acme/x@",
    "acme/../x",
    "acme/x@../../etc",
    "pypi:some-model",
    "npm:model@latest",
    "pypi:--index-url==1",
    "npm:-g@1.0.0 && rm",
    "-rf",
  ])("%j is refused, with the ways to write one", (text) => {
    expect(() => parseModelId(text)).toThrow(
      expect.objectContaining({
        code: "MODEL_UNKNOWN",
        hint: expect.stringContaining("owner/name@revision"),
      }),
    );
  });

  it("tells a folder by how it begins, not by what lies on the disk", () => {
    expect(parseModelId("src/models").kind).toBe("hub");
  });

  it("calls a model from a folder by the folder's own name, not by where it lies", () => {
    expect(nameOf({ kind: "folder", path: "/home/ann/my models/" })).toBe("folder:my-models");
  });

  it("gives a folder name of the cache, with a short commit", () => {
    const revision = `${COMMIT}-q8.1`;
    expect(folderNameOf({ id: "openai/clip-vit-base-patch32", revision })).toBe(
      "openai--clip-vit-base-patch32@3d74acf9a28c-q8.1",
    );
    expect(folderNameOf({ id: "npm:@acme/model", revision: "1.2.3-fp16.1" })).toBe(
      "npm--@acme--model@1.2.3-fp16.1",
    );
  });

  it("means a pulled model by its name, its commit, or as the list shows it", () => {
    const model = { id: "acme/x", revision: `${COMMIT}-q8.1` };
    for (const text of [
      "acme/x",
      "acme/x@3d74acf9a28c",
      `acme/x@${COMMIT}`,
      "acme/x@3d74acf9a28c-q8.1",
      `acme/x@${COMMIT}-q8.1`,
    ])
      expect(isMeant(text, model)).toBe(true);
    for (const text of ["acme/xy", "acme/x@", "acme/x@3d74acf9a28c-fp16.1", "acme/x@main", "x"])
      expect(isMeant(text, model)).toBe(false);
    expect(isMeant("pypi:m==1.0", { id: "pypi:m", revision: "1.0-q8.1" })).toBe(true);
  });
});
