// What a visitor does in a tab of the demo's page, and sees there.
import type { Page } from 'playwright-core';

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
