/** Models that answer a question in text: a server's, or one in this process. */
import type { Question } from "../core/naming/question.ts";

export type { Question };

export interface LanguageModel {
  /** `llm:llama3.1:8b`, `mistral:name-of-the-file`: the first part of the recipe of what it wrote */
  readonly id: string;
  /** questions it takes at a time, > 0 */
  readonly parallel: number;
  /**
   * The text of the answer; to the same question the same, as far as the model allows that.
   * Errors: `LLM_UNREACHABLE`, `LLM_REFUSED` (asking anything more is no use), `LLM_ANSWER_INVALID`, `ABORTED`.
   */
  ask(question: Question, signal: AbortSignal): Promise<string>;
  dispose(): Promise<void>;
}
