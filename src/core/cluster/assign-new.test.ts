import { describe, expect, it } from "vitest";
import { plainKernels as kernels } from "../../../test/conformance/gram.ts";
import { makeVectors, type Vectors } from "../vectors.ts";
import { assignNew } from "./assign-new.ts";

const onCircle = (degrees: number[]): Vectors =>
  makeVectors(
    Float32Array.from(degrees.flatMap((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)])),
    2,
  );
// Albums at 0 and 180 degrees, members mostly within 8 degrees; one image belongs within 20, see the radius.
const gap = (degrees: number) => 1 - Math.cos((degrees * Math.PI) / 180);
const both = (value: number) => Float32Array.of(value, value);
const albums = {
  centroids: onCircle([0, 180]),
  spread: {
    typical: both(gap(8)),
    deviation: both((gap(20) - gap(8)) / 3),
    radius: both(1 - gap(20)),
    concentration: both(0.99),
  },
};
const none: Vectors = { data: new Float32Array(0), rows: 0, dims: 2 };

describe("assignNew", () => {
  it("joins the nearest album within its radius", async () => {
    const found = await assignNew(albums, onCircle([15, 170]), kernels);
    expect([...found.assignment]).toEqual([0, 1]);
    expect(found.opened).toBe(0);
  });

  it("opens one album for several alike that no album takes, and one for a lone one", async () => {
    const found = await assignNew(albums, onCircle([88, 90, 3, 92, 270]), kernels);
    expect([...found.assignment]).toEqual([2, 2, 0, 2, 3]);
    expect(found.opened).toBe(2);
  });

  it("takes several alike at the edge as a new album, where one of them alone would have joined", async () => {
    expect((await assignNew(albums, onCircle([18]), kernels)).opened).toBe(0);
    expect([...(await assignNew(albums, onCircle([18, 18.5, 19, 18.2]), kernels)).assignment]).toEqual([
      2, 2, 2, 2,
    ]);
  });

  it("opens albums when there are none yet", async () => {
    const empty = new Float32Array(0);
    const noAlbums = {
      centroids: none,
      spread: { typical: empty, deviation: empty, radius: empty, concentration: empty },
    };
    const found = await assignNew(noAlbums, onCircle([0, 1, 180]), kernels);
    expect([...found.assignment]).toEqual([0, 0, 1]);
    expect(found.opened).toBe(2);
  });

  it("takes no images", async () => {
    expect((await assignNew(albums, onCircle([]), kernels)).opened).toBe(0);
  });
});
