/** The page of limits and defaults, read from the sources: the docstrings of the options, and the constants. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Page, ROOT, table } from './pages.ts';

/** An option whose docstring names its default. */
export interface Option {
  /** The name of its interface, `ConnectionOptions`, and the package that has it. */
  readonly of: string;
  readonly package: string;
  readonly name: string;
  /** What the docstring says behind "Default:". */
  readonly default: string;
  /** The rest of the docstring. */
  readonly meaning: string;
}

/** A limit that is no option. */
export interface Constant {
  readonly what: string;
  readonly value: number;
}

/** The interfaces that hold options. */
const INTERFACE = /(Options|Policy|Bounds|DeflateRequest|RateLimit)$/;

const PACKAGES = ['core', 'adapter', 'node', 'deno'] as const;

/** What each interface is for, in the order of the page. */
const HEADINGS: Readonly<Record<string, string>> = {
  'core ConnectionOptions': 'Every connection',
  'core RequestOptions': 'Clients',
  'core ServerPolicy': 'Servers: which requests are accepted',
  'core RespondOptions': 'Answering a request that another HTTP server has read',
  'core AcceptOptions': 'Accepting a request',
  'adapter DecisionOptions': 'Accepting a request, with an adapter',
  'core SendOptions': 'Sending a message',
  'adapter GroupSendOptions': 'Sending a message to a group',
  'core PrepareOptions': 'Preparing a message for many connections',
  'core RateLimit': 'A rate limit',
  'core DeflateRequest': 'Compression: what is negotiated',
  'core DeflateOptions': 'Compression: how',
  'adapter AdapterOptions': 'Adapters',
  'adapter ReconnectingOptions': 'Clients of adapters',
  'adapter ReconnectPolicy': 'Connecting again',
  'adapter BackoffPolicy': 'Connecting again: how long to wait',
  'adapter ServerBounds': 'What a server takes on',
  'adapter CloseOptions': 'Closing a server',
  'node ServeOptions': 'serve of @sockless/node',
  'node ConnectOptions': 'connect of @sockless/node',
  'deno ServeOptions': 'serve of @sockless/deno',
  'deno ConnectOptions': 'connect of @sockless/deno',
};

/** Where each limit is that is no option, and what it limits. */
const CONSTANTS: readonly (readonly [file: string, name: string, what: string])[] = [
  ['core/src/frame/header.ts', 'MAX_CONTROL_PAYLOAD', 'Payload of a control frame, in bytes (RFC 6455 5.5)'],
  ['core/src/frame/header.ts', 'MAX_HEADER_SIZE', 'Header of a frame, in bytes (5.2)'],
  [
    'core/src/receive/message.ts',
    'MAX_STRING',
    'A text that is delivered whole, in UTF-16 code units, which is what strings of V8 hold',
  ],
  ['core/src/handshake/http1.ts', 'MAX_FIELDS', 'Header fields of a request or response'],
  ['core/src/connection/opening.ts', 'MAX_INFORMATIONAL', 'Informational responses before the final one'],
  ['core/src/send/sender.ts', 'MAX_PONGS', 'Answers to Ping frames that wait, in bytes; beyond that one waits for all'],
  ['core/src/send/frame-writer.ts', 'LEND_FROM', 'A payload from which on `lend` saves its copy, in bytes'],
  [
    'deflate/src/common.ts',
    'FINAL_BLOCKS',
    'Blocks with BFINAL set in a compressed message, and one more for each 64 bytes it inflates to',
  ],
  [
    'adapter/src/message-queue.ts',
    'MAX_WAITING',
    'Messages that wait for an iteration, in bytes or characters: then reading stops',
  ],
  ['node/src/socket-driver.ts', 'MAX_IN_SOCKET', 'What a socket of Node is handed at a time, in bytes'],
  ['deno/src/outbox.ts', 'MAX_WRITE', 'What a connection of Deno is handed at a time, in bytes'],
];

/** Returns every option of the packages that has a default, in the order of the sources. */
export function readOptions(): Option[] {
  const found = PACKAGES.flatMap((folder) =>
    sources(join('packages', folder, 'src')).flatMap((path) => optionsIn(path, folder)),
  );
  return found;
}

/** Returns the limits that are no options. */
export function readConstants(): Constant[] {
  return CONSTANTS.map(([file, name, what]) => {
    const text = readFileSync(join(ROOT, 'packages', file), 'utf8');
    const [, digits] = new RegExp(`^(?:export )?const ${name}(?:: number)? = ([\\d_]+);`, 'm').exec(text) ?? [];
    if (digits === undefined) throw new Error(`packages/${file} has no number ${name} any more`);
    return { what, value: Number(digits.replaceAll('_', '')) };
  });
}

/** Returns the page. */
export function limitsPage(): Page {
  const options = readOptions();
  const interfaces = new Set([...Object.keys(HEADINGS), ...options.map((option) => `${option.package} ${option.of}`)]);
  const parts = [...interfaces].map((key) => {
    const [folder = '', name = ''] = key.split(' ');
    const rows = options.filter((option) => option.package === folder && option.of === name);
    const cells = rows.map((row) => [`\`${row.name}\``, row.default, row.meaning]);
    return `## ${HEADINGS[key] ?? name}\n\n${table(['option', 'default', 'what it is'], cells, 'defaults')}`;
  });
  const constants = readConstants().map(({ what, value }) => [what, count(value)]);
  return {
    path: 'limits.md',
    title: 'Limits and defaults',
    group: 'Rules and limits',
    text: `Sizes are in bytes and times in milliseconds, unless something else is said. \`Infinity\` switches a limit off. This page is made
from the sources, and a test compares its numbers with what the code does.

${parts.join('\n\n')}

## Limits that are no options

${table(['what', 'limit'], constants)}
`,
  };
}

/** A number with its thousands set apart, and in binary units where it is a whole number of them. */
function count(value: number): string {
  const [size, unit] = value % 2 ** 20 === 0 ? [value / 2 ** 20, 'MiB'] : [value / 2 ** 10, 'KiB'];
  const digits = value.toLocaleString('en-US');
  return value >= 4096 && Number.isInteger(size) ? `${digits} (${size} ${unit})` : digits;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('testing'))
    .map((name) => join(folder, name))
    .sort();
}

function optionsIn(path: string, folder: string): Option[] {
  const file = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.ESNext, true);
  const interfaces = file.statements.filter(ts.isInterfaceDeclaration).filter(({ name }) => INTERFACE.test(name.text));
  return interfaces.flatMap(({ name, members }) =>
    members.flatMap((member): Option[] => {
      const text = docstring(member);
      const { before, value, behind } = split(text) ?? {};
      if (value === undefined || member.name === undefined) return [];
      const meaning = [before, behind].filter((part) => part !== '').join(' ');
      return [{ of: name.text, package: folder, name: member.name.getText(), default: value, meaning }];
    }),
  );
}

function docstring(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node);
  const text = comment === undefined ? '' : (ts.getTextOfJSDocComment(comment.comment) ?? '');
  return text.replace(/\s+/g, ' ').trim();
}

/** Takes the sentence behind "Default:" out of a docstring. */
function split(text: string): { before: string; value: string; behind: string } | undefined {
  const [, before = '', value, behind = ''] = /^(.*?)\s*Default: (.*?)\.(?:\s+([A-Z`].*))?$/.exec(text) ?? [];
  return value === undefined ? undefined : { before, value, behind };
}

/** Returns the numbers that a default names, in bytes, milliseconds or none: `16 MiB` is 16777216, `Infinity` is one too. */
export function numbersIn(text: string): number[] {
  const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20 };
  return [...text.matchAll(/(?<![\w.'^])(Infinity|\d[\d,]*)(?![\w.'])(?: (KiB|MiB))?/g)].map(
    ([, digits = '', unit]) => {
      return Number(digits.replaceAll(',', '')) * (UNITS[unit ?? ''] ?? 1);
    },
  );
}
