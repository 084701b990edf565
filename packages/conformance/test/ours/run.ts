/** `npm run conformance`: the suite against sockless, or with `--peers` against the others. */
import { writeFileSync } from 'node:fs';
import { asHtml, asText, countFamilies, type Result, summary } from '../../src/index.ts';
import { isKnown, KNOWN } from './known.ts';
import { peersDocument } from './peers.ts';
import { OURS, PEERS, type Subject } from './subjects.ts';

const args = process.argv.slice(2);
const has = (name: string): boolean => args.includes(name);
const valuesOf = (name: string): string[] => args.flatMap((arg, i) => (args[i - 1] === name ? [arg] : []));
const wanted = valuesOf('--subject');
const options = { filter: valuesOf('--filter'), quick: has('--quick'), parallel: has('--peers') ? 24 : 8 };

/** Subjects at a time: most of a run is waiting. */
const AT_ONCE = 3;

const started = performance.now();
const all: { subject: Subject; results: Result[] }[] = [];
const waiting = (has('--peers') ? PEERS : OURS).filter((subject) => {
  const name = nameOf(subject);
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) return false;
  if (subject.run === undefined) console.log(`${name}: skipped, its runtime is not installed`);
  return subject.run !== undefined;
});
const order = [...waiting];
const worker = async (): Promise<void> => {
  for (let subject = waiting.shift(); subject?.run !== undefined; subject = waiting.shift()) {
    const begun = performance.now();
    const played = await subject.run(options);
    const results = has('--peers') ? played : played.map((result) => withoutKnown(subject as Subject, result));
    all.push({ subject, results });
    console.log(`${nameOf(subject)}: ${summary(results)}, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const wrong = results.filter(({ verdict }) => verdict === 'fail');
    if (wrong.length > 0 && !has('--peers')) console.log(asText(wrong));
    const [path] = valuesOf('--html');
    if (path !== undefined) writeFileSync(path, asHtml(results, nameOf(subject)));
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
all.sort((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
const failed = all.flatMap(({ results }) => results).filter(({ verdict }) => verdict === 'fail').length;
if (has('--write')) writeFileSync(new URL('../../PEERS.md', import.meta.url), peersDocument(all));
const [{ results: first = [] } = {}] = all;
console.log(
  `\n${[...countFamilies(first.map((result) => result.case))].map(([family, count]) => `${family} ${count}`).join(', ')}`,
);
console.log(`${all.length} runs in ${((performance.now() - started) / 1000).toFixed(0)} s, ${failed} cases failed`);
process.exit(failed > 0 && !has('--peers') ? 1 : 0);

/** What a runtime itself does wrong is said in `known.ts`, and no more than that is excused. */
function withoutKnown(subject: Subject, result: Result): Result {
  if (!isKnown(subject, result)) return result;
  return { ...result, verdict: 'skip', findings: [], reason: KNOWN.find(({ id }) => id === result.case.id)?.why };
}

function nameOf({ name, role, over }: Subject): string {
  return `${name} ${role} over ${over}`;
}
