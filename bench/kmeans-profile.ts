/** Where the time of k-means goes: a stopwatch around its kernels, and samples of what runs between them. */
import { Session } from "node:inspector/promises";
import type { Kernels } from "../src/core/cluster/kernels.ts";

export interface Profile {
  total: number;
  rowsToBytes: number;
  centroidsToBytes: number;
  byteGemm: number;
  fineGemm: number;
}

export function emptyProfile(): Profile {
  return { total: 0, rowsToBytes: 0, centroidsToBytes: 0, byteGemm: 0, fineGemm: 0 };
}

export function profileRows(profile: Profile): [string, number][] {
  const { total, rowsToBytes, centroidsToBytes, byteGemm, fineGemm } = profile;
  return [
    ["screening: byte GEMM", byteGemm],
    ["screening: rows to bytes, once", rowsToBytes],
    ["screening: centroids to bytes", centroidsToBytes],
    ["ties: fp32 GEMM", fineGemm],
    ["deciding, exact re-checks, sums, bounds", total - rowsToBytes - centroidsToBytes - byteGemm - fineGemm],
  ];
}

/** The same kernels under a stopwatch. */
export function profiled(kernels: Kernels, profile: Profile): Kernels {
  const timed = async <T>(part: keyof Profile, work: () => Promise<T>): Promise<T> => {
    const beganMs = performance.now();
    const result = await work();
    profile[part] += performance.now() - beganMs;
    return result;
  };
  return {
    ...kernels,
    topK: (queries, base, k) => timed("fineGemm", () => kernels.topK(queries, base, k)),
    async screen(points, centroids) {
      const screen = await timed("rowsToBytes", () => kernels.screen(points, centroids));
      if (screen === null) return null;
      return {
        maxRows: screen.maxRows,
        against(next) {
          const beganMs = performance.now();
          const round = screen.against(next);
          profile.centroidsToBytes += performance.now() - beganMs;
          return { score: (wanted, into) => timed("byteGemm", () => round.score(wanted, into)) };
        },
      };
    },
  };
}

/** Shares of the time outside ONNX Runtime, by function, largest first. */
export async function sampledShares(work: () => Promise<unknown>): Promise<string> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
  await work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [
      id,
      /cluster\/|^wasm/.test(callFrame.url) ? callFrame.functionName || "(closure in kMeans)" : "",
    ]),
  );
  const micros = new Map<string, number>();
  profile.samples!.forEach((id, i) => {
    const name = names.get(id) ?? "";
    if (name !== "") micros.set(name, (micros.get(name) ?? 0) + profile.timeDeltas![i]);
  });
  const total = [...micros.values()].reduce((sum, each) => sum + each, 0);
  return [...micros]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8)
    .map(([name, each]) => `${name} ${Math.round((100 * each) / total)} %`)
    .join(", ");
}
