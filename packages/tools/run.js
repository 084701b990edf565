// The commands behind the scripts of the root's package.json. They need only Node and npm.
/** The Node version that `@noble/hashes` and the tools need. */
const NODE = '20.19';
if (process.versions.node.localeCompare(NODE, 'en', { numeric: true }) < 0) {
  fail(`sockless needs Node ${NODE} or newer; this is Node ${process.versions.node}.`);
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
    if (error instanceof TypeError && String(error).includes('[ERR_PARSE_ARGS')) fail(`${error.message}\n\n${help}`);
    fail(error instanceof Failure ? error.message : error);
  }
}

/** @param {unknown} reason */
function fail(reason) {
  console.error(reason);
  process.exit(1);
}
