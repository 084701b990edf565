/** Debian packages that some tests need. They are looked up only here, so that all of them can be hidden. */
import { existsSync } from 'node:fs';
import { CHROMIUM } from './chromium.ts';

/** Debian's python, which finds the packages installed by Debian. */
export const PYTHON = '/usr/bin/python3';

/** What is there when a package is installed, by its name. */
const PATHS = {
  chromium: CHROMIUM,
  'python3-websockets': '/usr/lib/python3/dist-packages/websockets',
  'python3-wsproto': '/usr/lib/python3/dist-packages/wsproto',
  nginx: '/usr/sbin/nginx',
  haproxy: '/usr/sbin/haproxy',
  tinyproxy: '/usr/bin/tinyproxy',
};

/** The name of a package. */
export type DebianPackage = keyof typeof PATHS;

const HIDDEN = 'hidden by SOCKLESS_HIDE_TOOLS';

/**
 * Returns why a package is not available, or `undefined` if it is. `SOCKLESS_HIDE_TOOLS` hides packages: `all`, or names
 * separated by commas.
 */
export function whyMissing(name: DebianPackage): string | undefined {
  const hidden = (process.env.SOCKLESS_HIDE_TOOLS ?? '').split(',').filter((part) => part !== '');
  const unknown = hidden.find((part) => part !== 'all' && !(part in PATHS));
  if (unknown !== undefined) {
    throw new Error(`SOCKLESS_HIDE_TOOLS: there is no ${unknown}, only ${Object.keys(PATHS).join(', ')}, and all`);
  }
  if (hidden.includes('all') || hidden.includes(name)) return HIDDEN;
  return existsSync(PATHS[name]) ? undefined : `apt-get install ${name}`;
}

/** Tells whether a missing package is a failure: in CI it is, unless it was hidden on purpose. */
export const isFailure = (reason: string): boolean => Boolean(process.env.CI) && reason !== HIDDEN;
