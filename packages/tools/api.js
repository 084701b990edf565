// Compares the public names and signatures of every published package with their checked-in lists, its folder `api`.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleMessageId, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { published } from './pack.js';
import { entryPoints } from './workspace.js';

const NONE = { default: { logLevel: ExtractorLogLevel.None } };

/**
 * @param {string} root
 * @param {boolean} fix whether to write the lists that differ
 * @returns {boolean} whether every list matches the built declarations
 */
export function checkApi(root, fix) {
  const results = published(root).flatMap(({ folder, manifest }) =>
    entryPoints(manifest).map(([subpath, { types }]) => {
      const config = ExtractorConfig.prepare({
        packageJsonFullPath: join(root, folder, 'package.json'),
        configObjectFullPath: undefined,
        configObject: {
          projectFolder: join(root, folder),
          newlineKind: 'lf',
          mainEntryPointFilePath: join(root, folder, types),
          compiler: { overrideTsconfig: { extends: './tsconfig.json', include: [], files: [types] } },
          apiReport: {
            enabled: true,
            reportFileName: subpath === '.' ? 'index' : subpath.slice(2),
            reportFolder: '<projectFolder>/api',
            reportTempFolder: '<projectFolder>/node_modules/.api',
            // Everything that an export refers to is part of its signature.
            includeForgottenExports: true,
          },
          docModel: { enabled: false },
          // `deno doc --lint` checks docstrings.
          messages: { compilerMessageReporting: NONE, extractorMessageReporting: NONE, tsdocMessageReporting: NONE },
        },
      });
      mkdirSync(config.reportFolder, { recursive: true }); // API Extractor makes none
      const { succeeded } = Extractor.invoke(config, {
        localBuild: fix,
        printApiReportDiff: true,
        messageCallback: (message) => {
          message.handled = message.messageId === ConsoleMessageId.Preamble; // names the version of TypeScript
        },
      });
      console.log(`api: ${folder} ${subpath}${succeeded ? '' : ' differs; "npm run check -- --fix" updates the list'}`);
      return succeeded;
    }),
  );
  return results.every(Boolean);
}
