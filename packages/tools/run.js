// The commands behind the scripts of the root's package.json. They need only Node and npm.
/** The Node version that `@noble/hashes` and the tools need. */
const NODE = /** @type {const} */ ([20, 19]);
const COMMANDS = [
  ...['start', 'test', 'check', 'build', 'bench', 'size'],
  ...[
    'fuzz',
    'mutation',
    'runtimes',
    'hostile',
    'soak',
    'conformance',
    'compliance',
    'kernel',
    'model',
    'lifecycle',
    'recording',
    'release',
  ],
];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
  fail(`sockless needs Node ${NODE.join('.')} or newer; this is Node ${process.versions.node}.`);
}
const [name = '', ...args] = process.argv.slice(2);
if (!COMMANDS.includes(name)) {
  fail(`usage: node packages/tools/run.js ${COMMANDS.join('|')} [--help]`);
}

const { Failure } = await import('./workspace.js');
const { command, help } = await import(`./${name}.js`);
if (args.includes('--help') || args.includes('-h')) {
  console.log(help);
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    fail(error instanceof Failure ? error.message : error);
  }
}

/** @param {unknown} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
