/** The files of one part of a model, from a hub at the revision that the manifest names. */
import { readFile } from "node:fs/promises";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type { HubSpec } from "../manifest.ts";
import { openHubSession, hubHost, type Answer, type HubClient, type HubOptions } from "./hub-client.ts";
import { OPEN_TIMEOUT_MS, type ModelSource, type OpenedSource } from "./source.ts";

export function hubSource(spec: HubSpec, options: HubOptions): ModelSource {
  return {
    place: `${hubHost(options.env ?? process.env)} (${spec.repo})`,
    async open(signal) {
      const { client, stop, close } = openHubSession(options, signal);
      const fileOf = (role: string) => ({ ...spec, ...spec.files[role]! });
      try {
        const timeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
        // The checkpoint is by far the largest: its answer says whether the hub is there, and is read first.
        const answer = await withTimeout(client.open(fileOf("checkpoint"), stop), timeoutMs);
        const sizes = Object.entries(spec.files).map(([role, { bytes }]) =>
          role === "checkpoint" ? answer.totalBytes : bytes,
        );
        const sizeBytes = total(sizes);
        return {
          sizeBytes,
          close,
          download: (onProgress) =>
            downloadAll(client, spec, answer, (done) => onProgress(done, sizeBytes), stop),
        } satisfies OpenedSource;
      } catch (error) {
        await close();
        throwIfAborted(signal);
        throw error;
      }
    },
  };
}

async function downloadAll(
  client: HubClient,
  spec: HubSpec,
  checkpoint: Answer,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let before = 0;
  const others = Object.keys(spec.files).filter((role) => role !== "checkpoint");
  for (const role of ["checkpoint", ...others]) {
    const file = { ...spec, ...spec.files[role]! };
    const answer = role === "checkpoint" ? checkpoint : await client.open(file, signal);
    const part = await client.download(file, answer, (done) => onProgress(before + done), signal);
    const bytes = await readFile(part.path);
    await part.drop();
    files.set(role, bytes);
    before += bytes.length;
  }
  return files;
}

function total(parts: readonly (number | null)[]): number | null {
  return parts.includes(null) ? null : parts.reduce<number>((sum, bytes) => sum + bytes!, 0);
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AlbumenError("MODEL_FETCH_FAILED", `no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
