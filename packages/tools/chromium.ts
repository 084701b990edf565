/** Debian's Chromium, for tests that drive it with Playwright, which turns off its window and most of its own network traffic. */

/** Its path. */
export const CHROMIUM = '/usr/bin/chromium';

/** What Playwright leaves on. */
export const CHROMIUM_ARGS = ['--disable-gpu', '--disable-quic'];
