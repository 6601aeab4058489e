/** Which captioner a run gets: the one that was asked for, or the best that is here, or the encoder's own. */
import { AlbumenError } from "../../errors.ts";
import type { GraphOptions } from "../../models/graph.ts";
import { KNOWN_CAPTIONERS, rankOf } from "../../models/known-models.ts";
import { asCaptioner, type CaptionerManifest } from "../../models/manifest.ts";
import { openModel, type Model, type ModelOptions } from "../../models/model.ts";
import { openNamedModel } from "../../models/named-model.ts";
import { listPulled } from "../../models/pulled.ts";
import type { CaptionerSource } from "../../ports/captioner.ts";
import { isThisMachine, llmKeyOf } from "../llm/key.ts";
import { blipCaptionerId, createBlipCaptioner } from "./blip.ts";
import { ownCaptionerId } from "./onnx.ts";
import { createOpenaiCaptioner, openaiCaptionerId } from "./openai.ts";
import { checkTransformers, openTransformersCaptioner, transformersCaptionerId } from "./transformers.ts";

export interface CaptionerSettings {
  /**
   * an id or folder; `llm`: a server; `transformers:` and an id or folder: by that library; `none`; null: the best pulled
   * one that is known, else the encoder's own
   */
  readonly captioner: string | null;
  /** null: none */
  readonly captionPrompt: string | null;
  /** null: `llmUrl` */
  readonly captionUrl: string | null;
  /** null: `llmModel` */
  readonly captionModel: string | null;
  readonly llmUrl: string;
  readonly llmModel: string | null;
  readonly llmTimeoutSeconds: number;
  readonly llmParallel: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const TRANSFORMERS = "transformers:";

/**
 * Nothing is loaded yet. `own`: what the encoder brings. A captioner that is named is that one or an error; one that was
 * merely the best is passed over when it is damaged, which is said. Errors: as `openNamedModel`; `MODEL_INCOMPATIBLE` for
 * an encoder; `CONFIG_INVALID` for a server without a model, or on another machine while offline.
 */
export async function chooseCaptioner(
  settings: CaptionerSettings,
  own: CaptionerSource | null,
  options: ModelOptions & GraphOptions & { readonly env: Env },
): Promise<CaptionerSource | null> {
  const { captioner: wanted } = settings;
  const prompt = settings.captionPrompt ?? undefined;
  if (wanted === null) return (await bestPulled(prompt, options)) ?? own;
  if (wanted === "none") return null;
  if (wanted === "llm") return serverOf(settings, options);
  if (wanted.startsWith(TRANSFORMERS)) {
    checkTransformers();
    const source = wanted.slice(TRANSFORMERS.length);
    return {
      id: transformersCaptionerId(source),
      isTrusted: true,
      sendsTo: null,
      open: () => openTransformersCaptioner(source, options),
    };
  }
  const model = await openNamedModel(wanted, options);
  if (model.manifest.kind === "encoder" && model.manifest.captioner !== null) {
    if (own?.id === ownCaptionerId(model.manifest)) return own;
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `The captioner of ${model.manifest.id} works on that encoder's features only.`,
      { hint: `Use --model ${model.manifest.id} as well.` },
    );
  }
  return ready(model, asCaptioner(model.manifest), prompt, options);
}

async function bestPulled(
  prompt: string | undefined,
  options: ModelOptions & GraphOptions,
): Promise<CaptionerSource | null> {
  const { models, damaged } = await listPulled(options.cacheDir);
  for (const { folder, reason, kind } of damaged)
    if (kind === "captioner") options.onEvent({ kind: "passed-over", folder, reason });
  const [best] = models
    .flatMap(({ folder, manifest }) => {
      const rank = manifest.kind === "captioner" ? rankOf(manifest.id, KNOWN_CAPTIONERS) : null;
      return rank === null ? [] : [{ folder, rank }];
    })
    .sort((a, b) => a.rank - b.rank);
  if (best === undefined) return null;
  const model = await openModel(best.folder, options);
  return ready(model, asCaptioner(model.manifest), prompt, options);
}

function ready(
  model: Model,
  manifest: CaptionerManifest,
  prompt: string | undefined,
  options: GraphOptions,
): CaptionerSource {
  return {
    id: blipCaptionerId(manifest, prompt),
    // Learned on millions of pictures, where the starter's learned on thousands.
    isTrusted: true,
    sendsTo: null,
    open: () => createBlipCaptioner(model, { ...options, ...(prompt === undefined ? {} : { prompt }) }),
  };
}

function serverOf(
  settings: CaptionerSettings,
  { env, offline }: { readonly env: Env; readonly offline: boolean },
): CaptionerSource {
  const model = settings.captionModel ?? settings.llmModel;
  if (model === null)
    throw new AlbumenError("CONFIG_INVALID", "The captioner llm needs captionModel.", {
      hint: "Add --caption-model llava, or set it in settings.json.",
    });
  const url = settings.captionUrl ?? settings.llmUrl;
  const { host } = new URL(url);
  const isHere = isThisMachine(url);
  if (offline && !isHere)
    throw new AlbumenError("CONFIG_INVALID", `--offline rules out captions by ${host}.`, {
      hint: "Name a server on this machine with --caption-url, or another captioner.",
    });
  return {
    id: openaiCaptionerId(model),
    isTrusted: true,
    sendsTo: isHere ? null : host,
    async open() {
      // Only here: the client's library takes an eighth of every command's start-up, and most commands ask no server.
      const { createChatClient } = await import("../llm/client.ts");
      const client = createChatClient({
        url,
        model,
        apiKey: captionKeyOf(env, settings),
        timeoutMs: settings.llmTimeoutSeconds * 1000,
      });
      return createOpenaiCaptioner(client, { parallel: settings.llmParallel });
    },
  };
}

/** A server of its own has a key of its own: the namer's key is shown to nobody but the namer's server. */
function captionKeyOf(env: Env, { captionUrl, llmUrl }: CaptionerSettings): string | null {
  if (captionUrl === null || captionUrl === llmUrl) return llmKeyOf(env, llmUrl);
  const { ALBUMEN_CAPTION_KEY: own, ...others } = env;
  return own || llmKeyOf({ ...others, ALBUMEN_LLM_KEY: undefined }, captionUrl);
}
