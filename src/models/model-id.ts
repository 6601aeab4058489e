/** How a person names a model, and how a pulled one is called. */
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { AlbumenError } from "../errors.ts";

export type ModelId =
  /** comes with the package */
  | { readonly kind: "bundled"; readonly name: string }
  /** `owner/name` or `owner/name@revision` of a Hugging Face hub; the revision is a branch, tag, commit or null */
  | { readonly kind: "hub"; readonly repo: string; readonly revision: string | null }
  /** `pypi:name==version` */
  | { readonly kind: "pypi"; readonly package: string; readonly version: string }
  /** `npm:name@version` */
  | { readonly kind: "npm"; readonly package: string; readonly version: string }
  /** begins like a path, so that no folder that happens to be called `owner` changes what an id means */
  | { readonly kind: "folder"; readonly path: string };

const HUB = /^([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@(\w[\w.-]*(?:\/\w[\w.-]*)*))?$/;
const PYPI = /^pypi:([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)$/;
const NPM = /^npm:((?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*)@(\d[A-Za-z0-9.+-]*)$/;
const FOLDER = /^(\.{1,2}([/\\]|$)|~?[/\\]|[A-Za-z]:[/\\])/;
const BUNDLED = /^[a-z0-9][a-z0-9-]*$/;

/** Errors: `MODEL_UNKNOWN`, saying how ids look. */
export function parseModelId(text: string): ModelId {
  if (FOLDER.test(text)) return { kind: "folder", path: text };
  const pypi = PYPI.exec(text);
  if (pypi) return { kind: "pypi", package: pypi[1]!, version: pypi[2]! };
  const npm = NPM.exec(text);
  if (npm) return { kind: "npm", package: npm[1]!, version: npm[2]! };
  const hub = HUB.exec(text);
  if (hub) return { kind: "hub", repo: hub[1]!, revision: hub[2] ?? null };
  if (BUNDLED.test(text)) return { kind: "bundled", name: text };
  throw new AlbumenError("MODEL_UNKNOWN", `"${text}" is not the id of a model.`, {
    hint: "Ids look like starter, owner/name, owner/name@revision, pypi:name==version, npm:name@version or ./folder.",
  });
}

/** `~/models/x` as shells write it, made absolute. */
export function folderPath(path: string): string {
  return /^~[/\\]/.test(path) ? join(homedir(), path.slice(2)) : resolve(path);
}

/** The same name, to be understood from any working directory. */
export function absoluteName(text: string): string {
  return FOLDER.test(text) ? folderPath(text) : text;
}

/** The id of a model that is published somewhere. */
export type PublishedId = Exclude<ModelId, { kind: "bundled" }>;

/** As a person would write it: `parseModelId` gives it back. */
export function writeModelId(id: PublishedId): string {
  switch (id.kind) {
    case "hub":
      return id.revision === null ? id.repo : `${id.repo}@${id.revision}`;
    case "pypi":
      return `pypi:${id.package}==${id.version}`;
    case "npm":
      return `npm:${id.package}@${id.version}`;
    case "folder":
      return id.path;
  }
}

/** What a pulled model is called in its manifest: the same name whichever revision it is of. */
export function nameOf(id: PublishedId): string {
  switch (id.kind) {
    case "hub":
      return id.repo;
    case "pypi":
      return `pypi:${id.package}`;
    case "npm":
      return `npm:${id.package}`;
    case "folder":
      // Not the whole path: it would stand in catalogs and galleries that people pass on.
      return `folder:${basename(id.path.replace(/[/\\]+$/, "")).replace(/[^\w.-]/g, "-") || "model"}`;
  }
}

/** `openai/clip-vit-base-patch32`, `3d74…40 digits…-q8.1` → `openai--clip-vit-base-patch32@3d74acf9a28c-q8.1` */
export function folderNameOf({ id, revision }: { readonly id: string; readonly revision: string }): string {
  const short = revision.replace(/^([0-9a-f]{12})[0-9a-f]{28}(?=-)/, "$1");
  return `${id.replace(/[/:]/g, "--")}@${short}`;
}

/**
 * Whether a person means this pulled model: its name, or its name and the beginning of its revision as `albumen models
 * list` shows it.
 */
export function isMeant(text: string, model: { readonly id: string; readonly revision: string }): boolean {
  if (text === model.id) return true;
  if (!text.startsWith(`${model.id}@`) && !text.startsWith(`${model.id}==`)) return false;
  const wanted = text.slice(model.id.length).replace(/^(@|==)/, "");
  if (wanted === "") return false;
  const [, short, rest] = /^([0-9a-f]{12})[0-9a-f]{28}(-.*)$/.exec(model.revision) ?? [];
  return model.revision.startsWith(wanted) || (short !== undefined && `${short}${rest}`.startsWith(wanted));
}
