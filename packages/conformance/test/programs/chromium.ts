/** Debian's Chromium, driven from Node: a client in a page. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { CHROMIUM, CHROMIUM_ARGS } from '../../../tools/chromium.ts';
import { askFor } from './parts.ts';

// Its page comes from this machine: others may not connect to it without a permission.
const http = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(http.address() as AddressInfo).port}/`);
  const play = (url: string): Promise<unknown> =>
    page.evaluate(`new Promise((resolve) => {
      const ws = new WebSocket(${JSON.stringify(url)});
      ws.binaryType = 'arraybuffer';
      ws.onmessage = ({ data }) => ws.send(data);
      ws.onclose = () => resolve();
    })`);
  // It makes connections to one host one after the other, and slows down when many of them wait or fail.
  await askFor(play, 8);
} finally {
  await browser.close();
  http.close();
}
