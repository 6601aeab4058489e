/** A repository of a Hugging Face hub, at the commit that the hub names for a branch or tag. */
import { z } from "zod";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { HubRefused, openHubSession, type HubClient, type HubOptions } from "./hub-client.ts";
import type { PartFile } from "./part-file.ts";
import type { Repository } from "./repository.ts";

const COMMIT = /^[0-9a-f]{40}$/;

/** `GET /api/models/<repo>/revision/<revision>?blobs=true`; https://huggingface.co/docs/hub/api */
const infoSchema = z.object({
  sha: z.string().regex(COMMIT),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().nonnegative().nullish(),
      lfs: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative() }).nullish(),
    }),
  ),
  tags: z.array(z.string()).nullish(),
  cardData: z.object({ license: z.union([z.string(), z.array(z.string())]).nullish() }).nullish(),
});

/** `GET /api/models/<repo>/refs`: the branches, which only its owners can make. */
const refsSchema = z.object({
  branches: z.array(z.object({ name: z.string(), targetCommit: z.string().regex(COMMIT) })),
});

/**
 * `revision`: a branch, tag, commit, or null for the main branch.
 * Errors: `MODEL_UNKNOWN` when the hub has no such thing, `MODEL_FETCH_FAILED`, `CONFIG_INVALID`, `ABORTED`.
 */
export async function openHubRepository(
  repo: string,
  revision: string | null,
  options: HubOptions,
  signal: AbortSignal,
): Promise<Repository> {
  const { client, stop, close } = openHubSession(options, signal);
  try {
    const info = parseAnswer(
      infoSchema,
      await client.api(`${repo}/revision/${encodeURIComponent(revision ?? "main")}?blobs=true`, stop),
      client,
    );
    return repositoryOf(repo, revision, info, client, stop, close);
  } catch (error) {
    await close();
    throwIfAborted(signal);
    throw explain(error, repo, revision, client.host);
  }
}

function repositoryOf(
  repo: string,
  asked: string | null,
  { sha, siblings, tags, cardData }: z.infer<typeof infoSchema>,
  client: HubClient,
  signal: AbortSignal,
  close: () => Promise<void>,
): Repository {
  const facts = new Map(
    siblings
      // A hub can name what it likes; a path must not lead out of where we put it.
      .filter(({ rfilename }) => /^[^/\\.][^/\\]*(\/[^/\\.][^/\\]*)*$/.test(rfilename))
      .map(({ rfilename, size, lfs }) => [
        rfilename,
        { bytes: lfs?.size ?? size ?? null, sha256: lfs?.sha256 ?? null },
      ]),
  );
  /** what this run has brought so far, by name */
  const fetched = new Map<string, PartFile>();
  const stated = cardData?.license ?? tags?.find((tag) => tag.startsWith("license:"))?.slice(8) ?? null;
  return {
    revision: sha,
    place: `${client.host} (${repo})`,
    licence: stated === null ? null : [stated].flat().join(", "),
    files: new Map([...facts].map(([name, { bytes }]) => [name, bytes])),
    async fetch(names, onProgress) {
      const paths = new Map<string, string>();
      let before = 0;
      for (const name of names) {
        // By the commit, never by the branch: it may have moved on since we asked.
        const file = { repo, revision: sha, path: name, ...facts.get(name)! };
        const there = fetched.get(name);
        if (there !== undefined) {
          paths.set(name, there.path);
          before += file.bytes ?? 0;
          continue;
        }
        try {
          let last = 0;
          const part = await client.download(
            file,
            await client.open(file, signal),
            (done) => onProgress(before + (last = done)),
            signal,
          );
          before += file.bytes ?? last;
          paths.set(name, part.path);
          fetched.set(name, part);
        } catch (error) {
          throwIfAborted(signal);
          throw explain(error, repo, asked, client.host);
        }
      }
      onProgress(before);
      return paths;
    },
    async otherRevisions() {
      const { branches } = parseAnswer(refsSchema, await client.api(`${repo}/refs`, signal), client);
      return branches.filter(({ targetCommit }) => targetCommit !== sha).map(({ name }) => name);
    },
    async discard() {
      for (const part of fetched.values()) await part.drop();
      fetched.clear();
    },
    async close() {
      for (const part of fetched.values()) await part.rest();
      fetched.clear();
      await close();
    },
  };
}

function parseAnswer<T>(schema: z.ZodType<T>, value: unknown, { host }: HubClient): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new AlbumenError(
    "MODEL_FETCH_FAILED",
    `${host} does not answer as a model hub does: ${issue!.path.join(".") || "top level"}: ${issue!.message}`,
  );
}

function explain(error: unknown, repo: string, revision: string | null, host: string): unknown {
  if (!(error instanceof HubRefused)) return error;
  const what = revision === null ? repo : `${repo}@${revision}`;
  if (error.status === 404)
    return new AlbumenError("MODEL_UNKNOWN", `${host} has no model ${what}.`, {
      hint: "Check the spelling, and whether the revision is a branch, tag or whole commit.",
      cause: error,
    });
  if (error.status === 401)
    return new AlbumenError("MODEL_FETCH_FAILED", `${host} answered 401 for ${what}.`, {
      // The hub does not tell strangers which of the two it is.
      hint: `Either there is no such model, or it is private. ${error.hint ?? ""}`.trim(),
      cause: error,
    });
  return error;
}
