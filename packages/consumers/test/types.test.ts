// The declarations of the packed packages compile in other people's projects: every TypeScript that is supported, every way to resolve
// modules, nothing skipped.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { project } from './project.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ALL = budget(false, true);

/** The versions, and the newest `@types/node` that compiles with each by itself. */
const VERSIONS = [
  { typescript: '5.4', node: 25 },
  { typescript: '5.5', node: 25 },
  { typescript: '5.6', node: 26 },
  { typescript: '5.7', node: 26 },
  { typescript: '5.8', node: 26 },
  { typescript: '5.9', node: 26 },
  { typescript: '6.0', node: 26 },
  { typescript: '7.0', node: 26 },
] as const;
const OLDEST = VERSIONS[0];
const NEWEST = VERSIONS[VERSIONS.length - 1] as (typeof VERSIONS)[number];

/** Ways to resolve modules, with the `module` that goes with them. */
const RESOLUTIONS = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const;
type Resolution = keyof typeof RESOLUTIONS;

interface Author {
  /** Of this package, and of README files. */
  readonly programs: string[];
  readonly lib: readonly string[];
  readonly types: readonly string[];
}

/** Programs, and what their authors have besides: nothing but ECMAScript of 2022, the types of Node, those of Deno. */
const AUTHORS: Readonly<Record<'any host' | 'Node' | 'Deno', Author>> = {
  'any host': { programs: ['core', 'deflate', 'adapter', 'fuzz'], lib: ['ES2022'], types: [] },
  Node: { programs: ['node', 'conformance'], lib: ['ES2022'], types: ['node'] },
  // The types of Deno themselves need TypeScript 5.9 or newer.
  Deno: { programs: ['deno'], lib: ['ESNext', 'DOM', 'DOM.Iterable'], types: ['deno', 'node'] },
};
type AuthorName = keyof typeof AUTHORS;

cpSync(join(PACKAGE, 'programs'), join(project.folder, 'programs'), { recursive: true });
for (const { name } of project.packed) {
  const readme = readFileSync(join(project.folder, 'node_modules', name, 'README.md'), 'utf8');
  const author = name === '@sockless/deno' ? 'Deno' : 'Node';
  for (const [at, [, text = '']] of [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].entries()) {
    const program = `${name.replace('@sockless/', 'readme-')}-${at}`;
    project.write(`programs/${program}.ts`, text);
    AUTHORS[author].programs.push(program);
  }
}

const test = suite('types');

/** Compiles what an author wrote, and returns what the compiler says. */
function compile(
  { typescript, node }: (typeof VERSIONS)[number],
  resolution: Resolution,
  author: AuthorName,
  {
    files = AUTHORS[author].programs.map((name) => `${name}.ts`),
    ...more
  }: { files?: string[]; verbatimModuleSyntax?: boolean } = {},
): Promise<string> {
  const { lib, types } = AUTHORS[author];
  const typeRoots = `types-${node}`;
  install(typeRoots, node);
  const config = project.write(
    `${typescript}-${resolution}-${author.replace(' ', '-')}.json`,
    JSON.stringify({
      compilerOptions: {
        module: RESOLUTIONS[resolution],
        moduleResolution: resolution,
        target: 'ES2022',
        lib,
        types,
        typeRoots: [typeRoots],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        noEmit: true,
        ...more,
      },
      files: files.map((name) => `programs/${name}`),
    }),
  );
  const compiler = join(packageFolder(`typescript-${typescript}`), 'bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [compiler, '--project', config, '--pretty', 'false'], (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}${error.message}`),
    );
  });
}

/** Puts a version of `@types/node` where the compiler is told to look for types. */
function install(typeRoots: string, version: number): void {
  const folder = join(project.folder, typeRoots);
  if (existsSync(folder)) return;
  mkdirSync(folder);
  symlinkSync(packageFolder(`types-node-${version}`), join(folder, 'node'));
  symlinkSync(packageFolder('@types/deno'), join(folder, 'deno'));
}

function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

for (const version of VERSIONS) {
  for (const resolution of Object.keys(RESOLUTIONS) as Resolution[]) {
    // Usually the ends of the range, each with another resolution.
    const isOldest = version === OLDEST && resolution === 'node16';
    const isNewest = version === NEWEST && resolution === 'bundler';
    if (!(ALL || isOldest || isNewest)) continue;
    for (const author of Object.keys(AUTHORS) as AuthorName[]) {
      if (author === 'Deno' && Number(version.typescript) < 5.9) continue;
      if (author !== 'Node' && !ALL && isOldest) continue;
      test(`the programs for ${author} compile with TypeScript ${version.typescript} and resolution ${resolution}`, async () => {
        assert.is(await compile(version, resolution, author), '');
      });
    }
  }
}

/** A CommonJS file: the compiler makes `require` of both imports. */
const COMMON_JS = `import { connect, serve } from '@sockless/node';
import core = require('@sockless/core');

export async function main(): Promise<void> {
  const server = await serve({ port: 0 }, { message: (ws, data) => void ws.send(data) });
  await connect(server.url).opened;
  console.log(core.Connection.server().state);
}
`;

// As the README of @sockless/node says.
for (const version of VERSIONS) {
  for (const resolution of ['node16', 'nodenext'] as const) {
    const compiles = Number(version.typescript) >= 5.8 && resolution === 'nodenext';
    if (!(ALL || (compiles && version.typescript === '5.8'))) continue;
    const verdict = compiles ? 'compiles' : 'is refused';
    test(`a CommonJS file ${verdict} with TypeScript ${version.typescript} and resolution ${resolution}`, async () => {
      project.write('programs/common.cts', COMMON_JS);
      const said = await compile(version, resolution, 'Node', { files: ['common.cts'], verbatimModuleSyntax: false });
      if (compiles) assert.is(said, '');
      else for (const code of ['TS1479', 'TS1471']) assert.match(said, code);
    });
  }
}

test('a mistake in a program is found', async () => {
  project.write(
    'programs/deflate.ts',
    "import { pako } from '@sockless/deflate';\nexport const wrong: number = pako;\n",
  );
  assert.match(await compile(OLDEST, 'node16', 'any host'), "TS2322: Type 'DeflateEngine' is not assignable");
});

test.run();
