/** Debian's Chromium: a page and its dedicated worker. */
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';
import { whyMissing } from '../../tools/debian.ts';
import { bundleExpectations } from './bundle.ts';
import type { Report } from './inside.ts';
import { type Runtime, reports } from './runtime.ts';

/** The apparent origin of its page; no network request is made. */
const SITE = 'http://localhost/';

function runtime(name: string, evaluate: (page: Page, script: string, ask: string) => Promise<Report[]>): Runtime {
  return {
    name,
    missing: whyMissing('chromium'),
    async run(bare) {
      const ask = reports(bare);
      const script = await bundleExpectations();
      const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
      try {
        const page = await browser.newPage();
        await page.route(SITE, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
        await page.route(`${SITE}worker.js`, (route) =>
          route.fulfill({ contentType: 'text/javascript', body: `${script}\npostMessage(${ask});` }),
        );
        await page.goto(SITE);
        return { version: browser.version(), reports: await evaluate(page, script, ask) };
      } finally {
        await browser.close();
      }
    },
  };
}

/** In a page, and in a worker. */
export const CHROMIUMS: readonly Runtime[] = [
  runtime('chromium-page', (page, script, ask) => page.evaluate(`(async () => { ${script}; return ${ask}; })()`)),
  runtime('chromium-worker', (page) =>
    page.evaluate(
      `new Promise((resolve, reject) => {
        const worker = new Worker('worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`,
    ),
  ),
];
