/** What the playground decodes, and its page in Chromium, opened as a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { debianTool } from '@sockless/tools/testing';
import { chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VECTORS } from '../../core/test/vectors.ts';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';
import { writePlayground } from '../src/build.ts';
import { decode, MAX_FRAMES, parseHex } from '../src/playground/decode.ts';

const test = suite('playground');
const CLIENT = { role: 'client', compression: false } as const;

test('hexadecimal digits are read in the forms in which people paste them', () => {
  for (const text of ['81 05', '8105', '0x81, 0x05', '\\x81\\x05', '81:05', ' 81\n05 ', '81|05']) {
    assert.equal([...parseHex(text)], [0x81, 5], text);
  }
  assert.equal([...parseHex('')], []);
  assert.throws(() => parseHex('81 0'), /only one digit/);
  assert.throws(() => parseHex('81 0g'), /“g” is not/);
});

test('bytes are decoded into frames, events and an incomplete rest', () => {
  const { frames, rest, events, fault } = decode(
    parseHex('01 03 48 65 6c  89 02 68 69  80 02 6c 6f  82 05 01'),
    CLIENT,
  );
  assert.equal(
    frames.map(({ offset, frame }) => [offset, frame.preview, frame.isText]),
    [
      [0, 'Hel', true],
      [5, 'hi', false],
      [9, 'lo', true],
    ],
  );
  assert.equal(events, ['ping, 2 bytes: 68 69', 'text, 5 characters: "Hello"']);
  assert.equal([rest, fault], [3, undefined]);
});

test('compressed frames are inflated if compression was agreed on', () => {
  const bytes = parseHex('c1 07 f2 48 cd c9 c9 07 00');
  const { frames, events } = decode(bytes, { role: 'client', compression: true });
  assert.equal([frames[0]?.frame.preview, ...events], ['Hello', 'text, 5 characters: "Hello"']);
  assert.is(decode(bytes, CLIENT).fault?.rule, 'reserved-bits');
});

test('each vector breaks the same rule in the playground as in core', () => {
  for (const vector of VECTORS) {
    const { name, role, hex, options } = vector;
    if (options !== undefined || hex.length > 10_000) continue;
    const { fault } = decode(parseHex(hex), { role, compression: false });
    const expected = vector.rule === undefined ? [undefined, undefined] : [vector.rule, vector.offset ?? 0];
    assert.equal([fault?.rule, fault?.offset], expected, name);
  }
});

test('a hint says what may be meant by bytes in the wrong direction, and by a handshake', () => {
  const server = { role: 'server', compression: false } as const;
  assert.is(
    decode(parseHex('81 00'), server).hint,
    'Or choose the other direction, if it was a server that sent this.',
  );
  assert.is(
    decode(parseHex('81 80 00 00 00 00'), CLIENT).hint,
    'Or choose the other direction, if it was a client that sent this.',
  );
  for (const text of ['GET ', 'GET /chat HTTP/1.1\r\n', 'POST /', 'HTTP/1.1 101 ']) {
    assert.match(decode(new TextEncoder().encode(text), server).hint, /^This looks like an opening handshake/, text);
  }
  for (const hex of ['', '81 05 48 65 6c 6c 6f', '83 00', '47 45'])
    assert.is(decode(parseHex(hex), CLIENT).hint, '', hex);
});

test('at most MAX_FRAMES frames are decoded, and the bytes after them are counted', () => {
  const { frames, rest } = decode(parseHex('8a 00 '.repeat(MAX_FRAMES + 10)), CLIENT);
  assert.equal([frames.length, rest], [MAX_FRAMES, 20]);
});

/** Opens the page as a file in Chromium, on a window as wide as that of a phone, and fails if it loads or throws anything. */
async function withPage(fragment: string, use: (page: Page, address: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-playground-'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  try {
    await writePlayground(folder);
    // As in the pages of the site, whose long names may break anywhere.
    const html = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="playground.css">
<body style="overflow-wrap: anywhere"><div id="playground" class="playground"></div><script src="playground.js"></script>`;
    writeFileSync(join(folder, 'index.html'), html);
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error.stack)));
    page.on('request', (request) => request.url().startsWith('file:') || problems.push(request.url()));
    const address = String(pathToFileURL(join(folder, 'index.html')));
    await page.goto(`${address}#${fragment}`);
    await use(page, address);
    assert.equal(problems, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

const inChromium = debianTool('chromium').test(test);

inChromium('the page decodes pasted bytes, as a file and without a network', () =>
  withPage('to=client&hex=81+80', async (page) => {
    const verdict = async (): Promise<string> => (await page.textContent('.verdict')) ?? '';
    assert.match(await verdict(), 'Fails the connection at byte 0 with masked-frame');
    assert.is(await page.getAttribute('.verdict a', 'href'), 'Rules.masked-frame.html');
    await page.fill('#bytes', '01 03 48 65 6c  80 02 6c 6f');
    assert.match(await verdict(), 'text, 5 characters: "Hello"');
    assert.is(await page.locator('details.one').count(), 2);
    assert.match((await page.textContent('details.one[open] tr[data-field=fin]')) ?? '', 'More fragments');
    await page.click('button:text-is("a compressed text")');
    assert.ok(await page.isChecked('#compression'));
    assert.match(await verdict(), '"Hello"');
    await page.fill('#bytes', '<b>');
    assert.match(await verdict(), '“<” is not a hexadecimal digit.');
    await page.fill('#bytes', '81');
    assert.is(
      await verdict(),
      '1 byte, 0 whole frames, 1 byte of a frame that is not complete.No rule is broken.No event is delivered.',
    );
    await page.fill('#bytes', ' ');
    assert.is(await verdict(), 'Paste some bytes.');
    assert.is(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  }),
);

inChromium(
  'a header that is not legal has its diagram, and the field that breaks the rule is red wherever it is shown',
  () =>
    withPage('to=server&hex=83+00', async (page) => {
      assert.is(await page.locator('.diagram .cell').count(), 7, 'FIN, three reserved bits, opcode, MASK, Payload len');
      const tones = (selector: string): Promise<string[]> =>
        page.$$eval(selector, (all) => all.map((one) => getComputedStyle(one).getPropertyValue('--tone')));
      const marked = await tones('[data-broken]');
      assert.is(marked.length, 3, 'a digit, a cell, a row');
      const red = await page.$eval('.playground', (one) => getComputedStyle(one).getPropertyValue('--bad'));
      assert.equal(new Set(marked), new Set([red]));
      assert.not.ok((await tones('[data-field]:not([data-broken])')).includes(red), 'FIN is not red beside it');
      assert.match((await page.textContent('tr[data-broken]')) ?? '', /^opcode.*it must use 0-2 and 8-10 only/);
      await page.fill('#bytes', '81 05 48 65 6c 6c 6f');
      assert.match((await page.textContent('.verdict')) ?? '', 'Or choose the other direction');
      assert.match((await page.textContent('tr[data-field=unread]')) ?? '', '5 bytes');
    }),
);

inChromium('on a phone nothing of a frame is cut off, and no word is broken', () =>
  withPage('to=server&hex=82+fe+01+00+01+02+03+04', async (page) => {
    await page.fill('#bytes', `82 fe 01 00 01 02 03 04 ${'00 '.repeat(256)} 83 00`);
    await page.click('details.one >> nth=1');
    const cut = await page.$$eval('.table, summary, .cell:not(.bit) small', (all) =>
      all.filter((one) => one.scrollWidth > one.clientWidth && one.clientWidth > 0).map((one) => one.textContent),
    );
    assert.equal(cut, []);
    const opcode = await page.$eval('.cell[data-field=opcode] small', (one) => {
      const { height } = one.getBoundingClientRect();
      return height / Number.parseFloat(getComputedStyle(one).lineHeight);
    });
    assert.ok(opcode < 1.5, `“opcode” takes ${opcode} lines`);
    const right = await page.$$eval('.table tr a', (all) =>
      Math.max(...all.map((one) => one.getBoundingClientRect().right)),
    );
    assert.ok(right <= 390, `the column of the RFC ends at ${right}`);
  }),
);

inChromium('what is typed or chosen is in the address, which shows the same to somebody else', () =>
  withPage('', async (page, address) => {
    const shown = async (): Promise<string[]> => [await page.inputValue('#bytes'), await page.inputValue('#role')];
    assert.is(page.url(), `${address}#`, 'nothing is written before something is changed');
    await page.fill('#bytes', '88 02 03 e8');
    await page.selectOption('#role', 'client');
    await page.waitForURL(`${address}#to=client&hex=88+02+03+e8`);
    const before = await shown();
    await page.reload();
    assert.equal(await shown(), before);
    await page.click('button:text-is("a compressed text")');
    await page.waitForURL(/#to=client&deflate=1&hex=c1\+07/);
    await page.fill('#bytes', '8a 00 '.repeat(5000));
    await page.waitForURL(address);
  }),
);

test.run();
