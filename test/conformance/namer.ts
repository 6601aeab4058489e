/** What every backend of the Namer port must do. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldName } from "../../src/core/naming/wording.ts";
import type { AlbumToName, Namer, NamedSibling, NamingRequest } from "../../src/ports/namer.ts";
import { namesInUse } from "../../src/core/naming/evidence.ts";
import { toyAlbums, toyConcepts, toyPicture } from "../fixtures/toy-concepts.ts";

const concepts = toyConcepts([
  { text: "animal" },
  { text: "dog", parent: "animal" },
  { text: "sea" },
  // What a model's table could hold at worst.
  { text: "../../etc/passwd" },
  { text: "a\u0000b\n\u202ec" },
  { text: "one two three four five six" },
  { text: "???" },
  { text: "CON" },
]);

const text = fc.oneof(
  fc.constantFrom("Dogs", "dog", "Alike", "Sea", "a dog by the sea", "", "../x", "\u0000"),
  fc.string(),
);

const evidence = fc
  .array(
    fc.record({
      pictures: fc.array(
        fc.record({
          word: fc.integer({ min: 0, max: concepts.concepts.length - 1 }),
          cosine: fc.float({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 4 },
      ),
      captions: fc.array(text, { maxLength: 3 }),
      fileNames: fc.array(text, { maxLength: 3 }),
      dates: fc.array(
        fc.oneof(fc.constantFrom("2024-03-17T10:00:00", "2024-05-01", "1999-12-31"), fc.string()),
        { maxLength: 4 },
      ),
      places: fc.array(
        fc.record({
          latitude: fc.double({ min: -90, max: 90, noNaN: true }),
          longitude: fc.double({ min: -180, max: 180, noNaN: true }),
        }),
        { maxLength: 3 },
      ),
      meanColors: fc.array(fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 255 }), fc.nat({ max: 255 })), {
        maxLength: 4,
      }),
      aspectRatios: fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { maxLength: 4 }),
    }),
    { maxLength: 8 },
  )
  .map((albums): Pick<NamingRequest, "vectors" | "albums"> => {
    const pictures = albums.map((album) =>
      album.pictures.map(({ word, cosine }) =>
        toyPicture(concepts, { [concepts.concepts[word].text]: cosine }),
      ),
    );
    return toyAlbums(
      pictures,
      albums.map(({ pictures: _pictures, ...known }): Partial<AlbumToName> => known),
    );
  });

/** The first albums keep their names, the others are to be named. */
const requests: fc.Arbitrary<NamingRequest> = fc
  .record({
    base: evidence,
    keptNames: fc.array(text, { maxLength: 3 }),
    concepts: fc.constantFrom(concepts, null),
    takenNames: fc.array(text, { maxLength: 4 }),
  })
  .map(({ base, keptNames, ...rest }) => ({
    ...rest,
    vectors: base.vectors,
    siblings: base.albums.slice(0, keptNames.length).map((album, i): NamedSibling => ({
      ...album,
      name: keptNames[i]!,
    })),
    albums: base.albums.slice(keptNames.length),
  }));

/** `mayLeaveUnnamed`: a language model may give no usable name; what it gives is held to the same rules. */
export function testNamer(
  name: string,
  options: {
    create(): Promise<Namer>;
    readonly mayLeaveUnnamed?: boolean;
    /** requests a property; 300 when omitted, fewer for slow models */
    readonly runs?: number;
  },
): void {
  const runs = options.runs ?? 300;
  describe(`namer ${name}`, () => {
    const call = { signal: new AbortController().signal };
    let namer: Namer;
    beforeAll(async () => {
      namer = await options.create();
    });
    afterAll(() => namer?.dispose());

    it("states its recipe", () => {
      expect(namer.id).toMatch(/^[a-z][\w.:-]*@\d+$/);
    });

    it("answers every album, and gives names of 1 to 4 words that are unlike all others", async () => {
      await fc.assert(
        fc.asyncProperty(requests, async (request) => {
          const answers = await namer.name(request, call);
          expect(answers.length).toBe(request.albums.length);
          const seen = new Set(namesInUse(request).map(foldName));
          for (const answer of answers) {
            if (answer.kind === "unnamed") {
              expect(options.mayLeaveUnnamed).toBe(true);
              expect(answer.because).not.toBe("");
              continue;
            }
            const { text: given } = answer.name;
            expect(given).toMatch(/^\S+( \S+){0,3}$/u);
            expect(given).not.toMatch(/[\p{C}/\\:*?"<>|]|^\./u);
            expect(foldName(given)).not.toBe("");
            expect(seen.has(foldName(given))).toBe(false);
            seen.add(foldName(given));
          }
        }),
        { numRuns: runs },
      );
    });

    it("scores a name in (0, 1], and none that claims nothing or was not tested yet", async () => {
      await fc.assert(
        fc.asyncProperty(requests, async (request) => {
          for (const answer of await namer.name(request, call)) {
            if (answer.kind === "unnamed") continue;
            const { source, score } = answer.name;
            expect(source).not.toBe("user");
            if (source !== "concepts") expect(score).toBeNull();
            else {
              expect(score).toBeGreaterThan(0);
              expect(score).toBeLessThanOrEqual(1);
            }
          }
        }),
        { numRuns: Math.ceil(runs / 3) },
      );
    });

    it("gives the same names for the same request", async () => {
      await fc.assert(
        fc.asyncProperty(requests, async (request) => {
          expect(await namer.name(request, call)).toEqual(await namer.name(request, call));
        }),
        { numRuns: Math.ceil(runs / 6) },
      );
    });

    it("stops when it is told to", async () => {
      const request = { vectors: concepts.vectors, concepts, albums: [], siblings: [], takenNames: [] };
      await expect(namer.name(request, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ABORTED",
      });
    });
  });
}
