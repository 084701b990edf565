/** The opening handshake of a case: ours, and what is asked of theirs (4.1, 4.2; RFC 7692 5, 7.1). */
import type { Extensions } from '../case.ts';
import { latin1 } from '../wire/bytes.ts';
import {
  acceptKey,
  type ExtensionElement,
  faultIn,
  field,
  type Head,
  hasToken,
  parseElements,
  SAMPLE_KEY,
} from '../wire/http.ts';
import type { Session } from './session.ts';
import { Stop } from './verdict.ts';

/** What a head may say that only the run knows. */
export interface Placeholders {
  readonly host?: string | undefined;
  readonly path?: string | undefined;
  readonly accept?: string | undefined;
}

/** Returns a head with its placeholders filled in. */
export function fill(head: string, { host = 'localhost', path = '/', accept = '' }: Placeholders): Uint8Array {
  return latin1(head.replaceAll('{host}', host).replaceAll('{path}', path).replaceAll('{accept}', accept));
}

/** Returns an ordinary request. */
export function requestHead(extensions?: string): string {
  const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return `GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${SAMPLE_KEY}\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`;
}

/** Returns an ordinary response. */
export function responseHead(extensions?: string): string {
  const answer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n${answer}\r\n`;
}

/** Judges the response of a server to a request that it must accept, and returns its extensions. */
export function judgeResponse(session: Session, head: Head, request: Head): ExtensionElement[] {
  const must = (section: string, text: string): void => session.find('must', section, text);
  if (!/^HTTP\/1\.[1-9] 101( |$)/.test(head.start)) {
    throw new Stop(`the server answered "${head.start.slice(0, 80)}" and did not switch protocols`);
  }
  const key = field(request, 'sec-websocket-key') ?? '';
  if (field(head, 'upgrade')?.toLowerCase() !== 'websocket') {
    must('RFC 6455 4.2.2', 'its response has no Upgrade: websocket');
  }
  if (!hasToken(field(head, 'connection'), 'upgrade')) {
    must('RFC 6455 4.2.2', 'its response has no Connection: Upgrade');
  }
  if (field(head, 'sec-websocket-accept') !== acceptKey(key)) {
    must('RFC 6455 4.2.2', 'its Sec-WebSocket-Accept does not fit the key');
  }
  const protocol = field(head, 'sec-websocket-protocol');
  if (protocol !== undefined && !listOf(field(request, 'sec-websocket-protocol')).includes(protocol)) {
    must('RFC 6455 4.2.2', `it chose the subprotocol "${protocol}", which was not offered`);
  }
  const elements = parseElements(field(head, 'sec-websocket-extensions'));
  const offers = parseElements(field(request, 'sec-websocket-extensions')).map(({ name }) => name);
  for (const { name } of elements) {
    if (!offers.includes(name)) must('RFC 6455 9.1', `it answers with the extension ${name}, which was not offered`);
  }
  return elements;
}

const listOf = (value: string | undefined): string[] => (value ?? '').split(',').map((part) => part.trim());

/** Judges the request of a client, and returns the key and what it offers. */
export function judgeRequest(session: Session, head: Head): { key: string; offers: ExtensionElement[] } {
  const must = (section: string, text: string): void => session.find('must', section, text);
  const one = (name: string): string | undefined => {
    const values = head.fields.filter(([other]) => other === name).map(([, value]) => value);
    if (values.length > 1) must('RFC 6455 4.1', `its request has ${name} ${values.length} times`);
    return values[0];
  };
  if (!/^GET \/\S* HTTP\/1\.[1-9]$/.test(head.start))
    must('RFC 6455 4.1', `its request begins with "${head.start.slice(0, 80)}"`);
  if ((one('host') ?? '') === '') must('RFC 6455 4.1', 'its request has no Host');
  if (!hasToken(field(head, 'upgrade'), 'websocket')) must('RFC 6455 4.1', 'its request has no Upgrade: websocket');
  if (!hasToken(field(head, 'connection'), 'upgrade')) must('RFC 6455 4.1', 'its request has no Connection: Upgrade');
  if (one('sec-websocket-version') !== '13') must('RFC 6455 4.1', 'its request has no Sec-WebSocket-Version: 13');
  const key = one('sec-websocket-key') ?? '';
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) must('RFC 6455 4.1', 'its Sec-WebSocket-Key is not 16 bytes in base64');
  const protocols = field(head, 'sec-websocket-protocol')
    ?.split(',')
    .map((name) => name.trim());
  if (protocols !== undefined && new Set(protocols).size !== protocols.length)
    must('RFC 6455 4.1', 'it offers a subprotocol twice');
  const offers = parseElements(field(head, 'sec-websocket-extensions'));
  for (const offer of offers.filter(({ name }) => name === 'permessage-deflate')) {
    const fault = faultIn(offer, true);
    if (fault !== undefined) must('RFC 7692 7.1', `its offer has ${fault}`);
  }
  return { key, offers };
}

/** Judges the answer to an offer of extensions, and lets the session inflate. Returns whether permessage-deflate was agreed. */
export function agree(
  session: Session,
  role: 'client' | 'server',
  elements: readonly ExtensionElement[],
  offered: string | undefined,
  wanted: Extensions = {},
): boolean {
  const answer = elements.find(({ name }) => name === 'permessage-deflate');
  if (elements.length > 1 && elements.filter(({ name }) => name === 'permessage-deflate').length > 1) {
    session.find('must', 'RFC 7692 5', 'it accepts permessage-deflate twice');
  }
  if (answer === undefined) {
    if (wanted.accepted === true) session.find('should', 'RFC 7692 5', 'it declines an offer that it could accept');
    return false;
  }
  const given = new Map(answer.parameters);
  if (role === 'server') {
    if (wanted.accepted === false) session.find('must', 'RFC 7692 7', 'it accepts an offer that it must decline');
    const fault = faultIn(answer, false);
    if (fault !== undefined) session.find('must', 'RFC 7692 7.1', `its answer has ${fault}`);
    for (const [name, value] of Object.entries(wanted.has ?? {})) {
      if (!given.has(name)) session.find('must', 'RFC 7692 7.1', `its answer lacks ${name}, which it has accepted`);
      else if (value !== true && Number(given.get(name)) > value)
        session.find('must', 'RFC 7692 7.1.2', `its answer has ${name}=${given.get(name)}, and ${value} was offered`);
    }
    const hasBits = (offered ?? '').includes('client_max_window_bits');
    for (const name of [...(wanted.lacks ?? []), ...(hasBits ? [] : ['client_max_window_bits'])]) {
      if (given.has(name)) session.find('must', 'RFC 7692 7.1.2.2', `its answer has ${name}, which was not offered`);
    }
  }
  session.compress({
    takeover: !given.has(`${role}_no_context_takeover`),
    windowBits: Number(given.get(`${role}_max_window_bits`) ?? 15),
  });
  return true;
}
