import { describe, expect, it } from "vitest";
import { envNameOf, flagNameOf, resolveSettings, SETTINGS } from "./config.ts";

describe("settings", () => {
  it("takes flags over environment over catalog over user file over defaults", () => {
    const { settings, origins } = resolveSettings({
      flags: { seed: "5" },
      env: { ALBUMEN_SEED: "6", ALBUMEN_DEPTH: "2" },
      catalog: { depth: 1, as: "copy" },
      userFile: { as: "move", granularity: "fine" },
    });
    expect(settings).toMatchObject({ seed: 5, depth: 2, as: "copy", granularity: "fine", minAlbumSize: 3 });
    expect(origins).toMatchObject({
      seed: "flag",
      depth: "env",
      as: "catalog",
      granularity: "user file",
      minAlbumSize: "default",
    });
  });

  it("says which setting, from where, and what is allowed", () => {
    expect(() => resolveSettings({ flags: { as: "steal" } })).toThrow(
      /--as \(flag\) cannot be "steal".*link/,
    );
    expect(() => resolveSettings({ env: { ALBUMEN_ALBUMS: "0" } })).toThrow(/ALBUMEN_ALBUMS \(env\)/);
    expect(() => resolveSettings({ userFile: { sead: 1 } })).toThrow(/no setting "sead" \(user file\)/);
  });

  it("reads switches from the environment", () => {
    expect(resolveSettings({ env: { ALBUMEN_OFFLINE: "1" } }).settings.offline).toBe(true);
    expect(resolveSettings({ env: { ALBUMEN_CAPTIONS: "0" } }).settings.captions).toBe(false);
  });

  it("lets a flag take back a number that the catalog remembers", () => {
    const { settings, origins } = resolveSettings({ flags: { albums: "auto" }, catalog: { albums: 5 } });
    expect([settings.albums, origins.albums]).toEqual([null, "flag"]);
  });

  it("reads languages as Intl writes them, and refuses what is none", () => {
    expect(resolveSettings({ flags: { lang: "pt-br" } }).settings.lang).toBe("pt-BR");
    expect(() => resolveSettings({ flags: { lang: "no language" } })).toThrow(/--lang \(flag\)/);
  });

  it("takes no secret in the address of a server, and does not repeat it", () => {
    for (const llmUrl of ["https://me:hunter2@llm.example/v1", "https://llm.example/v1?api_key=hunter2"]) {
      const read = () => resolveSettings({ flags: { llmUrl } });
      expect(read).toThrow(/ALBUMEN_LLM_KEY/);
      expect(read).not.toThrow(/hunter2/);
    }
  });

  it("lets no catalog say where keys and captions are sent", () => {
    const catalog = {
      namer: "llm",
      llmUrl: "http://elsewhere.example/v1",
      proxy: "http://elsewhere.example",
    };
    const { settings } = resolveSettings({ catalog });
    expect([settings.namer, settings.llmUrl, settings.proxy]).toEqual([
      "llm",
      SETTINGS.llmUrl.default,
      SETTINGS.proxy.default,
    ]);
  });

  it("spells names for shells", () => {
    expect(envNameOf("minAlbumSize")).toBe("ALBUMEN_MIN_ALBUM_SIZE");
    expect(flagNameOf("minAlbumSize")).toBe("--min-album-size");
  });
});
