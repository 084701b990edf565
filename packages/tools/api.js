// Compares the public names and signatures of every published package with its checked-in list, API.md.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { entryPoints, packages } from './workspace.js';

/** The most lines of a difference that are printed. */
const SHOWN = 20;

/**
 * @param {string} root
 * @param {boolean} fix whether to write the lists that differ
 * @returns {boolean} whether every list matches the built declarations
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
    console.log(`api: ${folder}/API.md has been updated`);
    return true;
  }
  console.log(
    [
      `api: ${folder}/API.md differs from the package's exports:`,
      ...difference(before, now),
      'If that is intended, "npm run check -- --fix" updates the list. Then add a line to CHANGELOG.md for those who use it.',
    ].join('\n'),
  );
  return false;
}

/**
 * Returns the names and signatures of one entry point, as API Extractor reports them.
 * @param {string} folder of the package
 * @param {string} types its declarations, relative to the folder
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
          // Everything that an export refers to is part of its signature.
          includeForgottenExports: true,
        },
        docModel: { enabled: false },
        // `deno doc --lint` checks docstrings.
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
  // Removes the remarks that everything is public and that docstrings are missing here.
  return text
    .slice(text.indexOf('```ts'))
    .replace(/^ *\/\/ (@public.*|\(undocumented\)|\(No @packageDocumentation .*)\n/gm, '');
}

/**
 * Returns the lines that only one of two texts has.
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
