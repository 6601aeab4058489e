/** `albumen models`: list, pull, remove, where, verify. */
import { createInterface } from "node:readline/promises";
import type { ModelInfo, ModelShelf, PullWishes } from "../compose.ts";
import { AlbumenError } from "../errors.ts";
import { alignColumns } from "./render.ts";
import { EXIT, type Session } from "./run.ts";

type Offers = Parameters<NonNullable<PullWishes["confirm"]>>[0];

/** `dtype`: as `--dtype` gave it, already checked. */
export async function runModels(
  session: Session,
  shelf: ModelShelf,
  action: string,
  id: string | undefined,
  dtype: PullWishes["dtype"],
): Promise<number | void> {
  const need = (): string => {
    if (id !== undefined) return id;
    throw new AlbumenError("USAGE", `albumen models ${action} takes the id of a model.`);
  };
  switch (action) {
    case "list":
      return list(session, shelf);
    case "where": {
      const meant = (await shelf.list()).filter((info) => id === undefined || info.id === id);
      if (meant.length === 0)
        throw new AlbumenError("MODEL_NOT_INSTALLED", `There is no model ${id} on this machine.`, {
          hint: "albumen models list shows what is here.",
        });
      for (const { folder, parts } of meant)
        for (const place of [folder, ...parts.map((part) => part.folder)]) session.print(place);
      return session.emit("summary", { models: meant });
    }
    case "pull": {
      const wishes: PullWishes = {
        ...(dtype === undefined ? {} : { dtype }),
        confirm: (offers) => agree(session, need(), offers),
      };
      const pulled = await shelf.pull(need(), wishes);
      session.reporter.stop();
      if (pulled.length === 0) session.print("Nothing was fetched.");
      return show(session, pulled);
    }
    case "remove": {
      const removed = await shelf.remove(need());
      session.print(`${removed} ${removed === 1 ? "folder" : "folders"} of ${need()} removed`);
      return session.emit("summary", { removed });
    }
    case "verify": {
      const faults = await shelf.verify(need());
      for (const fault of faults) session.print(fault);
      if (faults.length === 0) session.print(`${need()} is as it should be`);
      session.emit("summary", { faults });
      return faults.length === 0 ? EXIT.done : EXIT.error;
    }
    default:
      throw new AlbumenError(
        "USAGE",
        `albumen models knows list, pull, remove, where and verify, not "${action}".`,
      );
  }
}

async function list(session: Session, shelf: ModelShelf): Promise<void> {
  for (const { folder, reason } of await shelf.damaged()) {
    session.print(`damaged: ${folder}: ${reason}`);
    session.emit("damaged", { folder, reason });
  }
  show(session, await shelf.list());
}

function show(session: Session, infos: readonly ModelInfo[]): void {
  const rows = infos.flatMap(({ id, revision, kind, comes, licence, sizeBytes, parts }) => [
    [`${id}@${shortRevision(revision)}`, kind, comes, megabytes(sizeBytes), licence],
    ...parts.map((part) => [`  ${part.id}`, "part", part.state, "", `${part.title}; ${part.licence}`]),
  ]);
  for (const line of alignColumns(rows)) session.print(line);
  for (const info of infos) session.emit("model", info);
  session.emit("summary", { models: infos.length });
}

/** What will travel and under which licence, told before it does; for several models at once a person is asked. */
async function agree(session: Session, id: string, offers: Offers): Promise<boolean> {
  for (const offer of offers) session.emit("offer", offer);
  if (offers.length === 1) return true;
  const rows = offers.map(({ id: model, downloadBytes, keptBytes, licence, isHere }) => [
    model,
    isHere ? "is here" : `${megabytes(downloadBytes)} to fetch, ${megabytes(keptBytes)} to keep`,
    licence,
  ]);
  for (const line of alignColumns(rows)) session.print(line);
  if (session.flags.yes) return true;
  if (!process.stdin.isTTY)
    throw new AlbumenError(
      "USAGE",
      `albumen models pull ${id} asks before it fetches, and nobody is there.`,
      {
        hint: "Add --yes to take them.",
      },
    );
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question("Fetch them? [y/N] ", { signal: session.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

/** `3d74acf9a28c-q8.1`: enough to tell revisions apart, and taken back by every command that takes an id. */
function shortRevision(revision: string): string {
  return revision.replace(/^([0-9a-f]{12})[0-9a-f]{28}(?=-)/, "$1");
}

function megabytes(bytes: number | null): string {
  if (bytes === null) return "size unknown";
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
