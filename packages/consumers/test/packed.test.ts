// What is in the tarballs, and what is not.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { project, ROOT } from './project.ts';

const packages = project.packed.map(({ name, folder, size }) => {
  const installed = join(project.folder, 'node_modules', name);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const paths = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return { name, folder, size, installed, manifest, paths };
});

const test = suite('packed');

test('seven packages are packed, with one version', () => {
  assert.equal(packages.map(({ name }) => name).sort(), [
    '@sockless/adapter',
    '@sockless/conformance',
    '@sockless/core',
    '@sockless/deflate',
    '@sockless/deno',
    '@sockless/fuzz',
    '@sockless/node',
  ]);
  assert.is(new Set(packages.map(({ manifest }) => manifest.version)).size, 1);
  for (const { name, size } of packages) {
    console.log(`${name}: ${(size / 1000).toFixed(0)} KB`);
    // The vectors of the conformance suite are 2,134 cases as JSON.
    const most = name === '@sockless/conformance' ? 1_200_000 : 300_000;
    assert.ok(size < most, `${name} is ${size} bytes`);
  }
});

test('each package has its licence, a README and a CHANGELOG without relative links, and a complete manifest', () => {
  for (const { name, folder, installed, manifest } of packages) {
    assert.is(readFileSync(join(installed, 'LICENSE'), 'utf8'), readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
    const read = (path: string): string => readFileSync(join(installed, path), 'utf8').replace(/^```.*?^```$/gms, '');
    assert.match(read('README.md'), `# ${name}\n`);
    assert.match(read('CHANGELOG.md'), new RegExp(`^# Changelog\n.*^## (Unreleased|${manifest.version})`, 'ms'));
    const links = (path: string) => [...read(path).matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    assert.ok(links('README.md').length > 3, `${name} links to ${links('README.md')}`);
    for (const target of [...links('README.md'), ...links('CHANGELOG.md')]) assert.match(target, /^https:\/\//, name);
    assert.equal(manifest.publishConfig, { access: 'public', provenance: true });
    assert.is(manifest.repository.directory, folder);
    assert.match(manifest.homepage, `/${folder}#readme`);
    assert.ok(manifest.bugs.url.endsWith('/issues'));
    assert.is(manifest.exports['./package.json'], './package.json');
    assert.is(manifest.devDependencies, undefined);
    for (const [need, range] of Object.entries(manifest.dependencies ?? {})) {
      assert.match(String(range), /^\^\d/, `${name} needs ${need}`);
    }
  }
});

test('each source map contains its sources, and each entry has a map', () => {
  for (const { paths } of packages) {
    for (const path of paths.filter((each) => each.endsWith('.js'))) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
      assert.ok(sources.length > 0 && sourcesContent.length === sources.length, path);
      assert.ok(
        sourcesContent.every((text: unknown) => typeof text === 'string' && text.length > 0),
        path,
      );
    }
  }
});

test('every declaration is needed by an entry', () => {
  for (const { installed, manifest, paths } of packages) {
    const needed = new Set<string>();
    const visit = (path: string): void => {
      if (needed.has(path)) return;
      needed.add(path);
      for (const { fileName } of ts.preProcessFile(readFileSync(path, 'utf8')).importedFiles) {
        if (fileName.startsWith('.')) visit(join(dirname(path), fileName.replace(/\.ts$/, '.d.ts')));
      }
    };
    for (const [, { types }] of entriesOf(manifest)) visit(join(installed, types));
    assert.equal(paths.filter((path) => path.endsWith('.d.ts')).sort(), [...needed].sort());
  }
});

test('the modules export exactly the values that their declarations promise', async () => {
  for (const { name, installed, manifest } of packages) {
    for (const [subpath, entry] of entriesOf(manifest)) {
      // A program, which runs when it is imported.
      if (subpath === './cli') continue;
      const exported = await import(pathToFileURL(join(installed, entry.default)).href);
      const specifier = `${name}${subpath.slice(1)}`;
      assert.equal(promisedValues(specifier), Object.keys(exported).sort(), specifier);
    }
  }
});

const OPTIONS = { module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts'], types: [], skipLibCheck: true };
/** Parses each library and declaration once for all programs. */
const host = ts.createCompilerHost(OPTIONS);
const parsed = new Map<string, ts.SourceFile | undefined>();
const { getSourceFile } = host;
host.getSourceFile = (path, ...rest) => {
  if (path.startsWith(join(project.folder, 'program-'))) return getSourceFile(path, ...rest);
  if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest));
  return parsed.get(path);
};

/** The names that may be used as values, as the declarations of an entry have it. */
function promisedValues(specifier: string): string[] {
  const names = (path: string): string[] => {
    const program = ts.createProgram([path], OPTIONS, host);
    const checker = program.getTypeChecker();
    const statement = program.getSourceFile(path)?.statements[0] as ts.ImportDeclaration;
    const symbol = checker.getSymbolAtLocation(statement.moduleSpecifier);
    return symbol === undefined ? [] : checker.getExportsOfModule(symbol).map((each) => each.name);
  };
  const head = `import * as all from '${specifier}';\n`;
  const all = names(project.write('program-all.ts', head)).sort();
  assert.ok(all.length > 0, specifier);
  // Each in a line of its own; where it is a type alone, that line is wrong.
  const path = project.write('program-values.ts', head + all.map((name) => `void all.${name};\n`).join(''));
  const program = ts.createProgram([path], OPTIONS, host);
  const source = program.getSourceFile(path);
  const wrong = program.getSemanticDiagnostics(source).map(({ start = 0 }) => {
    return Number(source?.getLineAndCharacterOfPosition(start).line) - 1;
  });
  return all.filter((_, at) => !wrong.includes(at));
}

interface Entry {
  readonly types: string;
  readonly default: string;
}

function entriesOf({ exports }: { exports: Record<string, string | Entry> }): [subpath: string, entry: Entry][] {
  return Object.entries(exports).flatMap(([subpath, entry]) => (typeof entry === 'object' ? [[subpath, entry]] : []));
}

test.run();
