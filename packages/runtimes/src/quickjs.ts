/** QuickJS, an interpreter with nothing beyond ECMAScript, compiled to WebAssembly. */
import { createRequire } from 'node:module';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import { bundleExpectations } from './bundle.ts';
import type { Report } from './inside.ts';
import type { Runtime } from './runtime.ts';

const VARIANT = '@jitl/quickjs-wasmfile-release-sync';
const { version } = createRequire(import.meta.url)(`${VARIANT}/package.json`) as { version: string };

/** Its own global object is already bare. */
export const QUICKJS: Runtime = {
  name: 'quickjs',
  missing: undefined,
  async run(whole) {
    const script = await bundleExpectations(whole);
    const module = await newQuickJSWASMModuleFromVariant(import(VARIANT));
    const context = module.newContext();
    const promise = context.unwrapResult(context.evalCode(`${script}\nrun(globalThis).then(JSON.stringify);`));
    const settled = context.resolvePromise(promise);
    context.runtime.executePendingJobs();
    const reports = JSON.parse(context.getString(context.unwrapResult(await settled))) as Report[];
    return { version, reports };
  },
};
