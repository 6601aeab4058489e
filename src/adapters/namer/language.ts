/** Namer over any language model: one question an album, all answers held to the rules of names. */
import {
  namesInUse,
  type AlbumToName,
  type NamerAnswer,
  type NamingRequest,
} from "../../core/naming/evidence.ts";
import { checkName, quoted } from "../../core/naming/name-rules.ts";
import {
  namingQuestion,
  PROMPT_VERSION,
  readName,
  readTranslations,
  TRANSLATED_AT_ONCE,
  translationQuestion,
} from "../../core/naming/prompt.ts";
import { foldName } from "../../core/naming/wording.ts";
import { isAlbumenError, throwIfAborted } from "../../errors.ts";
import type { LanguageModel, Question } from "../../ports/language-model.ts";
import type { Namer } from "../../ports/namer.ts";

/** Takes the model over: `dispose` disposes it. */
export function createLanguageNamer(model: LanguageModel): Namer {
  const id = `${model.id}@${PROMPT_VERSION}`;

  /** What the model says to each question, in order; a fault of its own for each that failed. */
  async function askAll(
    questions: readonly Question[],
    signal: AbortSignal,
    onDone: (done: number) => void,
  ): Promise<(string | Fault)[]> {
    const answers: (string | Fault)[] = [];
    /** the model is away: whoever has not been asked yet is not asked */
    let away: Fault | null = null;
    let next = 0;
    let done = 0;
    const work = async (): Promise<void> => {
      while (next < questions.length) {
        const at = next++;
        answers[at] = away ?? (await ask(questions[at]!, signal));
        const answer = answers[at];
        if (typeof answer !== "string" && !answer.mayAskAgain) away ??= answer;
        onDone(++done);
      }
    };
    await Promise.all(Array.from({ length: Math.min(model.parallel, questions.length) }, work));
    throwIfAborted(signal);
    return answers;
  }

  async function ask(question: Question, signal: AbortSignal): Promise<string | Fault> {
    try {
      return await model.ask(question, signal);
    } catch (error) {
      if (!isAlbumenError(error) || !FAULTS.has(error.code)) throw error;
      return { because: error.message, mayAskAgain: error.code === "LLM_ANSWER_INVALID" };
    }
  }

  return {
    id,
    async name(request, { signal, onProgress }) {
      throwIfAborted(signal);
      const { albums } = request;
      const answers = await askAll(
        albums.map((album) => namingQuestion(album, request)),
        signal,
        (done) => onProgress?.(done, albums.length),
      );
      return namesOf(albums, answers, request, id);
    },
    async translate(names, language, { signal }) {
      throwIfAborted(signal);
      const spoken = new Intl.DisplayNames(["en"], { type: "language" }).of(language) ?? language;
      const parts = Array.from({ length: Math.ceil(names.length / TRANSLATED_AT_ONCE) }, (_, i) =>
        names.slice(i * TRANSLATED_AT_ONCE, (i + 1) * TRANSLATED_AT_ONCE),
      );
      const answers = await askAll(
        parts.map((part) => translationQuestion(part, spoken)),
        signal,
        () => {},
      );
      const taken = new Set<string>();
      return parts.flatMap((part, i): (string | null)[] => {
        const answer = answers[i]!;
        const texts = typeof answer === "string" ? readTranslations(answer, part.length) : null;
        return part.map((_, at) => {
          const checked = texts && checkName(texts[at]!, language);
          if (checked?.kind !== "good" || taken.has(foldName(checked.text))) return null;
          taken.add(foldName(checked.text));
          return checked.text;
        });
      });
    },
    dispose: () => model.dispose(),
  };
}

interface Fault {
  readonly because: string;
  readonly mayAskAgain: boolean;
}

const FAULTS: ReadonlySet<string> = new Set(["LLM_UNREACHABLE", "LLM_REFUSED", "LLM_ANSWER_INVALID"]);

/** In the albums' order, so that which of two equal names stands does not hang on which answer came first. */
function namesOf(
  albums: readonly AlbumToName[],
  answers: readonly (string | Fault)[],
  request: NamingRequest,
  id: string,
): NamerAnswer[] {
  const taken = new Map(namesInUse(request).map((name) => [foldName(name), name]));
  return albums.map((album, i): NamerAnswer => {
    const answer = answers[i]!;
    if (typeof answer !== "string") return { kind: "unnamed", text: null, ...answer };
    const checked = readName(answer);
    if (checked.kind === "bad") return { ...checked, kind: "unnamed", mayAskAgain: true };
    const key = foldName(checked.text);
    const other = taken.get(key);
    if (other !== undefined)
      return {
        kind: "unnamed",
        text: checked.text,
        because: `Another album is called ${quoted(other)}.`,
        mayAskAgain: true,
      };
    taken.set(key, checked.text);
    const { words = [], captionWords = [] } = album.draft?.evidence ?? {};
    return {
      kind: "named",
      name: {
        text: checked.text,
        source: "llm",
        score: null,
        evidence: {
          words,
          captionWords,
          reason: "The words, captions and file names of these pictures led to it.",
          namer: id,
        },
      },
    };
  });
}
