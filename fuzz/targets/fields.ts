/** Header fields (RFC 6455 4.3 and 9.1, RFC 9110 5.6), compared with the grammar as regular expressions. */
import {
  areUnique,
  formatExtensions,
  isFieldLine,
  isFieldValue,
  isToken,
  listIncludes,
  parseExtensions,
  parseTokens,
  toFields,
  trim,
} from '../../packages/core/src/handshake/fields.ts';
import { bytesOf, latin1 } from '../src/input.ts';
import { holds, same, typed } from '../src/target.ts';

export const name = 'fields';
export const description =
  'Tokens, lists and extensions follow the grammar and survive formatting, and a value from the caller cannot break a line.';

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const SPACE = '[ \\t]*';
const PARAMETER = `${TOKEN}(?:${SPACE}=${SPACE}(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*"))?`;
const EXTENSION = new RegExp(`^${TOKEN}(?:${SPACE};${SPACE}${PARAMETER})*$`, 's');

export function fuzz(data: Uint8Array): void {
  const text = latin1(data);
  holds('trim takes spaces and tabs', trim(text) === text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, ''));
  checkTokens(text);
  checkExtensions(text);
  checkLines(text);
}

function checkTokens(text: string): void {
  const elements = text.split(',').map(trim).filter(Boolean);
  const token = new RegExp(`^${TOKEN}$`);
  const expected = elements.length > 0 && elements.every((element) => token.test(element)) ? elements : undefined;
  const tokens = parseTokens(text);
  same('a list of tokens follows the grammar', ['actual', tokens ?? null], ['expected', expected ?? null]);
  if (tokens === undefined) return;
  same('a formatted list parses to the same tokens', ['again', parseTokens(tokens.join(', '))], ['at first', tokens]);
  holds(
    'areUnique finds every duplicate',
    areUnique(tokens) === tokens.every((each, at) => tokens.indexOf(each) === at),
  );
  for (const each of tokens) holds('a list has its elements', listIncludes(text, each.toLowerCase()), () => each);
}

function checkExtensions(text: string): void {
  const extensions = parseExtensions(text);
  const expected = naive(text);
  same('extensions follow the grammar', ['actual', extensions ?? null], ['expected', expected ?? null]);
  if (extensions === undefined) return;
  same(
    'extensions are formatted to the same',
    ['again', parseExtensions(formatExtensions(extensions))],
    ['at first', extensions],
  );
}

/** Cuts at commas outside strings, then at semicolons. Each part must follow the grammar. */
function naive(text: string): unknown {
  const cut = (of: string, at: string): string[] => {
    const parts = [''];
    for (const [piece] of of.matchAll(/"(?:[^"\\]|\\.)*"|./gs)) {
      if (piece === at) parts.push('');
      else parts[parts.length - 1] += piece;
    }
    return parts.map(trim);
  };
  const elements = cut(text, ',').filter(Boolean);
  if (elements.length === 0 || !elements.every((element) => EXTENSION.test(element))) return undefined;
  const found = elements.map((element) => {
    const [extension, ...parameters] = cut(element, ';');
    const pairs = parameters.map((parameter) => {
      const [, key, value] = /^([^= \t]+)[ \t]*(?:=[ \t]*(.+))?$/s.exec(parameter) ?? [];
      return [key, value?.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value];
    });
    return { name: extension, parameters: pairs };
  });
  // 9.1: "the value after quoted-string unescaping MUST conform to the 'token' ABNF."
  const values = found.flatMap(({ parameters }) => parameters.map(([, value]) => value));
  return values.every((value) => value === undefined || isToken(value)) ? found : undefined;
}

/** A field that `toFields` accepts makes one line, which parses to the same field. */
function checkLines(text: string): void {
  const [field = '', value = ''] = text.split('\n', 2);
  const fields = typed(() => toFields([[field, value]]), TypeError, RangeError);
  if (!Array.isArray(fields)) return;
  const line = `${field}: ${value}`;
  holds('an accepted field makes one line', isFieldLine(line) && !/[\r\n\0]/.test(line), () => line);
  holds('an accepted field is a name and a value', isToken(field) && isFieldValue(value));
}

export function* seeds(): Iterable<Uint8Array> {
  const values = [
    ...[
      'chat, superchat',
      ' a ,, b,',
      'permessage-deflate; client_max_window_bits',
      'a;b="c";d=e, f',
      'Set-Cookie\na=b',
    ],
    ...[
      'a; b="\\c\\d"',
      'a; b="c d"',
      'a; b=',
      'a b',
      'a;;b',
      ',',
      '',
      'X\r\n',
      'keep-alive, Upgrade',
      'a; b="c',
      '"a"',
    ],
  ];
  for (const value of values) yield bytesOf(value);
}

export const dictionary = ['permessage-deflate', '; ', ', ', '="', '\\"', '"', '\t', '__proto__', '\r\n'].map(bytesOf);
