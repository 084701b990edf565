// Packs the published packages, checks them, tries them in an empty project, and stages them at npm.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { install } from './install.js';
import { BUN, DENO, DENO_ENV, findProgram } from './native.js';
import { addressOf, checkPacked, NO_ADDRESS, published } from './pack.js';
import { createProject } from './project.js';
import { Failure, ROOT } from './workspace.js';

export const help = `npm run release -- [--dry-run] [--into FOLDER]

Builds and packs the published packages, checks the tarballs with publint and "Are the types wrong?", installs them into an
empty project, and runs the programs of the README files there, on Node, Deno and Bun (the last two if npm has installed them).
Then it stages the tarballs at npm, with provenance, for a maintainer to approve. .github/workflows/release.yml runs it.

  --dry-run  stage nothing
  --into     keep the tarballs in this folder, from which npm can install them

Without the address of the repository (\`repository\` in the package.json of the root) only a dry run is possible.`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function command(args) {
  const options = /** @type {const} */ ({ 'dry-run': { type: 'boolean' }, into: { type: 'string' } });
  const { 'dry-run': dryRun, into } = parseArgs({ args, options }).values;
  if (!dryRun) checkReleasable(ROOT);
  install(ROOT, 'all');
  build(ROOT);
  const project = createProject(ROOT);
  try {
    const { packed } = project;
    if (!checkPacked(packed)) throw new Failure('release: refused, because the checks above failed.');
    const readmes = packed.map(({ name }) => join(project.folder, 'node_modules', name, 'README.md'));
    for (const readme of [join(ROOT, 'README.md'), ...readmes]) await tryReadme(project, readme);
    for (const { tarball } of packed) {
      if (into !== undefined) cpSync(tarball, join(into, basename(tarball)));
      // It is not published before a maintainer approves it. Token and provenance come from the workflow; npm must be 11.15 or newer.
      const stage = ['stage', 'publish', tarball, '--access', 'public', '--provenance'];
      if (!dryRun) execFileSync('npm', stage, { stdio: 'inherit', shell: process.platform === 'win32' });
    }
  } finally {
    project.remove();
  }
  const address = addressOf(ROOT) ? '' : `; ${NO_ADDRESS} stands for the address`;
  if (dryRun) console.log(`release: a dry run, nothing was staged${address}`);
  return 0;
}

/**
 * @param {string} root
 * @throws {Failure} when this state of the repository may not be released
 */
export function checkReleasable(root) {
  /** @type {(wrong: boolean, reason: string) => void} */
  const refuse = (wrong, reason) => {
    if (wrong) throw new Failure(`release: refused, because ${reason}.`);
  };
  // In a container the folder may belong to another user.
  const trust = ['-c', `safe.directory=${resolve(root)}`];
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', [...trust, ...args], { cwd: root, encoding: 'utf8' }).split('\n');
  const [version, ...others] = new Set(published(root).map(({ manifest }) => manifest.version));
  const where = 'Put it into `repository` in the package.json of the root';
  refuse(addressOf(root) === undefined, `the repository's address is missing. ${where}`);
  refuse(git('status', '--porcelain').join('') !== '', 'there are uncommitted changes');
  refuse(others.length > 0, 'the packages have different versions');
  refuse(!git('tag', '--points-at', 'HEAD').includes(`v${version}`), `this commit is not tagged v${version}`);
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  refuse(!changelog.includes(`\n## ${version}`), `CHANGELOG.md has no heading ${version}`);
}

/** The expected output. */
const DONE = 'closed the connection with 1000 "done", and the closing handshake was completed';
const GREETINGS = 'client received: hello from the server\nserver received: hello from the client\n';
const ALONE = new RegExp(`^(${GREETINGS}(the peer ${DONE}\\n)?|\\d+ characters came as \\d+ bytes\\n)$`);

/**
 * Runs the first programs of a README, if it has them, on each runtime: one that uses only core, and a server with its
 * client. packages/docs tests the others.
 * @param {import('./project.js').Project} project
 * @param {string} readme its path
 */
async function tryReadme(project, readme) {
  const programs = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const [alone, server, client] = [/Connection\.client\(/, /(= |await )serve\(/, /= connect\(/].map((words) =>
    programs.find((text) => words.test(text)),
  );
  assert.ok(programs.length === 0 || alone || (server && client), `${readme}: none of its programs is known`);
  // Bun comes with packages/runtimes. Both are found only now, since they may just have been installed, as this module.
  const { default: tsBlankSpace } = await import('ts-blank-space');
  /** @type {Record<string, [program: string | undefined, ...args: string[]]>} */
  const runtimes = {
    Node: [process.execPath],
    Deno: [findProgram(import.meta.url, DENO), 'run', '--no-lock', '--allow-all'],
    Bun: [findProgram(join(ROOT, 'packages/runtimes/package.json'), BUN), 'run'],
  };
  for (const [runtime, [program, ...args]] of Object.entries(runtimes)) {
    if (program === undefined || (runtime !== 'Deno' && server?.includes("'@sockless/deno'"))) continue;
    const options = { cwd: project.folder, env: { ...process.env, ...DENO_ENV }, timeout: 30_000 };
    const write = (/** @type {string} */ text) => [...args, project.write('program.js', tsBlankSpace(text))];
    const run = (/** @type {string} */ text) => execFileSync(program, write(text), { ...options, encoding: 'utf8' });
    if (alone) assert.match(run(alone), ALONE);
    if (server && client) {
      const serving = spawn(program, write(server.replace('port: 8081', 'port: 0')), options);
      serving.stderr.pipe(process.stderr);
      const lines = createInterface({ input: serving.stdout })[Symbol.asyncIterator]();
      try {
        const listening = String((await lines.next()).value);
        assert.match(listening, /^listening on ws:/);
        const url = listening.replace('listening on ', '');
        const output = run(client.replace('ws://localhost:8081/', url));
        assert.equal(output, `welcome\nhello\nthis endpoint ${DONE}\n`);
        assert.equal((await lines.next()).value, `the peer ${DONE}`);
      } finally {
        serving.kill('SIGKILL');
      }
    }
    const where = readme.startsWith(ROOT) ? 'the repository' : basename(dirname(readme));
    if (programs.length > 0) console.log(`release: the programs of ${where} ran on ${runtime}`);
  }
}
