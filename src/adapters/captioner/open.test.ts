import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawPicture } from "../../../test/conformance/embedder.ts";
import { startLlmServer } from "../../../test/support/llm-server.ts";
import type { CaptionerSource } from "../../ports/captioner.ts";
import { chooseCaptioner, type CaptionerSettings } from "./open.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "albumen-captioners-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const own: CaptionerSource = {
  id: "starter-captioner@1",
  isTrusted: false,
  sendsTo: null,
  open: () => Promise.reject(new Error("opened")),
};
const choose = (
  settings: Partial<CaptionerSettings>,
  { env = {}, offline = false, mine = own as CaptionerSource | null } = {},
) =>
  chooseCaptioner(
    {
      captioner: null,
      captionPrompt: null,
      captionUrl: null,
      captionModel: null,
      llmUrl: "http://localhost:11434/v1",
      llmModel: null,
      llmTimeoutSeconds: 5,
      llmParallel: 1,
      ...settings,
    },
    mine,
    { cacheDir: folder, offline, signal: new AbortController().signal, onEvent: () => {}, env },
  );

describe("chooseCaptioner", () => {
  it("takes the encoder's own when nothing better is here, and nobody when there is none or none is wanted", async () => {
    expect(await choose({})).toBe(own);
    expect(await choose({}, { mine: null })).toBeNull();
    expect(await choose({ captioner: "none" })).toBeNull();
    expect(await choose({ captioner: "starter" })).toBe(own);
  });

  it("refuses the captioner of another encoder, and models that write no captions", async () => {
    await expect(choose({ captioner: "starter" }, { mine: null })).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      hint: "Use --model starter as well.",
    });
    await expect(choose({ captioner: "mini" })).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
  });

  it("says which server pictures would be sent to, and sends none from a machine that is to stay offline", async () => {
    const away = { captioner: "llm", captionModel: "some-model", captionUrl: "https://llm.example.org/v1" };
    expect(await choose(away)).toMatchObject({ id: "llm:some-model@1", sendsTo: "llm.example.org" });
    await expect(choose(away, { offline: true })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const here = { captioner: "llm", llmModel: "llava" };
    expect(await choose(here, { offline: true })).toMatchObject({ id: "llm:llava@1", sendsTo: null });
    await expect(choose({ captioner: "llm" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("--caption-model"),
    });
  });

  it("shows a server no key that was given for another one", async () => {
    const server = await startLlmServer(() => ({ text: "A dog." }));
    const ask = async (settings: Partial<CaptionerSettings>, env: Record<string, string>) => {
      const source = await choose({ captioner: "llm", captionModel: "llava", ...settings }, { env });
      const captioner = await source!.open();
      await captioner.caption([drawPicture(captioner.input.side, 1)], {
        signal: new AbortController().signal,
      });
      return server.received.at(-1)!.authorization;
    };
    const env = { ALBUMEN_LLM_KEY: "for-names", OPENAI_API_KEY: "for-openai" };
    expect(await ask({ captionUrl: server.url }, env)).toBeNull();
    const both = { ...env, ALBUMEN_CAPTION_KEY: "for-captions" };
    expect(await ask({ captionUrl: server.url }, both)).toBe("Bearer for-captions");
    expect(await ask({ llmUrl: server.url }, env)).toBe("Bearer for-names");
    await server.close();
  });

  it("opens nothing before it is asked to", async () => {
    const source = await choose({ captioner: "transformers:toys/absent" }, { offline: true });
    expect(source!.id).toBe("transformers:toys/absent");
    await expect(source!.open()).rejects.toMatchObject({ code: "MODEL_NOT_INSTALLED" });
  });
});
