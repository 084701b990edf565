/** The sentences of the RFCs that say MUST or MUST NOT, and the cases that show whether an implementation follows them. */
import { ANSWER } from './sentences-answer.ts';
import { CONNECTION } from './sentences-connection.ts';
import { END } from './sentences-end.ts';
import { EXTENSION } from './sentences-extension.ts';
import { OPENING } from './sentences-opening.ts';

/** A sentence of an RFC. */
export interface Sentence {
  readonly rfc: 6455 | 7692;
  readonly section: string;
  /** Its words; `…` stands for what is left out. */
  readonly words: string;
  /** The beginnings of the ids of its cases. */
  readonly cases?: readonly string[];
  /** Why no case can show it. */
  readonly hidden?: string;
}

export const SENTENCES: readonly Sentence[] = [...OPENING, ...ANSWER, ...CONNECTION, ...END, ...EXTENSION];

/** Returns the first sentence that a case belongs to. */
export function sentenceOf(id: string): Sentence | undefined {
  return SENTENCES.find(({ cases = [] }) => cases.some((start) => id.startsWith(start)));
}
