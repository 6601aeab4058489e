/**
 * Which captions are shown, and whether they speak of people or dogs that are not there: `npm run eval:captions`.
 *
 * caltech_a shows neither but for its folders of faces and of dalmatians, so a caption there that speaks of one is
 * wrong (a player behind an accordion counts as wrong too: the pack does not say). flickr8k300 is the captioner's own
 * ground: there the share of captions that stay is counted. Every second photo and folder chose the bars ("tuned").
 */
import { gateCaption } from "../src/core/naming/caption-gate.ts";
import { wordsOf } from "../src/core/naming/wording.ts";
import { rowOf } from "../src/core/vectors.ts";
import { openPacks } from "./encoded-packs.ts";
import { machine, table } from "./report.ts";

const PEOPLE = new Set(
  (
    "man men woman women boy boys girl girls child children kid kids person people baby babies lady ladies guy guys " +
    "group crowd couple family team toddler adult adults skateboarder snowboarder surfer climber biker bicyclist " +
    "cyclist skier rider runner dancer swimmer hiker player players athlete teenager friend friends"
  ).split(" "),
);
const DOGS = new Set("dog dogs puppy puppies retriever terrier greyhound shepherd poodle".split(" "));
const FACES = new Set(["faces", "faces_easy"]);

/** Ratios in [0, 1]. */
const BARS = { invented: 0.1, kept: 0.6 };

interface Judged {
  readonly isTuned: boolean;
  readonly isShown: boolean;
  readonly isWrong: boolean;
}

const packs = await openPacks();

async function judge(name: "flickr8k300" | "caltech_a"): Promise<Judged[]> {
  const { pack, vectors } = await packs.encode(name);
  const captions = await packs.caption(pack, [...pack.images.keys()]);
  const folders = [...new Set(pack.images.map(({ label }) => label))].sort();
  return captions.map((caption, i) => {
    const { label } = pack.images[i]!;
    const words = wordsOf(caption.text);
    const mayShow = {
      people: label === null || FACES.has(label),
      dogs: label === null || label === "dalmatian",
    };
    return {
      isTuned: (label === null ? i : folders.indexOf(label)) % 2 === 0,
      isShown: gateCaption(caption, rowOf(vectors, i), packs.concepts).shown,
      isWrong:
        (!mayShow.people && words.some((word) => PEOPLE.has(word))) ||
        (!mayShow.dogs && words.some((word) => DOGS.has(word))),
    };
  });
}

const flickr = await judge("flickr8k300");
const caltech = await judge("caltech_a");
await packs.dispose();

const share = (of: readonly Judged[], is: (one: Judged) => boolean): number =>
  Number((of.filter(is).length / of.length).toFixed(3));
const figuresOf = (half: (one: Judged) => boolean) => {
  const shown = caltech.filter(half).filter((one) => one.isShown);
  return {
    flickrKept: share(flickr.filter(half), (one) => one.isShown),
    caltechShown: share(caltech.filter(half), (one) => one.isShown),
    inventedAmongShown: share(shown, (one) => one.isWrong),
    inventedBeforeGate: share(caltech.filter(half), (one) => one.isWrong),
  };
};
const figures = {
  tuned: figuresOf((one) => one.isTuned),
  other: figuresOf((one) => !one.isTuned),
  all: figuresOf(() => true),
};
console.log(
  table(
    ["half", "flickr8k300 kept", "caltech_a shown", "invented among shown", "before the gate"],
    Object.entries(figures).map(([half, f]) => [
      half,
      f.flickrKept,
      f.caltechShown,
      f.inventedAmongShown,
      f.inventedBeforeGate,
    ]),
  ),
);
const passed = figures.all.flickrKept >= BARS.kept && figures.all.inventedAmongShown <= BARS.invented;
console.log(JSON.stringify({ ...figures, bars: BARS, passed, machine: machine() }));
