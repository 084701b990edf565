/** Text that goes into a page escaped, unless it is a page already. */

/** Markup that is complete. */
export interface Markup {
  readonly markup: string;
}

/** A template whose texts are escaped; markup and lists of it are not. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Markup | readonly Markup[])[]): Markup {
  return { markup: parts.map((part, at) => part + render(values[at] ?? '')).join('') };
}

/** Escapes what means something in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(value: string | Markup | readonly Markup[]): string {
  if (typeof value === 'string') return escapeHtml(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}
