/** Loads and checks a contestant's file in a process of its own: node probe.ts FILE. It answers with one line of JSON. */
import { answerQuestions } from '../net/answers.ts';
import { checkCodecs } from './check.ts';
import { loadOwn, type Part } from './own.ts';

/** What the file offers, apart from what only its running server can tell. */
export interface Probed {
  readonly name: string;
  readonly parts: readonly Part[];
}

answerQuestions({}, async (): Promise<Probed> => {
  const own = await loadOwn(process.argv[2] ?? '');
  await checkCodecs(own);
  const parts = (['decoder', 'encoder', 'server'] as const).filter((part) => own[part] !== undefined);
  return { name: own.name, parts };
});
