// Runs the demo in this process.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm start

Installs and builds what the demo needs, and serves it on http://127.0.0.1:8080 (PORT=… for another port).
Ctrl-C ends it.`;

export async function command() {
  install(ROOT, 'demo');
  build(ROOT, ['@sockless/demo']);
  // A SIGTERM to npm may end only the shell between npm and this process.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => clearInterval(watch));
  await import(pathToFileURL(join(ROOT, 'packages/demo/dist/server.js')).href);
}
