/** The outcome as one page: families, verdicts, and of each case the rule and the wire frame by frame. */
import { familyOf } from '../case.ts';
import type { Result } from '../run/verdict.ts';
import { sentenceOf } from './sentences.ts';
import { families, summary, xml } from './text.ts';

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse}td,th{padding:.15rem .7rem;text-align:right;border-bottom:1px solid #ddd}td:first-child,th:first-child{text-align:left}
details{margin:.2rem 0;padding-left:.5rem;border-left:4px solid #4a4}details.fail{border-color:#c33}details.skip{border-color:#999}
summary{cursor:pointer}pre{overflow-x:auto;background:#f5f5f5;padding:.6rem;font-size:13px}blockquote{margin:.4rem 1rem;color:#555}
.i{color:#06c}.r{color:#777}code{background:#f5f5f5}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}pre,code{background:#262626}td,th{border-color:#444}.i{color:#7bf}blockquote{color:#aaa}}`;

/** Returns the page. It needs nothing else. */
export function asHtml(results: readonly Result[], about: string): string {
  const rows = families(results).map(
    ([family, { total, pass, fail, skip }]) =>
      `<tr><td><a href="#${xml(family)}">${xml(family)}</a></td><td>${total}</td><td>${pass}</td><td>${fail}</td><td>${skip}</td></tr>`,
  );
  const sections = families(results).map(([family]) => {
    const cases = results.filter((result) => familyOf(result.case) === family);
    return `<h2 id="${xml(family)}">${xml(family)}</h2>\n${cases.map(details).join('\n')}`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Conformance of ${xml(about)}</title><style>${STYLE}</style></head><body>
<h1>Conformance of ${xml(about)}</h1>
<p>${xml(summary(results))}</p>
<table><tr><th>family</th><th>cases</th><th>passed</th><th>failed</th><th>skipped</th></tr>
${rows.join('\n')}</table>
${sections.join('\n')}
</body></html>
`;
}

function details({ case: item, verdict, findings, reason, wire, milliseconds }: Result): string {
  const found = findings.map(
    ({ severity, section, text }) => `<li><b>${severity}</b>, ${xml(section)}: ${xml(text)}</li>`,
  );
  const sentence = sentenceOf(item.id);
  const lines = wire.map(({ at, from, what, bytes }) => {
    const name = from === 'implementation' ? 'i' : from === 'runner' ? 'r' : 's';
    return `<span class="${name}">${String(at).padStart(6)} ms  ${from === 'implementation' ? '←' : from === 'suite' ? '→' : ' '} ${xml(what.trimEnd())}${bytes === undefined || bytes === '' ? '' : `\n             ${xml(bytes)}`}</span>`;
  });
  return `<details class="${verdict}"${verdict === 'fail' ? ' open' : ''}><summary>${verdict}: <code>${xml(item.id)}</code> ${xml(item.title)}</summary>
<p>${item.severity}, ${xml(item.section)}, ${milliseconds} ms${reason === undefined ? '' : `; skipped: ${xml(reason)}`}</p>${sentence === undefined ? '' : `<blockquote>RFC ${sentence.rfc} ${sentence.section}: “${xml(sentence.words)}”</blockquote>`}
${found.length > 0 ? `<ul>${found.join('')}</ul>` : ''}<pre>${lines.join('\n')}</pre></details>`;
}
