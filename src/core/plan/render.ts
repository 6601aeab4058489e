/** A plan as text for people: what would happen, folder by folder. Pure, without colours. */
import type { Plan } from "./plan.ts";
import { nameOf, parentOf, type PlaceMode, type Step } from "./steps.ts";

/** Lines shown of each folder; the rest is counted. */
const LINES_A_FOLDER = 3;

export interface PlanCounts {
  readonly foldersMade: number;
  readonly foldersRenamed: number;
  readonly foldersRemoved: number;
  readonly placed: number;
  readonly relocated: number;
  readonly removed: number;
}

export function countSteps(steps: readonly Step[]): PlanCounts {
  const count = (kind: Step["kind"]) => steps.filter((step) => step.kind === kind).length;
  return {
    foldersMade: count("makeFolder"),
    foldersRenamed: count("renameFolder"),
    foldersRemoved: count("removeFolder"),
    placed: count("place"),
    relocated: count("relocate"),
    removed: count("remove") + count("giveBack"),
  };
}

const VERB: Record<PlaceMode, string> = { link: "to link", copy: "to copy", move: "to move" };

/**
 * One line a folder, the first few of its files below it: `+` comes, `-` goes, `>` is renamed.
 * Control characters in paths show as "?", so that no file name can write to the terminal.
 */
export function renderPlan(plan: Plan): string {
  const counts = countSteps(plan.steps);
  const said = [
    counted(counts.foldersMade, "new folder"),
    counted(counts.foldersRenamed, "folder", "to rename"),
    counted(counts.foldersRemoved, "empty folder", "to remove"),
    counted(counts.placed, "file", VERB[plan.mode]),
    counted(counts.relocated, "file", "to another album"),
    counted(counts.removed, "link or copy", "to remove", "links or copies"),
  ].filter((part) => part !== null);
  const lines: string[] = [said.length === 0 ? "Nothing to do." : `${said.join(", ")}.`];

  const folders = new Map<string, { heads: string[]; files: string[] }>();
  const at = (path: string) => {
    const folder = folders.get(path) ?? { heads: [], files: [] };
    folders.set(path, folder);
    return folder;
  };
  for (const step of plan.steps)
    switch (step.kind) {
      case "makeFolder":
        at(step.path).heads.push(`+ ${step.path}/`);
        break;
      case "removeFolder":
        at(step.path).heads.push(`- ${step.path}/`);
        break;
      case "renameFolder":
        at(step.to).heads.push(`> ${step.path}/  becomes  ${step.to}/`);
        break;
      case "adoptFolder":
        break;
      case "place":
        at(parentOf(step.path)).files.push(`+ ${nameOf(step.path)}  from ${step.source}`);
        break;
      case "relocate":
        at(parentOf(step.to)).files.push(`+ ${nameOf(step.to)}  from ${step.file.path}`);
        at(parentOf(step.file.path)).files.push(`- ${nameOf(step.file.path)}  to ${step.to}`);
        break;
      case "remove":
        at(parentOf(step.file.path)).files.push(`- ${nameOf(step.file.path)}`);
        break;
      case "giveBack":
        at(parentOf(step.file.path)).files.push(`- ${nameOf(step.file.path)}  back to ${step.file.source}`);
        break;
    }
  for (const [path, { heads, files }] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const coming = files.filter((file) => file.startsWith("+")).length;
    const tally = [coming ? `+${coming}` : "", files.length > coming ? `-${files.length - coming}` : ""];
    const shownTally = tally.filter((part) => part !== "").join(" ");
    const titles = heads.length > 0 ? heads : [`  ${path}/`];
    lines.push("", ...titles.slice(0, -1), `${titles.at(-1)}${shownTally === "" ? "" : `  ${shownTally}`}`);
    for (const file of files.slice(0, LINES_A_FOLDER)) lines.push(`    ${file}`);
    if (files.length > LINES_A_FOLDER) lines.push(`    … ${files.length - LINES_A_FOLDER} more`);
  }
  if (plan.missing.length > 0)
    lines.push("", `${counted(plan.missing.length, "image")} of albums cannot be found any more.`);
  return lines.map(withoutControls).join("\n");
}

function counted(n: number, noun: string, rest = "", plural = `${noun}s`): string | null {
  return n === 0 ? null : `${n} ${n === 1 ? noun : plural}${rest === "" ? "" : ` ${rest}`}`;
}

function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, "?");
}
