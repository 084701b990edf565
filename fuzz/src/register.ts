/** Makes this process load a target's modules through ours: see loading.ts. */
import Module, { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ENTRY, NAME, ownModule } from './here.ts';
import { type Counted, counting, isCounted, readProgram } from './loading.ts';

/** The part of Node's CommonJS loader that programs have always replaced. */
interface Loader {
  prototype: { _compile: Compile };
  _extensions: Record<string, (module: { _compile: Compile }, path: string) => void>;
  _resolveFilename: (request: string, ...rest: unknown[]) => string;
}

type Compile = (this: unknown, code: string, path: string, format?: 'module' | 'commonjs') => unknown;

let isRegistered = false;

/**
 * Registers the hooks, once in a process.
 *
 * @param counted which modules count their branches. Default: none
 */
export function registerHooks(counted?: Counted): void {
  if (isRegistered) return;
  isRegistered = true;
  register(pathToFileURL(ownModule('hooks')), { data: counted });

  const loader = Module as unknown as Loader;
  const { _compile: compile } = loader.prototype;
  loader.prototype._compile = function (code, path, format) {
    return compile.call(this, isCounted(path, counted) ? counting(code, path, format) : code, path, format);
  };
  for (const extension of ['.ts', '.cts', '.mts']) {
    loader._extensions[extension] = (module, path) => {
      const { code, format } = readProgram(path);
      module._compile(code, path, format);
    };
  }
  const { _resolveFilename: resolveFilename } = loader;
  loader._resolveFilename = (request, ...rest) =>
    request === NAME ? fileURLToPath(ENTRY) : resolveFilename.call(Module, request, ...rest);
}
