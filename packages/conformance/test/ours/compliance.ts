/** COMPLIANCE.md: each sentence with MUST, its cases, and the line of core that keeps it. */
import { readdirSync, readFileSync } from 'node:fs';
import { allCases, SENTENCES, type Sentence } from '../../src/index.ts';
import { ANCHORS } from './anchors.ts';

const CORE = new URL('../../../core/src/', import.meta.url);

/** A line of core, as it stands there. */
export interface Line {
  readonly file: string;
  readonly code: string;
}

interface Quote extends Line {
  readonly words: string;
}

/** Returns the sentence in lower case with single spaces, so that line breaks and hyphens of the RFC do not matter. */
const plain = (text: string): string =>
  text
    .replace(/[\s_|"“”…-]+/g, ' ')
    .toLowerCase()
    .trim();

let quotes: Quote[] | undefined;

/** Reads every quotation of an RFC in core's comments, and the line of code below it. */
function quotesOfCore(): Quote[] {
  quotes ??= readdirSync(CORE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .flatMap((path) => {
      const lines = readFileSync(new URL(path, CORE), 'utf8').split('\n');
      return lines.flatMap((line, i) => {
        if (!/^\s*\/\/ /.test(line) || /^\s*\/\/ /.test(lines[i - 1] ?? '')) return [];
        let end = i;
        while (/^\s*\/\/ /.test(lines[end] ?? '')) end++;
        const comment = lines
          .slice(i, end)
          .map((each) => each.replace(/^\s*\/\/ /, ''))
          .join(' ');
        const code = (lines[end] ?? '').trim();
        return [...comment.matchAll(/"([^"]{20,})"/g)].map(([, words = '']) => ({
          file: path,
          code,
          words: plain(words),
        }));
      });
    });
  return quotes;
}

/** The shortest quotation that is taken for the sentence itself. */
const SHORTEST = 40;

/** Returns the line that keeps a sentence: where `anchors.ts` says, or below its longest quotation. */
export function lineOf({ words: sentence }: Sentence): Line | undefined {
  const words = plain(sentence);
  const [, file, code] = ANCHORS.find(([part]) => words.includes(plain(part))) ?? [];
  if (file !== undefined && code !== undefined) {
    const lines = readFileSync(new URL(file, CORE), 'utf8').split('\n');
    const found = lines.find((line) => line.includes(code));
    return found === undefined ? undefined : { file, code: found.trim() };
  }
  return quotesOfCore()
    .filter((quote) => quote.words.length >= SHORTEST && words.includes(quote.words))
    .sort((one, other) => other.words.length - one.words.length)[0];
}

/** Returns the document. */
export function complianceDocument(): string {
  const ids = allCases().map(({ id }) => id);
  const rows = SENTENCES.map((sentence) => {
    const { rfc, section, words, cases = [], hidden } = sentence;
    const line = hidden === undefined ? lineOf(sentence) : undefined;
    const counted = cases
      .map((start) => `\`${start}\` (${ids.filter((id) => id.startsWith(start)).length})`)
      .join(', ');
    const code =
      line === undefined
        ? ''
        : `[${line.file}](../core/src/${line.file}): \`${line.code.replaceAll('|', '\\|').slice(0, 110)}\``;
    return `| ${rfc} ${section} | ${words.replaceAll('|', '\\|')} | ${hidden ?? counted} | ${code} |`;
  });
  const shown = SENTENCES.filter(({ hidden }) => hidden === undefined).length;
  return [
    '# Compliance',
    '',
    'Written by `node packages/tools/run.js compliance`. Do not edit.',
    '',
    `Every sentence of RFC 6455 4, 5, 7 to 10 and RFC 7692 5 to 8 that says MUST or MUST NOT: ${SENTENCES.length}, of which ${shown} can be seen on the wire. Beside`,
    'each stand the beginnings of the ids of its cases, with their number, and the line of `@sockless/core` that keeps it: it is the line below',
    'the quotation, or the one that does what the sentence asks. Where no case can show a sentence, the reason stands instead.',
    '',
    '| RFC | sentence | cases | core |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
