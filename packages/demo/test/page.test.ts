// The page in Chromium: two tabs that chat, the inspector, reconnecting.
import { readFileSync } from 'node:fs';
import { debianTool } from '@sockless/tools/testing';
import { chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atLength } from '../../core/test/budget.ts';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';
import { whyMissing } from '../../tools/debian.ts';
import { startDemo } from './demo.ts';
import { LARGEST, PICTURE, takePicture } from './picture.ts';
import {
  fields,
  forgive,
  message,
  openFrame,
  openTab,
  reconnect,
  type Stage,
  say,
  state,
  type Tab,
  type Tabs,
} from './tab.ts';

const NEVER = 600_000; // no heartbeat during a test, so that only expected frames appear

const page = suite<Stage>('page');
const chromiumTest = debianTool('chromium').test(page);

page.before(async (stage) => {
  if (whyMissing('chromium') !== undefined) return;
  stage.demo = await startDemo({ heartbeat: NEVER });
  stage.browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
});
page.after(async ({ browser, demo }) => {
  await browser?.close();
  await demo?.stop('SIGKILL');
});

/** Registers a test with one tab. */
const alone = (name: string, body: (tab: Tab) => Promise<void>): void => register(name, ['Ada'], body);

/** Registers a test with two tabs. */
const test = (name: string, body: (tabs: Tabs) => Promise<void>): void => register(name, ['Ada', 'Bo'], body);

/** Any message in the consoles, even one about the content security policy, is a failure. */
function register(name: string, visitors: readonly string[], body: (tabs: Tabs) => Promise<void>): void {
  chromiumTest(name, async (stage) => {
    const problems: string[] = [];
    const tabs = await Promise.all(
      visitors.map((visitor) => openTab(stage.browser, stage.demo.url, visitor, problems)),
    );
    const [ada, bo] = tabs as [Page, Page];
    try {
      await body({ stage, ada, bo, problems });
      assert.equal(problems, []);
    } finally {
      for (const tab of tabs) await tab.context().close();
    }
  });
}

test('two tabs chat in a room, directly, and with everyone', async ({ ada, bo }) => {
  await say(ada, 'Hello from Ada');
  await message(bo, 'Hello from Ada');
  await message(ada, 'Hello from Ada');
  await say(bo, '<b>Hello</b> & "Bo" 🎉');
  assert.is(await (await ada.waitForSelector('.bubble:has-text("🎉")')).textContent(), '<b>Hello</b> & "Bo" 🎉');

  await ada.click('#people .entry:has-text("Bo")');
  assert.is(await ada.textContent('#chat-title'), 'Bo');
  await say(ada, 'psst');
  await message(ada, 'psst');
  await bo.waitForSelector('#people .entry:has-text("Ada") .badge:text-is("1")');
  assert.match(await bo.title(), '(1) ');
  await bo.click('#people .entry:has-text("Ada")');
  await message(bo, 'psst');

  await bo.click('#everyone .entry');
  await say(bo, 'to all');
  await ada.click('#everyone .entry');
  await message(ada, 'to all');
});

atLength(test)('rooms are created, counted, joined by a click, and left', async ({ ada, bo }) => {
  await ada.fill('#room', ' #Tea Room ');
  await ada.press('#room', 'Enter');
  assert.is(await ada.textContent('#chat-title'), '#tea-room');
  await bo.click('#rooms .foreign .entry:has-text("tea-room")');
  await ada.waitForSelector('#rooms .entry:has-text("tea-room") .meta:text-is("2")');
  await ada.waitForSelector('.log:not([hidden]) .line:text-is("Bo joined")');
  await say(bo, 'milk?');
  await message(ada, 'milk?');
  await bo.hover('#rooms .entry:has-text("tea-room")');
  await bo.click('[aria-label="Leave #tea-room"]');
  await ada.waitForSelector('.log:not([hidden]) .line:text-is("Bo left")');
  await bo.context().close();
  await ada.click('#everyone .entry');
  await ada.waitForSelector('.log:not([hidden]) .line:text-is("Bo left")');
});

test('the inspector explains the frame that was sent and the one that was received', async ({ ada, bo }) => {
  await say(ada, 'Explain this frame to me, please');
  await message(bo, 'Explain this frame to me, please');

  await openFrame(ada, '.up', 'Explain this frame to me, please');
  const digits = (await ada.locator('#detail .bytes').first().textContent()) ?? '';
  const bytes = Buffer.from(digits.replace(/\s/g, ''), 'hex');
  // Compressed, it is short enough for a 7-bit length.
  const key = bytes.subarray(2, 6);
  const payload = bytes.subarray(6);
  assert.equal([bytes[0], bytes[1]], [0xc1, 0x80 + payload.length]);
  const sent = JSON.parse((await ada.textContent('#detail pre')) ?? '');
  assert.equal(
    [sent.type, sent.text, sent.to],
    ['say', 'Explain this frame to me, please', { kind: 'room', room: 'lobby' }],
  );
  assert.equal(await fields(ada), {
    FIN: '1',
    'RSV1–3': '100',
    opcode: '0x1 text',
    MASK: '1',
    'Payload len': String(payload.length),
    'Masking-key': Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join(' '),
    'Payload data': `${payload.length} bytes`,
  });
  assert.match((await ada.textContent('#detail tr[data-field=rsv] .meaning')) ?? '', 'Per-Message Compressed');
  const { length } = JSON.stringify(sent);
  const share = `${((100 * payload.length) / length).toFixed(0)} %`;
  assert.ok(payload.length < length);
  assert.is(
    await ada.textContent('#detail .inflated'),
    `Inflated: ${payload.length} bytes for ${length}, which is ${share}`,
  );
  assert.is(await ada.textContent('#frames .row[aria-selected=true] .ratio'), share);
  assert.match((await ada.textContent('#totals')) ?? '', /^↑ \d+ {2}↓ \d+ {2}deflate \d+ %$/);

  await openFrame(bo, '.down', 'Explain this frame to me, please');
  const came = await fields(bo);
  assert.equal([came.FIN, came['RSV1–3'], came.MASK, came['Masking-key']], ['1', '100', '0', undefined]);
  assert.is(JSON.parse((await bo.textContent('#detail pre')) ?? '').text, 'Explain this frame to me, please');
});

atLength(alone)(
  'pointing at a byte highlights its field, its byte of the key, and the unmasked byte',
  async ({ ada }) => {
    await say(ada, 'x');
    await openFrame(ada, '.up', '"text":"x"');
    const { length } = (await ada.textContent('#detail tr[data-field=key] .value')) ?? '';
    assert.is(length, 11);
    await ada.hover('#detail .payload-view .byte >> nth=5');
    assert.match((await ada.textContent('.formula')) ?? '', /^byte 5: [\da-f]{2} ⊕ [\da-f]{2} = [\da-f]{2}( “.”)?$/);
    const lit = await ada
      .locator('#detail .lit')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-field')));
    assert.equal([...new Set(lit)].sort(), ['key', 'payload']);
    await ada.focus('#detail tr[data-field=fin]');
    assert.is(await ada.locator('#detail .cell.lit').count(), 1);
  },
);

alone('fragments, pings, binary and Close frames are shown', async ({ ada }) => {
  await ada.click('#make-fragments');
  await ada.waitForSelector('.line:has-text("three fragments")');
  await ada.click('#make-binary');
  await ada.waitForSelector('.line:has-text("300 bytes back")');
  await ada.click('#make-close');
  await ada.waitForSelector('.note.end:has-text("The server says: the peer closed the connection with 4000")');
  await state(ada, 'open');
  // The browser's description of the end takes another path, so its place among the frames varies.
  const rows = await ada.locator('#frames .row:not(.end)').evaluateAll((all) =>
    all.map((row) => {
      const way = row.querySelector('.way')?.textContent;
      return `${way} ${row.querySelector('.opcode')?.textContent ?? row.querySelector('.preview')?.textContent}`;
    }),
  );
  const text = rows.join('\n');
  assert.match(text, '↑ GET /chat?tap=');
  assert.match(text, '↓ HTTP/1.1 101 Switching Protocols');
  assert.match(text, '↓ text…\n↓ continuation…\n↓ ping\n↓ continuation\n');
  assert.match(text, '↑ pong');
  assert.match(text, '↑ binary\n↓ binary\n↑ close\n↓ close\n');
  await openFrame(ada, '.up', '4000 private use');
  assert.match((await ada.textContent('#detail tr[data-field=payload]')) ?? '', 'reason “just for fun”');
});

alone('broken rules are explained', async ({ ada }) => {
  await ada.click('#make-big');
  await ada.waitForSelector('.note.end:has-text("message-too-big")');
  // It is tiny on the wire, and too big when decompressed.
  await openFrame(ada, '.up', 'xxxxxxxx');
  assert.match(
    (await ada.textContent('#detail .inflated')) ?? '',
    /^Inflated: \d\d bytes for 65,537, which is 0\.\d %$/,
  );
  await reconnect(ada);
  for (let floods = 0; floods < 2; floods++) {
    const last = Number((await ada.locator('#frames .row').last().getAttribute('id'))?.slice('entry-'.length));
    await ada.click('#make-flood');
    await ada.waitForFunction((number) => {
      const ends = [...document.querySelectorAll('.note.end')].filter(({ id }) => Number(id.slice(6)) > number);
      return ends.some(({ textContent }) => textContent?.includes('message-rate'));
    }, last);
    await reconnect(ada);
  }
  assert.is(await ada.locator('#frames .row').count(), 300, 'the list is bounded');
});

atLength(alone)('the list is filtered, paused, cleared, and moved through by keyboard', async ({ ada }) => {
  await ada.click('#make-fragments');
  await ada.waitForSelector('.line:has-text("three fragments")');
  const visible = (): Promise<number> => ada.locator('#frames .row:not([hidden])').count();
  await ada.selectOption('#filter-opcode', 'continuation');
  assert.is(await visible(), 2);
  await ada.selectOption('#filter-direction', 'up');
  assert.is(await visible(), 0);
  await ada.selectOption('#filter-direction', 'all');
  await ada.selectOption('#filter-opcode', 'all');

  await ada.focus('#frames');
  await ada.keyboard.press('Home');
  assert.match((await ada.textContent('#detail h3')) ?? '', 'GET /chat');
  await ada.keyboard.press('ArrowDown');
  assert.match((await ada.textContent('#detail h3')) ?? '', 'HTTP/1.1 101');
  assert.is(await ada.locator('#frames [aria-selected=true]').count(), 1);

  await ada.click('#pause');
  const before = await visible();
  await say(ada, 'while paused');
  await message(ada, 'while paused');
  await ada.waitForSelector('#pause:text-matches("^Resume .[2-9].$")');
  assert.is(await visible(), before);
  await ada.click('#pause');
  assert.ok((await visible()) >= before + 2);
  await ada.click('#pause');
  await ada.click('#clear');
  assert.is(await visible(), 0);
});

atLength(alone)('the latency of the heartbeat is shown', async ({ stage, problems }) => {
  const demo = await startDemo();
  const tabs: Page[] = [];
  try {
    for (const visitor of ['Ada', 'Bo']) tabs.push(await openTab(stage.browser, demo.url, visitor, problems));
    await tabs[0]?.waitForSelector('#latency:text-matches("^[0-9.]+ ms$")');
    await tabs[0]?.waitForSelector('#people .entry:has-text("Bo") .latency:text-matches("^[0-9.]+ ms$")');
  } finally {
    for (const tab of tabs) await tab.context().close();
    await demo.stop('SIGKILL');
  }
});

test('reconnects by itself, and delivers messages written meanwhile', async ({ stage, ada, bo, problems }) => {
  await stage.demo.stop('SIGKILL');
  await state(ada, 'waiting');
  await ada.waitForSelector('#countdown:text-matches("^next try in [0-9.]+ s$")');
  await ada.waitForSelector('#reconnect:visible');
  await say(ada, 'written offline');
  await ada.waitForSelector('.message.pending .bubble:text-is("written offline")');
  assert.is(await ada.textContent('#waiting'), '1 message waits for the connection');

  stage.demo = await startDemo({ port: String(stage.demo.port), heartbeat: NEVER });
  await reconnect(bo);
  await ada.waitForSelector('#status[data-state=open]');
  await message(ada, 'written offline');
  forgive(problems);
});

atLength(alone)('the server closes with 1001', async ({ stage, ada, problems }) => {
  assert.is(await stage.demo.stop(), 0);
  await ada.waitForSelector('.note.end:has-text("The browser says: closed, 1001")');
  await openFrame(ada, '.down', '1001 going away');
  assert.match((await ada.textContent('#detail tr[data-field=payload]')) ?? '', 'the server is shutting down');
  stage.demo = await startDemo({ port: String(stage.demo.port), heartbeat: NEVER });
  forgive(problems);
});

alone('fits on a phone, one part at a time', async ({ ada }) => {
  await ada.setViewportSize({ width: 360, height: 700 });
  for (const [view, part] of [
    ['people', '.sidebar'],
    ['frames', '.inspector'],
    ['chat', '.chat'],
  ]) {
    await ada.click(`#views [value=${view}]`);
    assert.is(await ada.locator('.panel:visible').count(), 1);
    assert.ok(await ada.isVisible(`.panel${part}`));
    assert.is(await ada.evaluate(() => document.documentElement.scrollWidth), 360);
  }
});

chromiumTest('the picture of the README can be taken anew, and is small', async ({ demo, browser }) => {
  for (const picture of [await takePicture(demo, browser), readFileSync(PICTURE)]) {
    assert.equal([picture.toString('latin1', 0, 4), picture.toString('latin1', 8, 12)], ['RIFF', 'WEBP']);
    assert.ok(picture.length > 10_000 && picture.length < LARGEST, `${picture.length} bytes`);
  }
});

page.run();
