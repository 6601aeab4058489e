import { describe, expect, it } from "vitest";
import { envNameOf, flagNameOf, resolveSettings } from "./config.ts";

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

  it("spells names for shells", () => {
    expect(envNameOf("minAlbumSize")).toBe("ALBUMEN_MIN_ALBUM_SIZE");
    expect(flagNameOf("minAlbumSize")).toBe("--min-album-size");
  });
});
