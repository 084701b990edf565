/** Tables of Markdown between two marks of a document. Commands write them, and tests compare them. */

/** Returns a document with other content between its marks `<!-- NAME: begin -->` and `<!-- NAME: end -->`. */
export function withContent(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->\n`];
  const [before, rest] = text.split(begin);
  const [, behind] = rest?.split(end) ?? [];
  if (before === undefined || behind === undefined) throw new Error(`the document has no marks with the name ${name}`);
  return `${before}${begin}${content}${end}${behind}`;
}

/** Returns a table of Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
