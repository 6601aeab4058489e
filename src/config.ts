/** Every setting: one schema, resolved once, each value with its origin. */
import { z } from "zod";
import { AlbumenError } from "./errors.ts";

/** A setting's schema, default and one line for people; help, env names and the reference page come from here. */
const positiveInt = z.coerce.number().int().positive();
const flag = z.preprocess(
  (value) => (value === "1" || value === "true" ? true : value === "0" || value === "false" ? false : value),
  z.boolean(),
);

/** Every setting by name: its schema, its default, and one line about it. */
export const SETTINGS = {
  out: { schema: z.string().min(1), default: "./albums", about: "folder for the albums" },
  albums: {
    schema: positiveInt.nullable(),
    default: null,
    about: "number of albums; unset: found by itself",
  },
  granularity: {
    schema: z.enum(["coarse", "normal", "fine"]),
    default: "normal",
    about: "fewer and broader, or more and finer albums",
  },
  minAlbumSize: { schema: positiveInt, default: 3, about: "smaller groups go to Unsorted" },
  maxAlbums: { schema: positiveInt.nullable(), default: null, about: "upper limit on the number of albums" },
  singletons: { schema: flag, default: false, about: "a stray gets its own album instead of Unsorted" },
  depth: { schema: z.coerce.number().int().min(1).max(2), default: 1, about: "levels of folders, 1 or 2" },
  as: { schema: z.enum(["link", "copy", "move"]), default: "link", about: "how files get into albums" },
  user: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "organise the images of this user only",
  },
  model: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "encoder; unset: the best that can be had",
  },
  namer: { schema: z.enum(["concepts"]), default: "concepts", about: "who names albums" },
  captions: { schema: flag, default: true, about: "write captions for representatives" },
  seed: { schema: z.coerce.number().int().min(0), default: 1, about: "seed of every random choice" },
  offline: { schema: flag, default: false, about: "never fetch anything" },
  maxPixels: { schema: positiveInt, default: 268_000_000, about: "images with more pixels are refused" },
  threads: { schema: positiveInt.nullable(), default: null, about: "CPU threads; unset: all cores" },
} as const;

/** A key of `SETTINGS`. */
export type SettingName = keyof typeof SETTINGS;
/** The value of every setting, resolved. */
export type Settings = { readonly [K in SettingName]: z.output<(typeof SETTINGS)[K]["schema"]> };
/** Settings as a caller gives them; what is left out is resolved from the other layers. */
export type SettingsInput = { readonly [K in SettingName]?: Settings[K] | undefined };

/** Best first: a layer wins over all that follow. */
export type Origin = "flag" | "env" | "catalog" | "user file" | "default";

export interface SettingsLayers {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly catalog: Readonly<Record<string, unknown>>;
  readonly userFile: Readonly<Record<string, unknown>>;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
}

/** `minAlbumSize` → `ALBUMEN_MIN_ALBUM_SIZE`. */
export function envNameOf(setting: SettingName): string {
  return `ALBUMEN_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `minAlbumSize` → `--min-album-size`. */
export function flagNameOf(setting: SettingName): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Flags win over environment, catalog, user file and defaults. A layer's `undefined` means "not set there".
 * Errors: `CONFIG_INVALID` names the setting, the origin and what is allowed; an unknown key in a file likewise.
 */
export function resolveSettings(layers: Partial<SettingsLayers>): ResolvedSettings {
  const fromEnv: Record<string, unknown> = {};
  for (const setting of Object.keys(SETTINGS) as SettingName[]) {
    const value = layers.env?.[envNameOf(setting)];
    if (value !== undefined && value !== "") fromEnv[setting] = value;
  }
  const ordered: [Origin, Readonly<Record<string, unknown>>][] = [
    ["flag", layers.flags ?? {}],
    ["env", fromEnv],
    ["catalog", layers.catalog ?? {}],
    ["user file", layers.userFile ?? {}],
  ];
  for (const [origin, layer] of ordered)
    for (const key of Object.keys(layer))
      if (!(key in SETTINGS) && layer[key] !== undefined)
        throw new AlbumenError("CONFIG_INVALID", `There is no setting "${key}" (${origin}).`, {
          hint: `Settings are: ${Object.keys(SETTINGS).join(", ")}.`,
        });
  const settings: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const setting of Object.keys(SETTINGS) as SettingName[]) {
    const found = ordered.find(([, layer]) => layer[setting] !== undefined);
    if (!found) {
      settings[setting] = SETTINGS[setting].default;
      origins[setting] = "default";
      continue;
    }
    const [origin, layer] = found;
    const parsed = SETTINGS[setting].schema.safeParse(layer[setting]);
    if (!parsed.success) {
      const where = origin === "flag" ? flagNameOf(setting) : origin === "env" ? envNameOf(setting) : setting;
      throw new AlbumenError(
        "CONFIG_INVALID",
        `${where} (${origin}) cannot be ${JSON.stringify(layer[setting])}: ${parsed.error.issues[0]!.message}.`,
        { hint: `It is the ${SETTINGS[setting].about}.` },
      );
    }
    settings[setting] = parsed.data;
    origins[setting] = origin;
  }
  return { settings: settings as Settings, origins: origins as Record<SettingName, Origin> };
}

/** Settings that a catalog remembers when a command sets them, so that later commands follow suit. */
export const REMEMBERED_SETTINGS = [
  "albums",
  "granularity",
  "minAlbumSize",
  "maxAlbums",
  "singletons",
  "depth",
  "as",
  "user",
  "model",
  "namer",
  "captions",
  "seed",
] as const satisfies readonly SettingName[];
