/** Debian's Chromium, for tests that drive it. */

/** Its path. */
export const CHROMIUM = '/usr/bin/chromium';

/** Its arguments: no window, and no network traffic of its own. */
export const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
