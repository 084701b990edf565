/** HTML templates that escape the texts inserted into them. */

/** Complete HTML. */
export interface Markup {
  readonly markup: string;
}

/** Fills a template: strings are escaped, {@link Markup} and lists of it are inserted as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Markup | readonly Markup[])[]): Markup {
  return { markup: parts.map((part, at) => part + render(values[at] ?? '')).join('') };
}

/** Escapes the characters that have a meaning in HTML text and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function render(value: string | Markup | readonly Markup[]): string {
  if (typeof value === 'string') return escapeHtml(value);
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}
