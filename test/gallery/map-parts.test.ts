import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { between, fit, panBy, zoomAbout, type Camera } from "../../src/gallery/client/camera.ts";
import { formatRoute, HOME, parseRoute } from "../../src/gallery/client/route.ts";
import { createSpots } from "../../src/gallery/client/spots.ts";
import { decodePictures, encodeGallery } from "../../src/gallery/wire.ts";
import { sampleGallery, sampleImage } from "./sample.ts";

const camera: Camera = { x: 0.1, y: 0.2, scale: 500 };

describe("the map's camera", () => {
  it("fits a box into the middle of the screen", () => {
    // 1 × 0.5 into 600 × 400 less 50 a side: 500 pixels a unit; (0.5, 0.25) comes to (300, 200).
    const fitted = fit({ left: 0, top: 0, right: 1, bottom: 0.5 }, 600, 400, 50);
    expect(fitted.scale).toBe(500);
    expect(fitted.x).toBeCloseTo(-0.1);
    expect(fitted.y).toBeCloseTo(-0.15);
  });

  it("keeps the point under the pointer when it zooms, also midway through a glide", () => {
    const pixel = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(
        pixel,
        pixel,
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (px, py, factor, t) => {
          const target = zoomAbout(camera, px, py, factor, [1, 1e6]);
          const midway = between(camera, target, t);
          for (const c of [target, midway])
            expect(c.x + px / c.scale).toBeCloseTo(camera.x + px / camera.scale, 6);
        },
      ),
    );
  });

  it("does not zoom past its limits, and pans by pixels", () => {
    expect(zoomAbout(camera, 0, 0, 100, [100, 1000]).scale).toBe(1000);
    expect(panBy(camera, 50, -100)).toEqual({ x: 0, y: 0.4, scale: 500 });
  });
});

describe("createSpots", () => {
  const pictures = decodePictures(
    encodeGallery(sampleGallery({ images: Array.from({ length: 300 }, (_, i) => sampleImage(i)) })).images,
  );
  const spots = createSpots(pictures);

  it("finds what a look at every picture finds", () => {
    const unit = fc.double({ min: -0.2, max: 1.2, noNaN: true });
    fc.assert(
      fc.property(unit, unit, fc.double({ min: 0, max: 0.3, noNaN: true }), (x, y, radius) => {
        const inside = pictures.filter((p) => Math.abs(p.x - x) <= radius && Math.abs(p.y - y) <= radius);
        const found: number[] = [];
        spots.within({ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }, (p) =>
          found.push(p.index),
        );
        expect(found.sort((a, b) => a - b)).toEqual(inside.map((p) => p.index));
        const distance = (p: { x: number; y: number }) => (p.x - x) ** 2 + (p.y - y) ** 2;
        const nearest = spots.nearest(x, y, radius);
        expect(nearest === null ? null : distance(nearest)).toBe(
          inside.length === 0 ? null : Math.min(...inside.map(distance)),
        );
      }),
    );
  });
});

describe("routes", () => {
  it("come back from the address as they went in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (album, query) => {
        const route = { ...HOME, view: "album", album, query, picture: "ab12" } as const;
        expect(parseRoute(formatRoute(route))).toEqual(route);
      }),
    );
  });

  it("lead to the albums when they say nothing known", () => {
    expect(parseRoute("")).toEqual(HOME);
    expect(parseRoute("#/nonsense/x")).toMatchObject({ view: "albums" });
    expect(parseRoute("#/album/100%")).toMatchObject({ view: "album", album: "100%" });
  });
});
