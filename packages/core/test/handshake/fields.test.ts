// RFC 6455 9.1, RFC 9110 5: header fields, tokens, lists and extensions.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  areUnique,
  type Extension,
  fieldValue,
  fieldValues,
  formatExtensions,
  type HeaderField,
  type HeaderFieldsInit,
  isFieldLine,
  isFieldValue,
  isToken,
  listIncludes,
  parseExtensions,
  parseTokens,
  singleValue,
  toFields,
  trim,
} from '../../src/handshake/fields.ts';
import { isA } from '../connection/tools.ts';

const test = suite('RFC 6455 9.1 fields');
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
const PROTOTYPE = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

test('RFC 9110 5.6.2: a token has only the characters of the RFC', () => {
  const tokens = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  assert.is(BYTES.filter(isToken).sort().join(''), [...tokens].sort().join(''));
  assert.not.ok(isToken(''));
  assert.not.ok(isToken('a\n'));
  assert.ok(isToken('permessage-deflate'));
});

test('RFC 9110 5.5: a value has no control characters but tab', () => {
  for (const [code, character] of BYTES.entries()) {
    assert.is(isFieldValue(character), code === 9 || (code >= 0x20 && code !== 0x7f), `byte ${code}`);
    assert.is(isFieldValue(`a${character}b`), isFieldValue(character));
  }
  assert.ok(isFieldValue(''));
  assert.not.ok(isFieldValue('Ā'));
  assert.not.ok(isFieldValue('a\n'));
});

const FIELDS: HeaderField[] = [
  ['upgrade', 'websocket'],
  ['x-list', 'a, b'],
  ['x-list', 'c'],
];

test('RFC 9110 5.3: the values of a field are returned one by one or joined', () => {
  assert.equal(fieldValues(FIELDS, 'x-list'), ['a, b', 'c']);
  assert.is(fieldValue(FIELDS, 'x-list'), 'a, b, c');
  assert.is(fieldValue(FIELDS, 'upgrade'), 'websocket');
  for (const name of ['x-none', 'Upgrade', ...PROTOTYPE]) {
    assert.equal(fieldValues(FIELDS, name), []);
    assert.is(fieldValue(FIELDS, name), undefined);
  }
});

test('RFC 9110 5.3: singleValue returns undefined unless a field has exactly one line', () => {
  assert.is(singleValue(FIELDS, 'upgrade'), 'websocket');
  for (const name of ['x-list', 'x-none', 'Upgrade', ...PROTOTYPE]) assert.is(singleValue(FIELDS, name), undefined);
  // The same twice is still twice, be it empty or one and the same field.
  const field: HeaderField = ['a', ''];
  assert.is(singleValue([field], 'a'), '');
  assert.is(singleValue([field, field], 'a'), undefined);
  assert.is(singleValue([field, field, field], 'a'), undefined);
});

test('RFC 9112 5: a line is a field if its name is a token and its value is valid', () => {
  for (const character of BYTES) {
    for (const value of [character, `a${character}`, `${character}b`]) {
      assert.is(isFieldLine(`a:${value}`), isFieldValue(value));
      assert.is(isFieldLine(`${value}:`), isToken(value) || /^.:$/.test(value));
    }
  }
  for (const line of ['', 'a', ':', ':a', 'a:\n', 'a:b\r\nc:d']) assert.not.ok(isFieldLine(line));
});

test('areUnique notices a name that appears twice', () => {
  for (const names of [[], ['a'], ['a', 'b'], ['a', 'A']]) assert.ok(areUnique(names));
  for (const names of [
    ['a', 'a'],
    ['a', 'b', 'a'],
  ])
    assert.not.ok(areUnique(names));
});

// Header fields of a caller.

const OWNED = /^host$/i;

for (const [name, init] of Object.entries({
  list: [
    ['A', '1'],
    ['b', '2'],
  ],
  object: { A: '1', b: '2' },
  map: new Map([
    ['A', '1'],
    ['b', '2'],
  ]),
}) as [string, HeaderFieldsInit][]) {
  test(`header fields may be given as ${name}`, () => {
    assert.equal(toFields(init, OWNED), [
      ['A', '1'],
      ['b', '2'],
    ]);
  });
}

test('wrong names and values throw, especially those that would inject a line', () => {
  for (const bad of ['\r', '\n', '\r\nx: y', '\0', '\x7f', '\x1f', 'Ā', '😀']) {
    assert.throws(() => toFields({ 'x-a': `b${bad}c` }, OWNED), isA(TypeError));
    assert.throws(() => toFields({ [`x${bad}`]: 'a' }, OWNED), isA(TypeError));
  }
  for (const name of ['', ' ', 'a b', 'a:', 'a\t', 'é', '(a)']) {
    assert.throws(() => toFields({ [name]: 'a' }, OWNED), isA(TypeError));
  }
  for (const value of [undefined, null, 5, {}, ['a']] as unknown as string[]) {
    assert.throws(() => toFields({ 'x-a': value }, OWNED), isA(TypeError));
  }
});

test('header fields that belong to the handshake cannot be set, in upper or lower case', () => {
  for (const name of ['host', 'Host', 'HOST']) assert.throws(() => toFields({ [name]: 'a' }, OWNED), isA(RangeError));
  for (const name of ['Connection', 'CONTENT-LENGTH', 'transfer-encoding']) {
    for (const owned of [OWNED, undefined]) assert.throws(() => toFields({ [name]: 'a' }, owned), isA(RangeError));
  }
  // Names that only begin like these, or end like them, are the application's.
  for (const name of ['Connection-Id', 'Content-Length-Hint', 'X-Connection']) {
    assert.equal(toFields({ [name]: 'a' }, undefined), [[name, 'a']]);
  }
});

// Lists.

for (const [list, expected] of [
  ['Upgrade', true],
  ['upgrade', true],
  ['keep-alive, Upgrade', true],
  ['keep-alive,UPGRADE,x', true],
  [' \t upgrade \t', true],
  [',, upgrade,', true],
  ['', false],
  ['upgraded', false],
  ['x-upgrade', false],
  ['keep-alive upgrade', false],
  ['"upgrade"', false],
  ['upgrade;q=1', false],
  ['upgrade\xa0', false],
  [undefined, false],
] as const) {
  test(`RFC 9110 5.6.1: ${JSON.stringify(list)} ${expected ? 'includes' : 'lacks'} "upgrade"`, () => {
    assert.is(listIncludes(list, 'upgrade'), expected);
  });
}

for (const [value, expected] of [
  ['chat', ['chat']],
  ['chat, superchat', ['chat', 'superchat']],
  ['\tchat,superchat ,,', ['chat', 'superchat']],
  ['constructor, __proto__', ['constructor', '__proto__']],
  ['a, a', ['a', 'a']],
  ['', undefined],
  [' , ', undefined],
  ['a b', undefined],
  ['a, "b"', undefined],
  ['a, b;c', undefined],
  ['a, caf\xe9', undefined],
] as const) {
  test(`RFC 9110 5.6.1: ${JSON.stringify(value)} ${expected === undefined ? 'is no list' : 'is parsed as a list'} of tokens`, () => {
    assert.equal(parseTokens(value), expected);
  });
}

// Extensions.

type Short = Record<string, Record<string, string | undefined>>;
const extensions = (short: Short): Extension[] =>
  Object.entries(short).map(([name, parameters]) => ({ name, parameters: Object.entries(parameters) }));

for (const [value, expected] of [
  ['foo', { foo: {} }],
  ['foo, bar', { foo: {}, bar: {} }],
  ['foo; a', { foo: { a: undefined } }],
  ['foo; a=1; b="2", bar;c', { foo: { a: '1', b: '2' }, bar: { c: undefined } }],
  ['foo;a;b=c,bar', { foo: { a: undefined, b: 'c' }, bar: {} }],
  [' \t,, foo \t; \t a \t = \t "1" \t ,\t, bar , ', { foo: { a: '1' }, bar: {} }],
  ['foo; a="\\1\\2"', { foo: { a: '12' } }],
  ['permessage-deflate; client_max_window_bits', { 'permessage-deflate': { client_max_window_bits: undefined } }],
  ['toString; constructor=valueOf', { toString: { constructor: 'valueOf' } }],
] as [string, Short][]) {
  test(`9.1: ${value} is parsed`, () => {
    assert.equal(parseExtensions(value), extensions(expected));
  });
}

test('9.1: the same name or parameter may appear twice', () => {
  assert.equal(parseExtensions('foo; a; a=1, foo'), [
    {
      name: 'foo',
      parameters: [
        ['a', undefined],
        ['a', '1'],
      ],
    },
    { name: 'foo', parameters: [] },
  ]);
});

test('9.1: __proto__ is a name like any other', () => {
  const parsed = parseExtensions('__proto__; __proto__=polluted');
  assert.is(parsed?.[0]?.name, '__proto__');
  assert.is(parsed?.[0]?.parameters[0]?.[0], '__proto__');
  assert.is(({} as Record<string, unknown>).polluted, undefined);
});

for (const value of [
  ...[
    '',
    ' ',
    ',',
    ' ,\t, ',
    ';',
    '=',
    '"',
    ';a',
    '=1',
    '"foo"',
    'foo bar',
    'foo=1',
    'foo;',
    'foo; ;a',
    'foo; a=',
    'foo; =1',
  ],
  ...['foo; a b', 'foo; a=1 2', 'foo; a="1', 'foo; a="', 'foo; a="1\\', 'foo; a="1"2', 'foo; a=""', 'foo; a="1 2"'],
  ...[
    'foo; a="\\""',
    'foo; a=1"',
    'f\xf6o',
    'foo; \xe4',
    'foo; a=\xe4',
    'foo; a="\xe4"',
    'foo/1',
    'foo; a=(1)',
    'foo, ;a',
  ],
]) {
  test(`9.1: ${JSON.stringify(value)} does not conform`, () => {
    assert.is(parseExtensions(value), undefined);
  });
}

test('9.1: formatted extensions are parsed to the same', () => {
  const value = 'foo; a; b=1, bar, baz; c="2"';
  const parsed = parseExtensions(value) as Extension[];
  assert.is(formatExtensions(parsed), 'foo; a; b=1, bar, baz; c=2');
  assert.equal(parseExtensions(formatExtensions(parsed)), parsed);
});

test('RFC 9110 5.5: trim removes spaces and tabs, and nothing else', () => {
  for (const [text, expected] of [
    [' \t a b \t ', 'a b'],
    ['', ''],
    [' \t ', ''],
    ['\xa0a\xa0', '\xa0a\xa0'],
    ['\x0ba\x0c', '\x0ba\x0c'],
  ] as const) {
    assert.is(trim(text), expected);
  }
});

test.run();
