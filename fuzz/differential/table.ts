/** The tables of README.md, made from the explanations: `node --import tsx table.ts` writes them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HANDSHAKE_RULES, type HandshakeRuleName } from '../../packages/core/src/index.ts';
import { ACCEPTED, REFUSED } from './leniency.ts';
import { STRICTNESSES } from './strictness.ts';

/** The file that contains the tables. */
export const README = new URL('README.md', import.meta.url);

/** The marks around them. */
const MARKS = ['<!-- table -->', '<!-- end of the table -->'] as const;

/** Returns the text with up-to-date tables. */
export function withTables(text: string): string {
  const [before, rest = ''] = text.split(MARKS[0]);
  return `${before}${MARKS[0]}\n${tables()}${MARKS[1]}${rest.split(MARKS[1])[1]}`;
}

function tables(): string {
  return [
    '\n### An open connection\n',
    row('what we do', 'section of RFC 6455', 'peers', 'what they do'),
    row('---', '---', '---', '---'),
    ...STRICTNESSES.map(({ name, section, sentence, peers, instead }) =>
      row(name, `${section}: "${sentence}"`, peers.join(', '), instead),
    ),
    '\n### Heads that we refuse and some peers accept\n',
    row('rule', 'section', 'what it says', 'peers that accept'),
    row('---', '---', '---', '---'),
    ...Object.entries(ACCEPTED).map(([rule, peers]) => {
      const { section, sentence } = HANDSHAKE_RULES[rule as HandshakeRuleName];
      return row(`\`${rule}\``, section, sentence, peers.join(', '));
    }),
    '\n### Heads that we accept and some peers refuse\n',
    row('what we accept', 'section', 'peers that refuse'),
    row('---', '---', '---'),
    ...REFUSED.map(({ name, section, peers }) => row(name, section, peers.join(', '))),
    '\n',
  ].join('\n');
}

const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

if (fileURLToPath(import.meta.url) === process.argv[1]) writeFileSync(README, withTables(readFileSync(README, 'utf8')));
