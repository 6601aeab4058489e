/** Every setting: one schema, resolved once, each value with its origin. */
import { resolve } from "node:path";
import { z } from "zod";
import { redactUrl } from "./core/url-secrets.ts";
import { AlbumenError } from "./errors.ts";

/** A setting's schema, default and one line for people; help, env names and the reference page come from here. */
const positiveInt = z.coerce.number().int().positive();
/** `auto` on the command line is null: also the way back from a number that the catalog remembers. */
const autoOrPositive = z.preprocess((value) => (value === "auto" ? null : value), positiveInt.nullable());
const flag = z.preprocess(
  (value) => (value === "1" || value === "true" ? true : value === "0" || value === "false" ? false : value),
  z.boolean(),
);

/** Absolute from here on: the catalog remembers it, and later commands run elsewhere. */
const path = z
  .string()
  .min(1)
  .transform((value) => resolve(value))
  .pipe(z.string());
/** BCP 47, as `Intl` writes it. */
const language = z
  .string()
  .transform((value, context) => {
    try {
      return Intl.getCanonicalLocales(value)[0]!;
    } catch {
      context.addIssue({ code: "custom", message: "it is no language code" });
      return z.NEVER;
    }
  })
  .pipe(z.string());

/** Settings are shown and remembered, so a secret may not be part of one. */
function hasNoSecret(url: string): boolean {
  const { username, password, search } = new URL(url);
  return username === "" && password === "" && search === "";
}

/** Every setting by name: its schema, its default, and one line about it. */
export const SETTINGS = {
  out: { schema: z.string().min(1), default: "./albums", about: "folder for the albums" },
  albums: {
    schema: autoOrPositive,
    default: null,
    about: "number of albums; unset or auto: found by itself",
  },
  clusterer: {
    schema: z.enum(["ward+kmeans", "kmeans", "density"]),
    default: "ward+kmeans",
    about: "method that finds the groups: ward+kmeans; kmeans, which is told albums; density, which is not",
  },
  granularity: {
    schema: z.enum(["coarse", "normal", "fine"]),
    default: "normal",
    about: "fewer and broader, or more and finer albums",
  },
  minAlbumSize: { schema: positiveInt, default: 3, about: "smaller groups go to Unsorted" },
  maxAlbums: {
    schema: autoOrPositive,
    default: null,
    about: "upper limit on the number of albums; unset or auto: none",
  },
  singletons: { schema: flag, default: false, about: "a stray gets its own album instead of Unsorted" },
  depth: { schema: z.coerce.number().int().min(1).max(2), default: 1, about: "levels of folders, 1 or 2" },
  as: { schema: z.enum(["link", "copy", "move"]), default: "link", about: "how files get into albums" },
  user: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "organise the images of this user only",
  },
  perUser: {
    schema: flag,
    default: false,
    about: "give each user albums of their own, in a folder of their own",
  },
  model: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "encoder, an id or a folder; unset: the best that can be had",
  },
  captioner: {
    schema: z.string().min(1).nullable(),
    default: null,
    about:
      "who writes captions: an id or a folder; llm, a server that sees; transformers:ID, by that library; none; unset: the best that is here",
  },
  captionPrompt: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: 'words that captions go on from, e.g. "a photo of"; for BLIP',
  },
  captionUrl: {
    schema: z
      .url({ protocol: /^https?$/ })
      .refine(hasNoSecret, {
        error: "it may hold no user, password or query; the key goes into ALBUMEN_CAPTION_KEY",
      })
      .nullable(),
    default: null,
    about:
      "OpenAI-compatible server of the captioner llm, its key is read from ALBUMEN_CAPTION_KEY; unset: llmUrl",
  },
  captionModel: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "model that the captioner llm asks for, e.g. llava or gpt-4o; unset: llmModel",
  },
  namer: {
    schema: z.enum(["concepts", "llm", "mistral"]),
    default: "concepts",
    about:
      "who names albums: concepts, the encoder's own words; llm, a server; mistral, a GGUF file in this process",
  },
  lang: {
    schema: language,
    default: "en",
    about: "language of names, e.g. de or pt-BR; needs llm or mistral",
  },
  labelImages: {
    schema: flag,
    default: false,
    about: "write labels.csv and labels.json, a label for every image",
  },
  llmUrl: {
    schema: z.url({ protocol: /^https?$/ }).refine(hasNoSecret, {
      error: "it may hold no user, password or query; the key goes into ALBUMEN_LLM_KEY",
    }),
    default: "http://localhost:11434/v1",
    about: "OpenAI-compatible server of the namer llm; its key is read from ALBUMEN_LLM_KEY",
  },
  llmModel: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "model that the server is asked for, e.g. llama3.1:8b",
  },
  llmTimeoutSeconds: { schema: positiveInt, default: 60, about: "longest time for one answer of the server" },
  llmParallel: { schema: positiveInt, default: 4, about: "questions to the server at a time" },
  gguf: { schema: path.nullable(), default: null, about: "GGUF file of the namer mistral" },
  captions: { schema: flag, default: true, about: "write captions for representatives" },
  keepLocation: {
    schema: flag,
    default: false,
    about: "let names and the pictures of --zip tell where pictures were taken",
  },
  seed: { schema: z.coerce.number().int().min(0), default: 1, about: "seed of every random choice" },
  offline: { schema: flag, default: false, about: "never fetch anything" },
  allowPrivate: {
    schema: flag,
    default: false,
    about: "fetch from private and local addresses too, and from any port",
  },
  fetchConcurrency: { schema: positiveInt, default: 64, about: "URLs fetched at a time" },
  fetchPerHost: { schema: positiveInt, default: 16, about: "URLs fetched at a time from one host" },
  fetchTimeoutSeconds: { schema: positiveInt, default: 60, about: "longest time for one try of a URL" },
  maxFetchBytes: { schema: positiveInt, default: 67_108_864, about: "larger answers are refused" },
  proxy: {
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    default: null,
    about: "HTTP proxy for URLs, which then resolves names in Albumen's place",
  },
  keepPlaceholders: {
    schema: flag,
    default: false,
    about: "keep pictures that hosts show in place of dead links",
  },
  s3Endpoint: {
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    default: null,
    about: "server for s3:// sources; unset: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else AWS",
  },
  refresh: { schema: flag, default: false, about: "ask known URLs again whether they have changed" },
  urlColumn: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "column of a list with the URLs or paths; unset: guessed",
  },
  userColumn: {
    schema: z.string().min(1).nullable(),
    default: null,
    about: "column of a list with the users; unset: guessed",
  },
  maxPixels: { schema: positiveInt, default: 268_000_000, about: "images with more pixels are refused" },
  threads: { schema: positiveInt.nullable(), default: null, about: "CPU threads; unset: all cores" },
  device: {
    schema: z.enum(["cpu", "cuda", "webgpu", "coreml", "dml"]),
    default: "cpu",
    about: "device that encoders and captioners run on: cpu, or a GPU whose driver is here",
  },
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
    ["catalog", rememberedIn(layers.catalog ?? {})],
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
        `${where} (${origin}) cannot be ${shown(layer[setting])}: ${parsed.error.issues[0]!.message}.`,
        { hint: `It is the ${SETTINGS[setting].about}.` },
      );
    }
    settings[setting] = parsed.data;
    origins[setting] = origin;
  }
  return { settings: settings as Settings, origins: origins as Record<SettingName, Origin> };
}

/** Of what stands in a catalog, what may stand there; an unknown key stays, to be told of. */
function rememberedIn(catalog: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isOthers = (key: string): boolean =>
    key in SETTINGS && !REMEMBERED_SETTINGS.some((name) => name === key);
  return Object.fromEntries(Object.entries(catalog).filter(([key]) => !isOthers(key)));
}

function shown(value: unknown): string {
  return JSON.stringify(typeof value === "string" ? redactUrl(value) : value);
}

/**
 * Settings that a catalog remembers when a command sets them, so that later commands follow suit. No address of a server
 * is among them: a catalog may come from somebody else, who must not have keys and captions sent wherever he likes.
 */
export const REMEMBERED_SETTINGS = [
  "albums",
  "clusterer",
  "granularity",
  "minAlbumSize",
  "maxAlbums",
  "singletons",
  "depth",
  "as",
  "user",
  "perUser",
  "model",
  "captioner",
  "captionPrompt",
  "namer",
  "lang",
  "labelImages",
  "llmModel",
  "llmTimeoutSeconds",
  "llmParallel",
  "gguf",
  "captions",
  "keepLocation",
  "seed",
] as const satisfies readonly SettingName[];
