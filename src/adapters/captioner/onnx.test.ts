import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCaptioner } from "../../../test/conformance/captioner.ts";
import { sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { starterOrSkip } from "../../../test/support/starter.ts";
import { openBundledModel } from "../../models/model.ts";
import { createOnnxCaptioner, createStarterCaptioner, type OnnxCaptioner } from "./onnx.ts";

const starter = await starterOrSkip();
const reference = sharedOrSkip("reference/starter");

describe.skipIf(!starter.isAvailable)(titleOf("with the trunk", starter), () => {
  testCaptioner("starter", { create: () => createStarterCaptioner(valueOf(starter)) });
});

it("a model without a captioner says so", async () => {
  const options = {
    cacheDir: "/nonexistent",
    offline: true,
    signal: new AbortController().signal,
    onEvent: () => {},
  };
  await expect(createOnnxCaptioner(await openBundledModel("mini", options))).rejects.toMatchObject({
    code: "MODEL_INCOMPATIBLE",
  });
});

describe.skipIf(!starter.isAvailable || !reference.isAvailable)(
  titleOf("starter captioner against the recorded captions", starter, reference),
  () => {
    let captioner: OnnxCaptioner;
    beforeAll(async () => {
      captioner = await createStarterCaptioner(valueOf(starter));
    });
    afterAll(() => captioner?.dispose());

    it("writes the recorded caption for each of 43 recorded features", async () => {
      const { rows } = JSON.parse(readFileSync(join(valueOf(reference), "expected.json"), "utf8")) as {
        rows: { caption: string; captionScore: number }[];
      };
      const bytes = Uint8Array.from(readFileSync(join(valueOf(reference), "features.f32")));
      const features = { data: new Float32Array(bytes.buffer), rows: rows.length, dims: 1280 };
      const captions = await captioner.captionFeatures(features, { signal: new AbortController().signal });
      expect(captions.map(({ text }) => text)).toEqual(rows.map(({ caption }) => caption));
      captions.forEach(({ score }, i) => expect(Math.abs(score - rows[i]!.captionScore)).toBeLessThan(1e-2));
    });
  },
);
