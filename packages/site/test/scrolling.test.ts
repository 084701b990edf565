/** What is wider than its place shows by a shadow that there is more, in Chromium, by the colours at its edges. */
import { readFileSync } from 'node:fs';
import { debianTool } from '@sockless/tools/testing';
import { chromium, type Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CHROMIUM, CHROMIUM_ARGS } from '../../tools/chromium.ts';

const test = suite('scrolling');
const CSS = readFileSync(new URL('../src/site.css', import.meta.url), 'utf8');

/** The colours of a theme: of the page, of its text, of code. */
const THEMES = { light: ['#f2f4f8', '#222222', '#ffffff'], dark: ['#2b2e33', '#f5f5f5', '#1e1e1e'] } as const;

/** A table and a code block, `wide` pixels wide inside of 300. */
const html = ([page, text, code]: readonly string[], wide: number): string => `<!doctype html><style>
:root { --color-background: ${page}; --color-text: ${text}; --color-accent: gray; --code-background: ${code} }
body { margin: 0; width: 300px; background: ${page} } pre { margin: 0; padding: 0 } table { border-spacing: 0 }
pre, code { background: ${code} }
${CSS}</style><div class="tsd-typography">
<table><tbody><tr><td style="height: 20px; min-width: ${wide}px; padding: 0"></td></tr></tbody></table>
<pre style="height: 20px"><code style="display: block; width: ${wide}px">&nbsp;</code></pre></div>`;

/** Returns whether there is a shadow at the left and the right edge. */
async function shadows(page: Page, selector: string): Promise<[left: boolean, right: boolean]> {
  const png = (await page.locator(selector).screenshot()).toString('base64');
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext(
      '2d',
    ) as OffscreenCanvasRenderingContext2D;
    context.drawImage(image, 0, 0);
    const [ground, ...edges] = [image.width / 2, 1, image.width - 2].map((x) =>
      String(context.getImageData(x, 10, 1, 1).data),
    );
    return [edges[0] !== ground, edges[1] !== ground];
  }, png);
}

debianTool('chromium').test(test)(
  'a table or code that is too wide has a shadow where there is more of it, in both themes',
  async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 200 } });
      for (const [theme, colours] of Object.entries(THEMES)) {
        for (const selector of ['table', 'pre']) {
          await page.setContent(html(colours, 900));
          const to = (left: number): Promise<void> => page.$eval(selector, (one, x) => one.scrollTo(x, 0), left);
          assert.equal(await shadows(page, selector), [false, true], `${theme} ${selector}, at the beginning`);
          await to(300);
          assert.equal(await shadows(page, selector), [true, true], `${theme} ${selector}, in the middle`);
          await to(10_000);
          assert.equal(await shadows(page, selector), [true, false], `${theme} ${selector}, at the end`);
          await page.setContent(html(colours, 200));
          assert.equal(await shadows(page, selector), [false, false], `${theme} ${selector} that fits`);
        }
      }
    } finally {
      await browser.close();
    }
  },
);

test.run();
