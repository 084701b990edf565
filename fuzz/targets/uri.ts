/** WebSocket URIs (RFC 6455 3): a server must understand every URI that a client accepts. */
import { request } from '../../packages/core/src/handshake/client.ts';
import { respond } from '../../packages/core/src/handshake/server.ts';
import { hostField, parseUri } from '../../packages/core/src/handshake/uri.ts';
import { ZEROS } from '../../packages/core/test/support.ts';
import { bytesOf, latin1 } from '../src/input.ts';
import { holds, same, typed, Violation } from '../src/target.ts';

export const name = 'uri';
export const description =
  'A URI is refused with a SyntaxError or understood as URL understands it, survives formatting, and our server accepts its request.';

export function fuzz(data: Uint8Array): void {
  // Decodes the input in one of two ways, so that there are characters beyond Latin-1.
  const text = (data[0] ?? 0) < 0x80 ? latin1(data.subarray(1)) : new TextDecoder().decode(data.subarray(1));
  const uri = typed(() => parseUri(text), SyntaxError);
  if (uri instanceof Error) {
    holds('an error message shows neither query nor user', !/[?#@][^"…]/.test(shownIn(uri)), () => uri.message);
    holds(
      'what is said of a URI is printable',
      !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(uri.message),
      () => uri.message,
    );
    return;
  }
  const again = parseUri(`${uri.secure ? 'wss' : 'ws'}://${hostField(uri)}${uri.resource}`);
  same('a formatted URI parses to the same', ['formatted', again], ['at first', uri]);
  holds(
    'a resource name is a path',
    /^\/[!-~]*$/.test(uri.resource) && !uri.resource.includes('#'),
    () => uri.resource,
  );
  holds('a port is a number from 1 to 65535', Number.isInteger(uri.port) && uri.port >= 1 && uri.port <= 65_535);

  if (URL.canParse(text)) {
    const { port, protocol } = new URL(text);
    const secure = protocol === 'wss:' || protocol === 'https:';
    const expected = [secure, Number(port) || (secure ? 443 : 80)];
    same('URL finds the same', ['sockless', [uri.secure, uri.port]], ['URL', expected]);
  }
  const { request: head } = request(text, {}, ZEROS);
  const headers = head.headers.map(([field, value]) => [field.toLowerCase(), value] as const);
  const answer = respond({ ...head, headers });
  if (!answer.accepted) {
    throw new Violation('our server takes the request of our client', { details: answer.error.message });
  }
}

/** Returns the part of a SyntaxError's message that shows the URI. */
const shownIn = ({ message }: Error): string => message.slice(0, message.lastIndexOf('" is not a WebSocket URI'));

export function* seeds(): Iterable<Uint8Array> {
  const uris = [
    ...['ws://example.com', 'wss://example.com:8443/chat?x=1', 'WS://EXAMPLE.com:80/', 'ws://[::1]:9/a%20b'],
    ...['ws://a/?', 'ws://127.0.0.1:0/', 'ws://u@h/', 'ws://h/#f', 'ws://h//x', 'ws://h:65536/', 'http://h/', 'ws:///'],
    ...['ws://h:/x', 'ws://%41/', 'ws://[1.2.3.4]/', 'ws://é/', 'wss://h:443/a?b?c/d'],
    ...['https://h/%', 'ws://h/%?%zz', 'ws://u:p@h/?token=x', 'ws://h//x//y?//z', 'ws://h/ ?token=secret#a'],
  ];
  for (const uri of uris) yield bytesOf(`\0${uri}`);
}

export const dictionary = ['ws://', 'wss://', '[::1]', ':65535', ':443', '%2f', '//', '/?', '#', '@'].map(bytesOf);
