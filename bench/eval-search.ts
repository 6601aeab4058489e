/**
 * Whether words find their picture: `npm run eval:search`. Each of the five captions that people wrote of each of the
 * 300 photos of flickr8k300 is searched for among all 300; counted is how often its photo is the first, among the
 * first five, among the first ten. None of the photos taught the model.
 */
import { dot, rowOf } from "../src/core/vectors.ts";
import { openPacks } from "./encoded-packs.ts";
import { machine, table } from "./report.ts";

const BAR_AT_TEN = 0.84;
const TEXTS_A_CALL = 32;

const packs = await openPacks("sentence");
const { pack, vectors } = await packs.encode("flickr8k300");
const queries = pack.images.flatMap(({ captions }, photo) => captions.map((text) => ({ text, photo })));
const ranks: number[] = [];
for (let at = 0; at < queries.length; at += TEXTS_A_CALL) {
  const batch = queries.slice(at, at + TEXTS_A_CALL);
  const texts = await packs.embedTexts(batch.map(({ text }) => text));
  batch.forEach(({ photo }, i) => {
    const query = rowOf(texts, i);
    const own = dot(query, rowOf(vectors, photo));
    let rank = 0;
    for (let other = 0; other < vectors.rows; other++)
      if (other !== photo && dot(query, rowOf(vectors, other)) >= own) rank++;
    ranks.push(rank);
  });
}
await packs.dispose();

const within = (first: number): number =>
  Number((ranks.filter((rank) => rank < first).length / ranks.length).toFixed(3));
const figures = { first: within(1), five: within(5), ten: within(10) };
console.log(
  table(
    ["captions", "photos", "first", "among 5", "among 10", "bar"],
    [[queries.length, vectors.rows, figures.first, figures.five, figures.ten, BAR_AT_TEN]],
  ),
);
console.log(
  JSON.stringify({
    ...figures,
    captions: queries.length,
    bars: { ten: BAR_AT_TEN },
    passed: figures.ten >= BAR_AT_TEN,
    machine: machine(),
  }),
);
