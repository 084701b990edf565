/** Debian's Chromium, for tests that drive it. */

/** Where it is. */
export const CHROMIUM = '/usr/bin/chromium';

/** What it is started with: no window, and nothing of its own accord on the network. */
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
