/** English wording of names: plural, Title Case, and when two names read the same. Pure. */

/** Plurals that no rule gives. */
const IRREGULAR: Readonly<Record<string, string>> = {
  person: "people",
  man: "men",
  woman: "women",
  child: "children",
  foot: "feet",
  tooth: "teeth",
  goose: "geese",
  monarch: "monarchs",
  mouse: "mice",
  ox: "oxen",
  calf: "calves",
  half: "halves",
  knife: "knives",
  leaf: "leaves",
  loaf: "loaves",
  scarf: "scarves",
  shelf: "shelves",
  wolf: "wolves",
  hippopotamus: "hippopotamuses",
  fungus: "fungi",
};
const SINGULAR_OF = new Map(Object.entries(IRREGULAR).map(([singular, plural]) => [plural, singular]));

/** Nouns that are not counted, keep their form, or read better as the name of a place or a time. */
const UNCOUNTED = new Set(
  (
    "people clothing outerwear swimwear footwear furniture jewellery electronics kitchenware packaging text music food " +
    "fruit produce meat dairy citrus asparagus garlic ginger broccoli corn spaghetti rice bread pizza guacamole dough " +
    "consomme carbonara drink coffee tea juice milk wine beer water espresso eggnog yoghurt oatghurt soyghurt cream " +
    "grass hay wood snow ice sky sea ocean beach seashore lakeside underwater nature winter night rain fire smoke sand " +
    "sunset coral dirt rapeseed forest desert " +
    "sports soccer football basketball baseball tennis hockey golf rugby climbing wildlife wool velvet money glass brass " +
    "fish sheep deer bison salmon cattle squid offspring aircraft " +
    "binoculars trousers shorts pants jeans glasses sunglasses goggles scissors stairs headphones trunks bars"
  ).split(" "),
);
/** Words in -ing that are things; all others are doings and stay as they are. */
const THINGS_IN_ING = new Set(
  "building painting wedding ring string wing king swing spring earring stocking dwelling bunting railing ceiling drawing brambling lacewing".split(
    " ",
  ),
);

const SMALL_WORDS = new Set(["a", "an", "and", "at", "des", "for", "in", "of", "on", "the", "to", "with"]);
const SPELLING: Readonly<Record<string, string>> = { cd: "CD", ipod: "iPod", bmx: "BMX", tv: "TV" };

/** `dog` → `dogs`, `grand piano` → `grand pianos`, `snow` → `snow`, `boots` → `boots`. Lower case in, lower case out. */
export function pluralOf(noun: string): string {
  const at = noun.search(/[^\s-]+$/);
  if (at < 0) return noun;
  const head = noun.slice(0, at);
  const last = noun.slice(at);
  if (IRREGULAR[last] !== undefined) return head + IRREGULAR[last];
  if (UNCOUNTED.has(last) || SINGULAR_OF.has(last) || isPlural(last)) return noun;
  if (last.endsWith("ing") && !THINGS_IN_ING.has(last)) return noun;
  if (/[^aeiou]y$/.test(last)) return `${head}${last.slice(0, -1)}ies`;
  if (/(?:s|x|z|ch|sh)$/.test(last)) return `${noun}es`;
  if (/(?:potato|tomato|mango|volcano|buffalo|mosquito|torpedo|hero)$/.test(last)) return `${noun}es`;
  return `${noun}s`;
}

/** One form for all numbers of a noun, to compare by; not always a real singular. */
function stemOf(word: string): string {
  const irregular = SINGULAR_OF.get(word);
  if (irregular !== undefined) return irregular;
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|z|ch|sh|us|o)es$/.test(word)) return word.slice(0, -2);
  return isPlural(word) ? word.slice(0, -1) : word;
}

function isPlural(word: string): boolean {
  return word.length > 3 && word.endsWith("s") && !/(?:ss|us|is|ops)$/.test(word);
}

/** `dogs on grass` → `Dogs on Grass`, `t-shirts` → `T-Shirts`, `cd players` → `CD Players`. */
export function titleCase(text: string): string {
  let isFirst = true;
  return text.replace(/[\p{L}\p{N}'’]+/gu, (word) => {
    const keep = !isFirst && SMALL_WORDS.has(word);
    isFirst = false;
    return keep ? word : (SPELLING[word] ?? word.charAt(0).toUpperCase() + word.slice(1));
  });
}

/** Equal for two names that a person would take for one: case, accents, punctuation and number do not count. */
export function foldName(name: string): string {
  return wordsOf(name).map(stemOf).join(" ");
}

/** Lower-case words without accents; apostrophes and hyphens bind. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []
  );
}

/** A word of a model as part of a name: no control characters, nothing that a path is made of, single spaces. */
export function cleanWord(text: string): string {
  return text
    .replace(/[\p{C}\p{Z}/\\:*?"<>|.]+/gu, " ")
    .trim()
    .toLowerCase();
}
