/** What some tests need of Debian's: the one place where it is looked up, so that it can be hidden from all of them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CHROMIUM } from './chromium.ts';

/** Debian's python, which sees the packages that Debian has installed. */
export const PYTHON = '/usr/bin/python3';

/** How to see whether a package is installed, by its name. */
const PROBES = {
  chromium: () => existsSync(CHROMIUM),
  'python3-websockets': () => imports('websockets'),
  'python3-wsproto': () => imports('wsproto'),
  nginx: () => existsSync('/usr/sbin/nginx'),
  haproxy: () => existsSync('/usr/sbin/haproxy'),
  tinyproxy: () => existsSync('/usr/bin/tinyproxy'),
};

/** The name of a package. */
export type DebianPackage = keyof typeof PROBES;

const HIDDEN = 'hidden by SOCKLESS_HIDE_TOOLS';

/**
 * Why tests have to do without a package; `undefined` when it is there. `SOCKLESS_HIDE_TOOLS=all`, or names with commas
 * between them, hides what is there.
 */
export function whyMissing(name: DebianPackage): string | undefined {
  const hidden = (process.env.SOCKLESS_HIDE_TOOLS ?? '').split(',').filter((part) => part !== '');
  const unknown = hidden.find((part) => part !== 'all' && !(part in PROBES));
  if (unknown !== undefined) {
    throw new Error(`SOCKLESS_HIDE_TOOLS: there is no ${unknown}, only ${Object.keys(PROBES).join(', ')}, and all`);
  }
  if (hidden.includes('all') || hidden.includes(name)) return HIDDEN;
  return PROBES[name]() ? undefined : `apt-get install ${name}`;
}

/** Whether it is a failure that something is missing: in CI all is there, but for what is hidden on purpose. */
export const isFailure = (reason: string): boolean => Boolean(process.env.CI) && reason !== HIDDEN;

function imports(module: string): boolean {
  return spawnSync(PYTHON, ['-c', `import ${module}`], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}
