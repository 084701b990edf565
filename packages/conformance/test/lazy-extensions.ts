/** The negotiation of permessage-deflate of the endpoint in lazy.ts (RFC 7692 5). */

const ELEMENT = /^[ \t]*([\w-]+)((?:[ \t]*;[ \t]*[\w-]+(?:=(?:[\w.+-]+|"[\w.+-]+"))?)*)[ \t]*(?:,|$)/;

/**
 * Reads offers or an answer. Returns the field of the answer, and whether compression was agreed on; `undefined` if the
 * list must be refused.
 */
export function agree(
  list: string,
  isOffer: boolean,
  isChecked: boolean,
): { answer: string; deflate: boolean } | undefined {
  let deflate = false;
  let answer = '';
  for (let rest = list; rest !== ''; ) {
    const match = ELEMENT.exec(rest);
    if (match === null) return undefined;
    rest = rest.slice(match[0].length);
    const [, name, text = ''] = match;
    const parameters = text
      .split(';')
      .slice(1)
      .map((part) => part.trim().replaceAll('"', '').split('='));
    const names = parameters.map(([key]) => key);
    const isValid =
      new Set(names).size === names.length &&
      parameters.every(([key = '', value]) =>
        /^(server|client)_no_context_takeover$/.test(key)
          ? value === undefined
          : /^(server|client)_max_window_bits$/.test(key) &&
            (value === undefined ? isOffer && key.startsWith('client') : /^([89]|1[0-5])$/.test(value)),
      );
    const isDeflate = name === 'permessage-deflate';
    if (!isOffer && (!(isDeflate && isValid) || deflate)) return undefined;
    if (!isDeflate || deflate || !(isValid || !isChecked)) continue;
    deflate = true;
    const kept = parameters
      .filter(([key]) => key?.startsWith('server_'))
      .map((parameter) => `; ${parameter.join('=')}`);
    answer = `Sec-WebSocket-Extensions: permessage-deflate${kept.join('')}\r\n`;
  }
  return { answer, deflate };
}
