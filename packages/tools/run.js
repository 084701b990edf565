// The commands behind the scripts of the root's package.json. All they need is Node and npm.
const NODE = 20;
const COMMANDS = [
  ...['start', 'test', 'check', 'build', 'bench', 'size'],
  ...['fuzz', 'mutation', 'runtimes', 'kernel', 'model', 'lifecycle'],
];

if (Number.parseInt(process.versions.node, 10) < NODE) {
  fail(`sockless needs Node ${NODE} or newer; this is Node ${process.versions.node}.`);
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
