// Compares the public names and signatures of every published package with the list that is checked in, API.md.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { entryPoints, packages } from './workspace.js';

/** How many lines of a difference are printed. */
const SHOWN = 20;

/**
 * @param {string} root
 * @param {boolean} fix whether to write the lists that differ
 * @returns {boolean} whether every list is what the built declarations say
 */
export function checkApi(root, fix) {
  const results = packages(root).map(({ folder }) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return manifest.private === true || checkPackage(root, folder, manifest, fix);
  });
  return results.every(Boolean);
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {{ name: string, exports: Record<string, string | import('./workspace.js').Entry> }} manifest
 * @param {boolean} fix
 */
function checkPackage(root, folder, manifest, fix) {
  const { name } = manifest;
  const path = join(root, folder, 'API.md');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const entries = entryPoints(manifest).map(([subpath, { types }]) => {
    return `## ${name}${subpath.slice(1)}\n\n${report(join(root, folder), types)}`;
  });
  const now = `# The public API of ${name}\n\nWritten by \`npm run check -- --fix\` from the declarations. Do not edit.\n\n${entries.join('\n')}`;
  if (now === before) {
    console.log(`api: ${folder}`);
    return true;
  }
  if (fix) {
    writeFileSync(path, now);
    console.log(`api: ${folder}/API.md is written anew`);
    return true;
  }
  console.log(
    [
      `api: ${folder}/API.md is not what the package exports:`,
      ...difference(before, now),
      'If that is meant, "npm run check -- --fix" updates the list; a line of CHANGELOG.md tells those who use it.',
    ].join('\n'),
  );
  return false;
}

/**
 * The names and signatures of one entry point, as API Extractor reports them.
 * @param {string} folder of the package
 * @param {string} types its declarations, relative to that
 */
function report(folder, types) {
  const temporary = mkdtempSync(join(tmpdir(), 'sockless-api-'));
  mkdirSync(join(temporary, 'kept'));
  const none = { default: { logLevel: ExtractorLogLevel.None } };
  const { succeeded } = Extractor.invoke(
    ExtractorConfig.prepare({
      packageJsonFullPath: join(folder, 'package.json'),
      configObjectFullPath: undefined,
      configObject: {
        projectFolder: folder,
        newlineKind: 'lf',
        mainEntryPointFilePath: join(folder, types),
        compiler: { overrideTsconfig: { extends: './tsconfig.json', include: [], files: [types] } },
        apiReport: {
          enabled: true,
          reportFileName: 'report',
          reportFolder: join(temporary, 'kept'),
          reportTempFolder: temporary,
          // What an export refers to is part of its signature.
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        // Docstrings are judged by `deno doc --lint`.
        messages: { compilerMessageReporting: none, extractorMessageReporting: none, tsdocMessageReporting: none },
      },
    }),
    {
      localBuild: true,
      messageCallback(message) {
        message.handled = true;
        if (message.logLevel === ExtractorLogLevel.Error) console.log(message.text);
      },
    },
  );
  if (!succeeded) throw new Error(`API Extractor cannot read ${join(folder, types)}`);
  const text = readFileSync(join(temporary, 'kept/report.api.md'), 'utf8');
  rmSync(temporary, { recursive: true });
  // All that is exported is public, and what is not documented is said elsewhere.
  return text
    .slice(text.indexOf('```ts'))
    .replace(/^ *\/\/ (@public.*|\(undocumented\)|\(No @packageDocumentation .*)\n/gm, '');
}

/**
 * The lines that only one of two texts has.
 * @param {string} before
 * @param {string} now
 */
function difference(before, now) {
  const [old, fresh] = [before.split('\n'), now.split('\n')];
  const lines = [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
  return lines.length > SHOWN ? [...lines.slice(0, SHOWN), `… and ${lines.length - SHOWN} more`] : lines;
}
