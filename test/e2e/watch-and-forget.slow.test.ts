/** Adding files as they come, and taking images and users out without a trace. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync, copyFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { albumTree, jsonLines, openDesk } from "../support/cli.ts";
import { writePictures } from "../support/pictures.ts";

const KINDS = ["sunset", "receipt", "night"] as const;

const sha256Of = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Files below `folder` that hold the text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

describe("watch", () => {
  it("organises what is there, adds what comes once it has settled, and ends with Ctrl-C", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    await writePictures(desk.path("more"), { kinds: ["flower"], each: 3 });
    const watching = desk.run(["watch", "in", "--json"], {
      interrupt: { when: /"event":"changed"[^]*"event":"waiting"/, signal: "SIGINT" },
    });
    const until = Date.now() + 60_000;
    while (!existsSync(desk.path("albums/index.html")) && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 200));
    for (const name of readdirSync(desk.path("more")))
      copyFileSync(desk.path("more", name), desk.path("in", name));
    const { code, stdout } = await watching;
    expect(code).toBe(130);
    const summaries = jsonLines(stdout).filter(({ event }) => event === "summary");
    expect(summaries.map(({ added }) => added)).toEqual([12, 3]);
    expect(Object.keys(albumTree(desk.path("albums"))).filter((file) => file.endsWith(".jpg"))).toHaveLength(
      15,
    );
  });
});

describe("watch of a misspelled folder", () => {
  it("says so, and leaves no catalog behind that later commands would find", async () => {
    const desk = openDesk();
    const { code, stderr } = await desk.run(["watch", "fotos", "--out", "made/here"]);
    expect([code, stderr.includes("fotos does not exist")]).toEqual([1, true]);
    expect(existsSync(desk.path("made"))).toBe(false);
  });
});

describe("forget", () => {
  it("leaves no trace of an image, and the file that the person has", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    await desk.albumen(["organize", "in", "--albums", "3"]);
    const source = desk.path("in/night-02.jpg");
    const sha = sha256Of(source);
    expect(filesWith(desk.path("albums"), sha).length).toBeGreaterThan(1);
    const [summary] = (await desk.json(["forget", "in/night-02.jpg"])).slice(-1);
    expect(summary).toMatchObject({ event: "summary", images: 1, places: 1, kept: [] });
    for (const trace of [sha, source, "night-02"]) expect(filesWith(desk.path("albums"), trace)).toEqual([]);
    expect(Object.keys(albumTree(desk.path("albums"))).filter((file) => file.includes("night-02"))).toEqual(
      [],
    );
    expect(sha256Of(source)).toBe(sha);
    expect((await desk.json(["status"])).at(-1)).toMatchObject({ images: 11, locations: 11 });
    const undo = await desk.run(["undo"]);
    expect([undo.code, undo.stderr.includes("undo")]).toEqual([1, true]);
    // It is the person's to take the file away: otherwise it is found again.
    rmSync(source);
    expect((await desk.json(["organize", "in"])).at(-1)).toMatchObject({ added: 0, images: 11 });
  });

  it("leaves no trace of a user, and all of others", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    const names = readdirSync(desk.path("in")).sort();
    const shared = [`in/${names[0]!},zachary`];
    const rows = names.map((name, i) => `in/${name},${i % 2 === 0 ? "alexandra" : "zachary"}`);
    writeFileSync(desk.path("list.csv"), ["path,user", ...rows, ...shared].join("\n"));
    await desk.albumen(["organize", "list.csv", "--per-user"]);
    const before = albumTree(desk.path("albums/alexandra"));
    const [summary] = (await desk.json(["forget", "zachary", "--catalog", "albums/.albumen"])).slice(-1);
    expect(summary).toMatchObject({ images: 6, places: 6, kept: [] });
    expect(filesWith(desk.path("albums"), "zachary")).toEqual([]);
    expect(readdirSync(desk.path("albums"))).not.toContain("zachary");
    for (const [i, name] of names.entries())
      if (i % 2 === 1) expect(filesWith(desk.path("albums"), sha256Of(desk.path("in", name)))).toEqual([]);
    expect(albumTree(desk.path("albums/alexandra"))).toEqual(before);
  });

  it("leaves an empty catalog of the last user, also when it was killed on the way", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    const names = readdirSync(desk.path("in"));
    writeFileSync(
      desk.path("list.csv"),
      ["path,user", ...names.map((name) => `in/${name},zachary`)].join("\n"),
    );
    await desk.albumen(["organize", "list.csv", "--per-user"]);
    const forget = ["forget", "zachary", "--catalog", "albums/.albumen"];
    await desk.run([...forget, "--json"], { interrupt: { when: /"stage":"users"/, signal: "SIGKILL" } });
    expect((await desk.json(forget)).at(-1)).toMatchObject({ images: 12, places: 12 });
    expect(filesWith(desk.path("albums"), "zachary")).toEqual([]);
    expect(readdirSync(desk.path("albums"))).toEqual([".albumen"]);
  });

  it("is finished by the next command when it is killed", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    await desk.albumen(["organize", "in", "--albums", "3"]);
    const sha = sha256Of(desk.path("in/night-02.jpg"));
    await desk.run(["forget", "in/night-02.jpg", "--json"], {
      interrupt: { when: /"stage":"(apply|gallery)"/, signal: "SIGKILL" },
    });
    await desk.albumen(["apply"]);
    expect(filesWith(desk.path("albums"), sha)).toEqual([]);
    expect((await desk.json(["status"])).at(-1)).toMatchObject({ images: 11 });
  });

  it("refuses what it does not know, and what was moved into the output", async () => {
    const desk = openDesk();
    await writePictures(desk.path("in"), { kinds: KINDS, each: 4 });
    await desk.albumen(["organize", "in", "--albums", "3", "--as", "move"]);
    const unknown = await desk.run(["forget", "nobody"]);
    expect([unknown.code, unknown.stderr.includes("nobody")]).toEqual([1, true]);
    const moved = await desk.run(["forget", "in/night-02.jpg"]);
    expect(moved.stderr).toContain("was moved into the output");
    expect((await desk.json(["status"])).at(-1)).toMatchObject({ images: 12 });
  });
});
