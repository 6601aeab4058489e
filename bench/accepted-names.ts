/** The rule of names.json: the name's words hold an accepted name as consecutive whole words, plural or singular. */
export function isAccepted(name: string, accepted: readonly string[]): boolean {
  const words = name.toLowerCase().split(/[\s,&]+/);
  return accepted.some((text) => {
    const wanted = text.toLowerCase().split(" ");
    return words.some((_, at) => wanted.every((word, i) => sameNumberless(words[at + i], word)));
  });
}

function sameNumberless(a: string | undefined, b: string): boolean {
  if (a === undefined) return false;
  const forms = (word: string): string[] => [word, `${word}s`, `${word}es`, word.replace(/y$/, "ies")];
  return forms(a).includes(b) || forms(b).includes(a);
}
