/** What every backend of the Captioner port must do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlbumenError, type AlbumenError } from "../../src/errors.ts";
import type { Caption, Captioner } from "../../src/ports/captioner.ts";
import type { DecodedImage } from "../../src/ports/image-decoder.ts";
import { drawPicture } from "./embedder.ts";

/** The caption, or the error that stands in its place, thrown. */
function written(outcome: Caption | AlbumenError | undefined): Caption {
  if (outcome === undefined || isAlbumenError(outcome)) throw outcome ?? new Error("nothing came back");
  return outcome;
}

export function testCaptioner(name: string, options: { create(): Promise<Captioner> }): void {
  describe(`captioner ${name}`, () => {
    const call = { signal: new AbortController().signal };
    let captioner: Captioner;
    let pictures: DecodedImage[];

    beforeAll(async () => {
      captioner = await options.create();
      pictures = [1, 2, 3].map((seed) => drawPicture(captioner.input.side, seed));
    });
    afterAll(() => captioner?.dispose());

    it("states a recipe, a batch size and a geometry that make sense", () => {
      expect(captioner.id).toMatch(/^\S+$/);
      expect(captioner.maxBatch).toBeGreaterThanOrEqual(1);
      expect(captioner.input.side).toBeGreaterThan(0);
    });

    it("gives one sentence a picture, with a score of at most 0", async () => {
      const captions = await captioner.caption(pictures, call);
      expect(captions.length).toBe(pictures.length);
      for (const { text, score } of captions.map(written)) {
        expect(text).toMatch(/^\S+( \S+)*$/);
        expect(score).toBeLessThanOrEqual(0);
        expect(Number.isFinite(score)).toBe(true);
      }
    });

    it("gives a picture the same sentence alone and in company", async () => {
      const together = await captioner.caption(pictures, call);
      for (let i = 0; i < pictures.length; i++) {
        const [alone] = await captioner.caption([pictures[i]!], call);
        expect(written(alone).text).toBe(written(together[i]).text);
        expect(written(alone).score).toBeCloseTo(written(together[i]).score, 3);
      }
    });

    it("answers no pictures with no captions", async () => {
      expect(await captioner.caption([], call)).toEqual([]);
    });

    it("reports its progress up to the number of pictures", async () => {
      const seen: [number, number][] = [];
      await captioner.caption(pictures, { ...call, onProgress: (...at) => seen.push(at) });
      expect(seen.at(-1)).toEqual([pictures.length, pictures.length]);
    });

    it("does nothing once the signal has fired", async () => {
      await expect(captioner.caption(pictures, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ABORTED",
      });
    });
  });
}
