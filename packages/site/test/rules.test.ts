/** The pages of the rules: every rule has one, and every example on it breaks that rule when it is put through core. */
import { runInNewContext } from 'node:vm';
import type { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ADVICE } from '../src/advice.ts';
import { examplesOf, play } from '../src/examples.ts';
import { documentPages } from '../src/pages.ts';
import { decode, parseHex } from '../src/playground/decode.ts';
import { fragment, ROWS, rulePages, sectionLink } from '../src/rules.ts';

const test = suite('rules');

test('every rule has a page with its sentence, its section, an example, and what to do', () => {
  const pages = new Map(rulePages().map((page) => [page.path, page]));
  for (const { name, sentence, section, answer } of ROWS) {
    const { text = '', title } = pages.get(`rules/${name}.md`) ?? {};
    assert.is(title, name);
    for (const part of [sentence.slice(1), sectionLink(section), answer, ADVICE[name].trim()])
      assert.ok(text.includes(part), `${name}: ${part}`);
  }
  assert.is(pages.size, ROWS.length + 1);
});

test('every example breaks its rule', () => {
  for (const { name } of ROWS) {
    const examples = examplesOf(name);
    assert.ok(examples.length > 0, name);
    for (const example of examples) assert.is(play(example).error?.rule, name, `${name}: ${example.name}`);
  }
});

test('each program, run as it is printed on the page of a rule, breaks that rule', () => {
  const pages = new Map(rulePages().map(({ title, text }) => [title, text]));
  for (const { name } of ROWS) {
    const programs = [...(pages.get(name) ?? '').matchAll(/^```js\n(.*?)\n```$/gms)].map(([, text = '']) => text);
    const examples = examplesOf(name).filter(({ run }) => run !== undefined);
    assert.is(programs.length, examples.length, name);
    for (const [at, example] of examples.entries()) {
      const run = (connection: Connection): void => {
        runInNewContext(programs[at] ?? '', { connection, structuredClone, Uint8Array });
      };
      assert.is(play({ ...example, run }).error?.rule, name, programs[at]);
    }
  }
});

test('the peer is told what the page says', () => {
  for (const { name, answer, opening } of ROWS) {
    for (const example of examplesOf(name)) {
      const sent = play(example).answer;
      const role = example.role === 'server' ? 'client' : 'server';
      const told = opening
        ? String.fromCharCode(...sent).replace(/^HTTP\/1\.1 (\d+) .*$/s, 'HTTP status $1')
        : decode(Uint8Array.from(sent), { role, compression: false }).events.at(-1)?.replace('close', 'Close frame,');
      const said: Readonly<Record<string, string | undefined>> = {
        nothing: '',
        'nothing: the transport is destroyed': undefined,
        'the HTTP status that the application chose': 'HTTP status 401',
      };
      const expected = answer in said ? said[answer] : opening ? answer : `${answer} "${name}"`;
      assert.is(told, expected, `${name}: ${example.name}`);
    }
  }
});

test('an example that breaks another rule, or none, is noticed', () => {
  assert.is(play({ name: '', role: 'client', hex: '81 00' }).error, undefined);
  assert.is(play({ name: '', role: 'client', hex: '81 80' }).error?.rule, 'masked-frame');
});

test('what a page sends to the playground breaks the same rule there', () => {
  let sent = 0;
  for (const { name } of ROWS) {
    for (const example of examplesOf(name)) {
      if (example.hex === undefined || example.options !== undefined || example.run !== undefined) continue;
      const facts = new URLSearchParams(fragment(example));
      const circumstances = { role: facts.get('to') as 'client' | 'server', compression: facts.has('deflate') };
      assert.is(decode(parseHex(facts.get('hex') ?? ''), circumstances).fault?.rule, name, example.name);
      sent++;
    }
  }
  assert.ok(sent > 30);
});

test('the pages that the advice links to are there', () => {
  const paths = documentPages().map(({ path }) => path);
  for (const [name, text] of Object.entries(ADVICE)) {
    for (const [, to = ''] of text.matchAll(/\]\(\.\.\/([^)]+)\)/g)) assert.ok(paths.includes(to), `${name}: ${to}`);
  }
});

test.run();
