/** The programs of the README and the pages have no type errors with this repository's settings. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { programFolder, programsIn } from '../programs.ts';

const PACKAGE = new URL('../', import.meta.url);
const folder = programFolder(PACKAGE);
const test = suite('types of programs');
test.after(() => folder.remove());

test('no program of the README or of the pages has a type error', () => {
  const pages = readdirSync(PACKAGE).filter((name) => name.endsWith('.md'));
  const documents = ['../../README.md', ...pages].map((name) => new URL(name, PACKAGE));
  const files = documents.flatMap((document, n) =>
    programsIn(document).map((program, m) => folder.write(`${n}-${m}`, program, 'ts')),
  );
  assert.ok(files.length >= 8);
  const config = fileURLToPath(new URL('tsconfig.json', PACKAGE));
  const { config: json } = ts.readConfigFile(config, (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent({ ...json, include: [] }, ts.sys, fileURLToPath(PACKAGE));
  const program = ts.createProgram(files, { ...options, noEmit: true, skipLibCheck: true });
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.text.split('\n')[0]}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  assert.equal(problems, []);
});

test.run();
