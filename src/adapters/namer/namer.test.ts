import { expect, it } from "vitest";
import { testNamer } from "../../../test/conformance/namer.ts";
import { toyAlbums, toyConcepts, toyPicture } from "../../../test/fixtures/toy-concepts.ts";
import { createConceptNamer } from "./concepts.ts";
import { createFakeNamer } from "./fake.ts";

testNamer("concepts", { create: async () => createConceptNamer() });
testNamer("fake", { create: async () => createFakeNamer() });

it("the concept namer stops between two albums", async () => {
  const concepts = toyConcepts([{ text: "dog" }]);
  const dog = toyPicture(concepts, { dog: 0.8 });
  const { vectors, albums } = toyAlbums([[dog], [dog], [dog]]);
  const controller = new AbortController();
  const seen: number[] = [];
  const naming = createConceptNamer().name(
    { vectors, concepts, albums, siblings: [], takenNames: [] },
    {
      signal: controller.signal,
      onProgress: (done) => {
        seen.push(done);
        controller.abort();
      },
    },
  );
  await expect(naming).rejects.toMatchObject({ code: "ABORTED" });
  expect(seen).toEqual([1]);
});
