// What a visitor does in a tab of the demo's page, and sees there.
import type { Browser, Page } from 'playwright-core';
import type { Demo } from './demo.ts';

/** The objects shared by all tests. */
export interface Stage {
  demo: Demo;
  browser: Browser;
}

/** The objects of a test: a connected tab, and the messages of all consoles. */
export interface Tab {
  readonly stage: Stage;
  readonly ada: Page;
  readonly problems: string[];
}

/** With a second connected tab. */
export interface Tabs extends Tab {
  readonly bo: Page;
}

/** Waits for a state of the connection. */
export const state = (tab: Page, name: string) => tab.waitForSelector(`#status[data-state=${name}]`);

/** Connects without waiting for the next attempt, which may come before the click. */
export async function reconnect(tab: Page): Promise<void> {
  await tab.click('#reconnect', { timeout: 300 }).catch(() => undefined);
  await state(tab, 'open');
}

export async function say(tab: Page, text: string): Promise<void> {
  await tab.fill('#message', text);
  await tab.press('#message', 'Enter');
}

/** Waits for a delivered message in the visible conversation. */
export const message = (tab: Page, text: string) =>
  tab.waitForSelector(`.log:not([hidden]) .message:not(.pending) .bubble:text-is("${text}")`);

/** Waits for a row of the inspector whose preview contains this text, and opens it. */
export async function openFrame(tab: Page, selector: string, preview: string): Promise<void> {
  await tab.click(`#frames .row${selector}:has(.preview:has-text('${preview}'))`);
}

/** Returns the fields of the selected frame: name → value. */
export async function fields(tab: Page): Promise<Record<string, string>> {
  const rows = await tab
    .locator('#detail tbody tr')
    .evaluateAll((all) =>
      all.map((row) => [row.querySelector('th')?.textContent, row.querySelector('.value')?.textContent]),
    );
  return Object.fromEntries(rows);
}

/** The browser itself reports each attempt that found no server, which is not a fault of the page. */
export function forgive(problems: string[]): void {
  const rest = problems.filter((text) => !/WebSocket connection to .* failed/.test(text));
  problems.splice(0, problems.length, ...rest);
}

/** Opens and connects a tab with storage of its own. Adds what its console says to `problems`. */
export async function openTab(browser: Browser, url: string, name: string, problems: string[]): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const tab = await context.newPage();
  tab.setDefaultTimeout(30_000);
  tab.on('console', (message) => problems.push(`${name}: ${message.text()}`));
  tab.on('pageerror', (error) => problems.push(`${name}: ${error.stack}`));
  tab.on('requestfailed', (request) => problems.push(`${name}: ${request.url()}`));
  await tab.goto(url);
  await state(tab, 'open');
  await tab.fill('#name', name);
  await tab.press('#name', 'Enter');
  return tab;
}
