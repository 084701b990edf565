/** Plays the script of a case over a link, and says what was wrong. */
import { type Case, type Extensions, familyOf, type Item, type Step } from '../case.ts';
import { equal, lengthOf, materialise, utf8 } from '../wire/bytes.ts';
import { Frames } from '../wire/frames.ts';
import { acceptKey, field, type Head, parseElements, parseHead } from '../wire/http.ts';
import type { Link, Target } from './link.ts';
import { agree, fill, judgeRequest, judgeResponse, requestHead, responseHead } from './opening.ts';
import { type Arrived, codeOf, Session } from './session.ts';
import { Stop } from './verdict.ts';

/** How long the answer to anything may take, in milliseconds. */
const WITHIN = 5000;
/** How many bytes arrive in a millisecond at least, beyond that. */
const SPEED = 2000;

/** One case over one connection. */
export class Play {
  readonly case: Case;
  readonly session: Session;
  readonly target: Pick<Target, 'host' | 'path'>;
  readonly again: (() => Promise<Link>) | undefined;
  /** The frames that the suite sends. */
  readonly frames: Frames;
  readonly patience: number;
  /** The Sec-WebSocket-Accept for the client under test. */
  #accept: string | undefined;

  constructor(
    item: Case,
    link: Link,
    target: Pick<Target, 'host' | 'path'>,
    again: (() => Promise<Link>) | undefined,
    patience: number,
  ) {
    this.case = item;
    this.session = new Session(link, item.role, familyOf(item) === 'masking');
    this.target = target;
    this.again = again;
    this.patience = patience;
    this.frames = new Frames(item.role === 'server' ? 'client' : 'server');
  }

  /** Says that the case has failed for what it is about. */
  fail(text: string): void {
    this.session.find(this.case.severity, this.case.section, text);
  }

  within(milliseconds: number = WITHIN): number {
    return milliseconds * this.patience;
  }

  /** Plays one step of the script. */
  async step(step: Step): Promise<void> {
    const { session } = this;
    switch (step.do) {
      case 'open':
        return this.open(step.extensions, step.needs);
      case 'head':
        return this.#head(step.head, step.cut, step.needs);
      case 'send':
        return this.#send(step);
      case 'receive':
        return this.receive(step.items, step.within);
      case 'silence': {
        const arrived = await this.next(step.for, true);
        if (arrived !== undefined)
          throw new Stop(
            arrived === 'end' ? 'it ended the connection' : `it sent ${told(arrived)} where nothing may come`,
          );
        return;
      }
      case 'wait':
        return session.link.pass(step.for);
      case 'half-close':
        session.note('the suite ends its side');
        return session.link.halfClose();
      case 'drop':
        session.note('the suite drops the connection');
        return session.link.drop();
    }
  }

  /** An ordinary opening handshake. */
  async open(extensions?: string, needs?: string): Promise<void> {
    const { session, target, case: item } = this;
    if (item.role === 'server') {
      const head = requestHead(extensions);
      await session.send(fill(head, target), head);
      await this.opened(parseHead(head), needs);
    } else {
      await this.request(needs);
      if (extensions !== undefined) agree(session, 'client', parseElements(extensions), undefined);
      const head = responseHead(extensions);
      await session.send(fill(head, { accept: this.#accept }), head);
    }
  }

  /** Reads the response of a server, which must accept the request. */
  async opened(request: Head, needs?: string, wanted?: Extensions): Promise<void> {
    const { session } = this;
    const { text, whole } = await session.head(this.within());
    if (!whole) throw new Stop(text === '' ? 'it did not answer the request' : 'its response is not whole');
    session.opened = true;
    const elements = judgeResponse(session, parseHead(text), request);
    const offered = field(request, 'sec-websocket-extensions');
    const agreed = agree(session, 'server', elements, offered, wanted);
    if (needs === undefined) return;
    const given = elements.find(({ name }) => name === 'permessage-deflate')?.parameters ?? [];
    const has = (part: string): boolean =>
      part === 'permessage-deflate' || given.some(([name, value]) => part === name || part === `${name}=${value}`);
    const parts = needs.split(';').map((part) => part.trim());
    if (!(agreed && parts.every(has))) throw new Stop(`the server does not agree to ${needs}`, true);
  }

  /** Reads the request of a client, which may have to offer something. */
  async request(needs?: string): Promise<void> {
    const { text, whole } = await this.session.head(this.within());
    if (!whole) throw new Stop('the client sent no whole request');
    const { key, offers } = judgeRequest(this.session, parseHead(text));
    this.session.opened = true;
    this.#accept = acceptKey(key);
    if (needs === undefined) return;
    const parts = needs.split(';').map((part) => part.trim());
    const isNamed = offers.some(({ name, parameters }) =>
      parts.every((part) => part === name || parameters.some(([other]) => other === part)),
    );
    if (!isNamed) throw new Stop(`the client does not offer ${needs}`, true);
  }

  async #head(head: string, cut?: number, needs?: string): Promise<void> {
    if (this.case.role === 'client') await this.request(needs);
    const bytes = fill(head, { ...this.target, accept: this.#accept });
    const about = head.length > 600 ? `${head.slice(0, 600)}…` : head;
    if (cut === undefined) return this.session.send(bytes, about);
    this.session.note(`the suite sends a head in chunks of ${cut} bytes`);
    for (let i = 0; i < bytes.length; i += cut) await this.session.link.write(bytes.subarray(i, i + cut));
  }

  async #send({ bytes, cut, at, every }: Extract<Step, { do: 'send' }>): Promise<void> {
    const { session } = this;
    const all = materialise(bytes);
    if (at !== undefined) {
      await session.send(all.subarray(0, at));
      await session.send(all.subarray(at), `the other ${all.length - at} bytes`);
    } else if (cut === undefined) {
      await session.send(all);
    } else {
      session.note(
        `the suite sends ${all.length} bytes in chunks of ${cut}${every === undefined ? '' : `, each after ${every} ms`}`,
      );
      for (let i = 0; i < all.length; i += cut) {
        await session.link.write(all.subarray(i, i + cut));
        if (every !== undefined) await session.link.pass(every);
      }
    }
  }

  /** Resolves with the next item that counts; Ping frames are answered, and Pong frames pass where nothing waits for them. */
  async next(milliseconds: number, pongsCount: boolean): Promise<Arrived | 'end' | undefined> {
    const deadline = this.session.link.now() + milliseconds;
    while (true) {
      const arrived = await this.session.next(Math.max(0, deadline - this.session.link.now()));
      if (typeof arrived !== 'object') return arrived;
      if (arrived.type === 'ping') await this.session.send(materialise(this.frames.pong(arrived.payload)));
      else if (arrived.type !== 'pong' || pongsCount) return arrived;
    }
  }

  /** Waits for items, messages in this order. Pong frames need only come. */
  async receive(items: readonly Item[], within: number = WITHIN): Promise<void> {
    const waiting = [...items];
    const size = items.reduce((sum, { payload }) => sum + lengthOf(payload), 0);
    const deadline = this.session.link.now() + this.within(within + size / SPEED);
    while (waiting.some(({ optional }) => !optional)) {
      const arrived = await this.next(deadline - this.session.link.now(), true);
      const first = waiting.find(({ optional }) => !optional);
      if (arrived === undefined) throw new Stop(`${nameOf(first)} did not come in time`);
      if (arrived === 'end') throw new Stop(`it ended the connection, and not ${nameOf(first)}`);
      const index = waiting.findIndex((item) => same(item, arrived));
      if (index < 0) {
        if (arrived.type === 'pong' && !waiting.some(({ type }) => type === 'pong')) continue; // unsolicited: 5.5.3 allows it
        throw new Stop(`it sent ${told(arrived)} instead of ${nameOf(first)}`);
      }
      const before = waiting.slice(0, index).filter(({ optional }) => !optional);
      if (before.some(({ type }) => isMessage(type)) && isMessage(arrived.type))
        throw new Stop(`it sent ${told(arrived)} before ${nameOf(before[0])}`);
      if (before.length > 0)
        this.session.find('should', 'RFC 6455 5.5.2', `it sent ${told(arrived)} before ${nameOf(before[0])}`);
      waiting.splice(index, 1);
      // A Pong frame stands for those before it.
      if (arrived.type === 'pong') for (let i = index - 1; i >= 0; i--) if (waiting[i]?.optional) waiting.splice(i, 1);
    }
  }

  /** Has a message echoed. */
  async echo(text: string): Promise<void> {
    await this.session.send(materialise(this.frames.text(text)));
    await this.receive([{ type: 'text', payload: [Buffer.from(utf8(text)).toString('hex')] }]);
  }
}

const isMessage = (type: Item['type']): boolean => type === 'text' || type === 'binary';

function same({ type, payload }: Item, arrived: Arrived): boolean {
  return (
    type === arrived.type &&
    lengthOf(payload) === arrived.payload.length &&
    equal(materialise(payload), arrived.payload)
  );
}

/** Says what has arrived. */
export function told({ type, payload }: Arrived): string {
  if (type === 'close') return `a Close frame${payload.length > 1 ? ` with ${codeOf(payload)}` : ' without a code'}`;
  const digits = Buffer.from(payload.subarray(0, 24)).toString('hex');
  return `a ${type} of ${payload.length} bytes${payload.length > 0 ? ` (${digits}${payload.length > 24 ? '…' : ''})` : ''}`;
}

const nameOf = (item: Item | undefined): string =>
  item === undefined ? 'nothing' : `a ${item.type} of ${lengthOf(item.payload)} bytes`;
