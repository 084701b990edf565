// A workspace in a temporary folder, with the tools of this one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../workspace.js';

export interface Workspace {
  readonly root: string;
  write(path: string, content: string): void;
  /** Runs statements that may use `root` and the exports of a module of packages/tools. */
  run(module: string, statements: string): { code: number | null; output: string };
  remove(): void;
}

export function createWorkspace(files: Record<string, string>): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sockless-tools-')));
  mkdirSync(join(root, 'node_modules'));
  mkdirSync(join(root, 'packages'));
  for (const path of ['node_modules/tsx', 'node_modules/uvu', 'packages/tools']) {
    symlinkSync(join(ROOT, path), join(root, path));
  }
  const workspace: Workspace = {
    root,
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    run(module, statements) {
      const url = new URL(`../${module}`, import.meta.url).href;
      const code = `import * as tools from '${url}'; const root = ${JSON.stringify(root)}; ${statements}`;
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      });
      return { code: status, output: stderr + stdout };
    },
    remove: () => rmSync(root, { recursive: true }),
  };
  for (const [path, content] of Object.entries(files)) {
    workspace.write(path, content);
  }
  return workspace;
}
