import { expect, it } from "vitest";
import { testCaptioner } from "../../../test/conformance/captioner.ts";
import { createFakeCaptioner } from "./fake.ts";

testCaptioner("fake", { create: async () => createFakeCaptioner() });

it("the fake captioner says the strongest channel, or grey", async () => {
  const plain = (...rgb: number[]) => ({ data: Uint8Array.from([...rgb, ...rgb]), width: 2, height: 1 });
  const captions = await createFakeCaptioner().caption([plain(0, 0, 255), plain(80, 80, 80)], {
    signal: new AbortController().signal,
  });
  expect(captions).toEqual([
    { text: "a blue picture", score: 0 },
    { text: "a grey picture", score: -1 },
  ]);
});
