/** `npm run conformance`: the suite against sockless, or with `--peers` against the others. */
import { writeFileSync } from 'node:fs';
import { asHtml, asText, countFamilies, type Result, summary } from '../../src/index.ts';
import { asWire } from '../../src/report/text.ts';
import { isKnown, KNOWN } from './known.ts';
import { peersDocument } from './peers.ts';
import { OURS, PEERS, type Subject } from './subjects.ts';

const args = process.argv.slice(2);
const has = (name: string): boolean => args.includes(name);
const valuesOf = (name: string): string[] => args.flatMap((arg, i) => (args[i - 1] === name ? [arg] : []));
const [wanted, peers] = [valuesOf('--subject'), valuesOf('--peer')];
const ofPeers = has('--peers') || peers.length > 0;
const options = { filter: valuesOf('--filter'), quick: has('--quick'), parallel: ofPeers ? 24 : 8 };

/** Subjects at a time: most of a run is waiting. */
const AT_ONCE = 3;

if (has('--write') && !(has('--peers') && [...wanted, ...peers, ...options.filter].length === 0)) {
  console.error('--write needs --peers, and no choice of peers or cases: PEERS.md has all of them');
  process.exit(1);
}
const started = performance.now();
const all: { subject: Subject; results: Result[] }[] = [];
const left: string[] = [];
const waiting = (ofPeers ? PEERS : OURS).filter((subject) => {
  const name = nameOf(subject);
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) return false;
  if (peers.length > 0 && !peers.some((peer) => peer === subject.name || peer === `${subject.name} ${subject.role}`))
    return false;
  if (subject.missing !== undefined) {
    console.log(`${name}: left out (${subject.missing})`);
    left.push(`${subject.name} as a ${subject.role} (${subject.missing})`);
  }
  return subject.missing === undefined;
});
if (waiting.length === 0 && left.length === 0) {
  console.error(`There is no such subject. There are: ${(ofPeers ? PEERS : OURS).map(nameOf).join(', ')}.`);
  process.exit(1);
}
const order = [...waiting];
let broken = 0;
const worker = async (): Promise<void> => {
  for (let subject = waiting.shift(); subject !== undefined; subject = waiting.shift()) {
    try {
      await play(subject);
    } catch (error) {
      broken++;
      console.log(`${nameOf(subject)}: could not be run: ${error instanceof Error ? error.message : error}`);
      left.push(`${subject.name} as a ${subject.role} (it could not be run)`);
    }
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, worker));
all.sort((a, b) => order.indexOf(a.subject) - order.indexOf(b.subject));
const failed = all.flatMap(({ results }) => results).filter(({ verdict }) => verdict === 'fail').length;
if (has('--write')) writeFileSync(new URL('../../PEERS.md', import.meta.url), peersDocument(all, left));
const [{ results: first = [] } = {}] = all;
console.log(
  `\n${[...countFamilies(first.map((result) => result.case))].map(([family, count]) => `${family} ${count}`).join(', ')}`,
);
console.log(`${all.length} runs in ${((performance.now() - started) / 1000).toFixed(0)} s, ${failed} cases failed`);
process.exit(broken > 0 || (failed > 0 && !ofPeers) ? 1 : 0);

async function play(subject: Subject): Promise<void> {
  const begun = performance.now();
  const played = await subject.run(options);
  const results = ofPeers ? played : played.map((result) => withoutKnown(subject, result));
  all.push({ subject, results });
  console.log(`${nameOf(subject)}: ${summary(results)}, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  const wrong = results.filter(({ verdict }) => verdict === 'fail');
  if (has('--verbose') || peers.length > 0) for (const result of wrong) console.log(asWire(result));
  if (wrong.length > 0 && (!ofPeers || peers.length > 0)) console.log(asText(wrong));
  const [path] = valuesOf('--html');
  if (path !== undefined) writeFileSync(path, asHtml(results, nameOf(subject)));
}

/** What a runtime itself does wrong is said in `known.ts`, and no more than that is excused. */
function withoutKnown(subject: Subject, result: Result): Result {
  if (!isKnown(subject, result)) return result;
  return { ...result, verdict: 'skip', findings: [], reason: KNOWN.find(({ id }) => id === result.case.id)?.why };
}

function nameOf({ name, role, over }: Subject): string {
  return `${name} ${role} over ${over}`;
}
