/** The pages of the rules: one for each row of core's table. */
import { HANDSHAKE_RULES, PROTOCOL_RULES } from '@sockless/core';
import { transformSync } from 'esbuild';
import { ADVICE } from './advice.ts';
import { type Example, examplesOf, play, type RuleName } from './examples.ts';
import { type Page, table } from './pages.ts';
import { toFragment } from './playground/address.ts';

/** What a row says, be it of an open connection or of the handshake. */
interface Row {
  readonly name: RuleName;
  readonly section: string;
  readonly sentence: string;
  /** What the peer is told. */
  readonly answer: string;
  readonly opening: boolean;
}

/** All rows, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...Object.entries(PROTOCOL_RULES).map(([key, { code, section, sentence }]) => {
    const name = key as RuleName;
    // With a peer that is gone no closing handshake is tried.
    const answer = answerTo(name).length === 0 ? 'nothing: the transport is destroyed' : `Close frame, ${code}`;
    return { name, section, sentence, answer, opening: false };
  }),
  ...Object.entries(HANDSHAKE_RULES).map(([key, { status, section, sentence }]) => {
    const name = key as RuleName;
    const chosen = status === 0 ? 'the HTTP status that the application chose' : `HTTP status ${status}`;
    return { name, section, sentence, answer: answerTo(name).length === 0 ? 'nothing' : chosen, opening: true };
  }),
];

/** Returns what the peer is sent for the first example of a rule. */
function answerTo(name: RuleName): Uint8Array {
  const [example] = examplesOf(name);
  if (example === undefined) throw new Error(`${name} has no example: examples.ts is the place for one`);
  return play(example).answer;
}

/** Returns the page that lists all rules, and a page for each. */
export function rulePages(): Page[] {
  const list = (opening: boolean): string => {
    const rows = ROWS.filter((row) => row.opening === opening);
    return table(
      ['rule', 'sentence', 'answered with'],
      rows.map(({ name, sentence, answer }) => [`[${name}](rules/${name}.md)`, sentence, answer]),
    );
  };
  const index: Page = {
    path: 'rules.md',
    title: 'Rules',
    group: 'Rules and limits',
    children: ROWS.map(({ name }) => `rules/${name}.md`),
    text: `Every rule that a peer can break, and every deadline, has a name. It is \`error.rule\` of the \`fail\` event, it is in
\`explanation.summary\` of the \`end\` event, and where the peer gets a Close frame it is the
reason there. Each page has bytes that break
the rule, and says what to do.

## Of an open connection

${list(false)}

## Of the opening handshake

${list(true)}
`,
  };
  return [index, ...ROWS.map(rulePage)];
}

function rulePage(row: Row): Page {
  const { name, section, sentence, answer, opening } = row;
  const text = `> ${sentence[0]?.toUpperCase()}${sentence.slice(1)}.

| | |
|---|---|
| Section | ${sectionLink(section)} |
| Answered with | ${answer} |
| In code | \`${opening ? 'HandshakeError' : 'ProtocolError'}\`, \`error.rule === '${name}'\` |

## What breaks it

${examplesOf(name)
  .map((example) => shown(example, name))
  .join('\n\n')}

## What to do

${ADVICE[name].trim()}
`;
  return { path: `rules/${name}.md`, title: name, text };
}

/** Returns a link to a section: of RFC 6455, unless it names another. */
export function sectionLink(section: string): string {
  const [, rfc = '6455', number = ''] = /^(?:RFC (\d+) )?([\d.]+)$/.exec(section) ?? [];
  return `[RFC ${rfc}, section ${number}](https://www.rfc-editor.org/rfc/rfc${rfc}#section-${number})`;
}

/**
 * Returns an example as Markdown.
 *
 * @throws {Error} when it does not break the rule: then the page would be false
 */
function shown(example: Example, rule: RuleName): string {
  const { error } = play(example);
  if (error?.rule !== rule)
    throw new Error(`${rule}: the example "${example.name}" leads to ${error?.rule ?? 'nothing'}`);
  const { name, role, options, hex, head, run, compression } = example;
  const open = hex !== undefined || head === undefined;
  const facts = [
    `${open ? `An open connection, at the ${role}` : `At a ${role}`}`,
    ...(compression ? ['permessage-deflate agreed on'] : []),
    ...(options ? [`options \`${inspect(options)}\``] : []),
  ];
  return [
    `**${name[0]?.toUpperCase()}${name.slice(1)}**`,
    `${facts.join(', ')}:`,
    ...(hex !== undefined ? [fence('text', hex.replace(/\s*\n\s*/g, ' '))] : []),
    ...(head !== undefined && head !== '' ? [fence('text', head.replaceAll('\r\n', '\n').trimEnd())] : []),
    ...(run ? [fence('js', program(run))] : []),
    hex !== undefined && run === undefined && options === undefined
      ? `${found(error)} [Decode these bytes](playground:${fragment(example)})`
      : found(error),
  ].join('\n\n');
}

/** Returns what the playground is to be opened with. */
export function fragment({ role, hex = '', compression }: Example): string {
  return toFragment({ role, hex, compression: compression === true });
}

const found = ({ offset, message }: { offset: number; message: string }): string => `At byte ${offset}: ${message}.`;

const inspect = (value: object): string =>
  JSON.stringify(value)
    .replace(/"(\w+)":/g, ' $1: ')
    .replaceAll('}', ' }')
    .trim();

/** The very function that was run, as a program. What runs the sources takes the line breaks out of it. */
function program(run: NonNullable<Example['run']>): string {
  const text = String(run);
  const { code } = transformSync(`x = ${text.startsWith('run(') ? `{${text}}` : text}`);
  const [, block, expression = ''] = /^x = .*?\) (?:=> )?(?:\{\n(.*)\n\s*\}.*|(.*))$/s.exec(code.trim()) ?? [];
  if (block === undefined) return expression.replaceAll('"', "'");
  const indent = /^ */.exec(block)?.[0] ?? '';
  return block.replaceAll(new RegExp(`^${indent}`, 'gm'), '').replaceAll('"', "'");
}

const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;
