/** A stand-in for tests: a function answers. */
import { throwIfAborted } from "../../errors.ts";
import type { LanguageModel, Question } from "../../ports/language-model.ts";

/** `answer` may throw what a real model throws; `parallel` is 2 when omitted. */
export function createFakeLanguageModel(
  answer: (question: Question) => string | Promise<string>,
  { parallel = 2 }: { readonly parallel?: number } = {},
): LanguageModel {
  return {
    id: "fake-model",
    parallel,
    async ask(question, signal) {
      throwIfAborted(signal);
      return answer(question);
    },
    dispose: () => Promise.resolve(),
  };
}
