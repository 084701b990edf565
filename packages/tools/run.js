// The commands behind the scripts of the root's package.json. They need only Node and npm.
/** The Node version that `@noble/hashes` and the tools need. */
const NODE = /** @type {const} */ ([20, 19]);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE[0] || (major === NODE[0] && minor < NODE[1])) {
  fail(`sockless needs Node ${NODE.join('.')} or newer; this is Node ${process.versions.node}.`);
}

const { Failure } = await import('./workspace.js');
const { helpOf, PROGRAMS, runProgram } = await import('./programs.js');
const COMMANDS = ['start', 'test', 'check', 'build', 'size', 'kernel', 'release', ...Object.keys(PROGRAMS)];
const [name = '', ...args] = process.argv.slice(2);
if (!COMMANDS.includes(name)) {
  fail(`usage: node packages/tools/run.js ${COMMANDS.join('|')} [--help]`);
}
const { command, help } = PROGRAMS[name]
  ? { command: (/** @type {string[]} */ given) => runProgram(name, given), help: helpOf(name) }
  : await import(`./${name}.js`);
if (args.includes('--help') || args.includes('-h')) {
  console.log(help);
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    if (isOfArguments(error)) fail(`${error.message}\n\n${help}`);
    fail(error instanceof Failure ? error.message : error);
  }
}

/**
 * @param {unknown} error
 * @returns {error is Error} whether `parseArgs` threw it
 */
function isOfArguments(error) {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** @param {unknown} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
