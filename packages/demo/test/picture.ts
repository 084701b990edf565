// The picture of the inspector that the README shows: as a program it is taken anew, and a test takes it to see that it can be.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';
import { type Demo, startDemo } from './demo.ts';

/** Where it lies. */
export const PICTURE = new URL('../inspector.webp', import.meta.url);

/** How large it may be, in bytes. */
export const LARGEST = 60_000;

const SIZE = { width: 1280, height: 860 };

/** Lets two visitors chat a little, and returns a picture of the page with one frame open, as WebP. */
export async function takePicture(demo: Demo, browser: Browser): Promise<Buffer> {
  const bo = await visit(demo, browser, 'Bo');
  const ada = await visit(demo, browser, 'Ada');
  try {
    await say(bo, ada, 'What does a message look like on the wire?');
    await say(ada, bo, 'Look to the right: every bit of it.');
    await ada.click('#make-fragments');
    await ada.waitForSelector('.line:has-text("three fragments")');
    await ada.click(`#frames .row.up:has(.opcode:text-is('pong'))`);
    await ada.hover('#detail .bytes .byte >> nth=8');
    const session = await ada.context().newCDPSession(ada);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 50 });
    return Buffer.from(data, 'base64');
  } finally {
    for (const page of [ada, bo]) await page.context().close();
  }
}

async function visit(demo: Demo, browser: Browser, name: string): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(demo.url);
  await page.waitForSelector('#status[data-state=open]');
  await page.fill('#name', name);
  await page.press('#name', 'Enter');
  return page;
}

async function say(from: Page, to: Page, text: string): Promise<void> {
  await from.fill('#message', text);
  await from.press('#message', 'Enter');
  for (const page of [from, to]) await page.waitForSelector(`.message:not(.pending) .bubble:text-is("${text}")`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const demo = await startDemo({ heartbeat: 600_000 });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  const picture = await takePicture(demo, browser);
  await browser.close();
  await demo.stop('SIGKILL');
  writeFileSync(PICTURE, picture);
  console.log(`packages/demo/inspector.webp: ${picture.length} bytes`);
}
