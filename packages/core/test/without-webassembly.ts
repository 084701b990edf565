// Run by without-webassembly.test.ts: whether there is a kernel is asked once in a process, and here there is none.
Reflect.deleteProperty(globalThis, 'WebAssembly');

for (const file of process.argv.slice(2)) await import(new URL(file, import.meta.url).href);
