/** How a connection must stand when its script has been played. */
import type { Expectation } from '../case.ts';
import { materialise } from '../wire/bytes.ts';
import { field, parseHead } from '../wire/http.ts';
import { Play, told } from './play.ts';
import { codeOf } from './session.ts';
import { Stop } from './verdict.ts';

/** The payload of the Ping frame that stands behind whatever must fail a connection. */
export const AFTER = 'after';
/** How long a transport may stay when the closing handshake is complete, in milliseconds. */
const LINGER = 3000;
/** How long it may stay when our side has ended as well: some wait for ten seconds before they give up. */
const LINGER_MOST = 20_000;

/** Sees to it that the connection ends as it is expected to. */
export async function ending(play: Play, expect: Expectation): Promise<void> {
  switch (expect.end) {
    case 'alive':
      return alive(play);
    case 'failed':
      return failed(play, expect.codes, expect.within);
    case 'closed':
      return closed(play, expect.code);
    case 'ended': {
      if (!(await drained(play, play.within(expect.within)))) throw new Stop('it kept the connection');
      return;
    }
    case 'refused':
      return refused(play, expect);
    case 'opened':
      return opened(play, expect);
    case 'untouched':
      return untouched(play);
    case 'survived':
      await drained(play, play.within(1500));
      play.session.link.drop();
      return survived(play);
  }
}

/** A message is echoed, and a Close frame answered: with which code is for other cases to say. */
async function alive(play: Play): Promise<void> {
  await play.echo('alive?');
  await play.session.send(materialise(play.frames.close(1000)));
  return closed(play, undefined);
}

async function closed(play: Play, code: number | undefined): Promise<void> {
  const { session } = play;
  const arrived = await play.next(play.within(), false);
  if (arrived === undefined) throw new Stop('it did not answer the Close frame');
  if (arrived === 'end') throw new Stop('it ended the connection without a Close frame');
  if (arrived.type !== 'close') throw new Stop(`it sent ${told(arrived)} instead of a Close frame`);
  // 5.5.1: "When sending a Close frame in response, the endpoint typically echos the status code it received."
  if (code !== undefined && codeOf(arrived.payload) !== code)
    session.find('should', 'RFC 6455 5.5.1', `it answered the code ${code} with ${codeOf(arrived.payload)}`);
  return left(play);
}

async function failed(play: Play, codes: readonly number[], within?: number): Promise<void> {
  const { session } = play;
  const deadline = session.link.now() + play.within(within);
  while (true) {
    const arrived = await play.next(deadline - session.link.now(), true);
    if (arrived === undefined) throw new Stop('it did not fail the connection');
    if (arrived === 'end') {
      // 7.1.7: "the endpoint SHOULD send a Close frame with an appropriate status code". A reset may have overtaken it.
      if (session.ended === 'end' && !session.closed)
        session.find('should', 'RFC 6455 7.1.7', 'it ended the connection without a Close frame');
      return;
    }
    if (arrived.type === 'pong') {
      if (Buffer.from(arrived.payload).toString() === AFTER)
        throw new Stop('it went on, and answered the Ping frame behind');
    } else if (arrived.type === 'close') {
      const code = codeOf(arrived.payload);
      if (codes.length > 0 && !codes.includes(code))
        session.find(
          'should',
          'RFC 6455 7.4.1',
          `it failed the connection with ${code} instead of ${codes.join(' or ')}`,
        );
      return left(play);
    } else throw new Stop(`it sent ${told(arrived)} instead of failing the connection`);
  }
}

/** After the closing handshake a server ends the transport, and a client lets it do so (7.1.1). */
async function left(play: Play): Promise<void> {
  const { session, case: item } = play;
  if (item.role === 'client') session.link.halfClose();
  if (await drained(play, play.within(LINGER))) return;
  if (item.role === 'server')
    session.find('should', 'RFC 6455 7.1.1', `it kept the transport for ${LINGER} ms after the closing handshake`);
  session.link.halfClose();
  if (!(await drained(play, play.within(LINGER_MOST))))
    session.find('must', 'RFC 6455 5.5.1', 'it never ended the transport');
}

/** Reads on, whatever comes; resolves with whether the transport ended. */
async function drained(play: Play, milliseconds: number): Promise<boolean> {
  const deadline = play.session.link.now() + milliseconds;
  for (let arrived: unknown = {}; arrived !== undefined; ) {
    arrived = await play.session.next(Math.max(0, deadline - play.session.link.now()));
    if (arrived === 'end') return true;
    if (play.session.link.now() > deadline) return false;
  }
  return false;
}

async function refused(
  play: Play,
  { statuses = [], fields = {}, within }: Extract<Expectation, { end: 'refused' }>,
): Promise<void> {
  const { session } = play;
  if (play.case.role === 'server') {
    const { text, whole } = await session.head(play.within(within));
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(text)?.[1] ?? 0);
    if (status === 101) throw new Stop('it accepted the request');
    if (!whole && session.ended === undefined)
      throw new Stop('it neither answered the request nor ended the connection');
    // 4.2.1: the server MUST "return an HTTP response with an appropriate error code"; not all servers get to see such a request.
    // A response that a reset has overtaken may have been there.
    const mayBeLost = status === 0 && session.ended === 'reset';
    if (statuses.length > 0 && !statuses.includes(status) && !mayBeLost) {
      const instead = statuses.join(' or ');
      session.find(
        'should',
        'RFC 6455 4.2.1',
        status === 0
          ? `it ended without a response, and not with ${instead}`
          : `it answered ${status} instead of ${instead}`,
      );
    }
    const head = parseHead(text);
    for (const [name, value] of Object.entries(fields)) {
      if (status !== 0 && !(field(head, name) ?? '').includes(value))
        play.fail(`its response has no ${name}: ${value}`);
    }
    return;
  }
  const deadline = session.link.now() + play.within(within);
  while (true) {
    const arrived = await play.next(deadline - session.link.now(), true);
    if (arrived === 'end') return;
    if (arrived === undefined) throw new Stop('it kept the connection');
    // A Close frame says so as well: RFC 7692 5.1 has one with 1010.
    if (arrived.type === 'close') return left(play);
    throw new Stop(`it sent ${told(arrived)} on a connection that it must refuse`);
  }
}

async function opened(play: Play, expect: Extract<Expectation, { end: 'opened' }>): Promise<void> {
  if (play.case.role === 'server') {
    const request = play.case.script.find((step) => step.do === 'head')?.head ?? '';
    const wasRefused = await play
      .opened(parseHead(request.trimStart()), undefined, expect.extensions)
      .catch((error) => {
        // RFC 7692 7 asks for the offer to be declined: who refuses the whole request has not accepted it either.
        if (!(error instanceof Stop && expect.extensions?.accepted === false)) throw error;
        play.session.find('should', play.case.section, `it refuses the request instead of the offer: ${error.message}`);
        return true;
      });
    if (wasRefused === true) return;
  }
  await play.echo('hello');
  return alive(play);
}

/** What is no frame yet is neither delivered nor answered. */
async function untouched(play: Play): Promise<void> {
  const arrived = await play.next(play.within(300), true);
  if (typeof arrived === 'object' && arrived.type !== 'close')
    throw new Stop(`it sent ${told(arrived)}, as if a frame were complete`);
}

/** Another connection works. */
async function survived(play: Play): Promise<void> {
  if (play.again === undefined) return;
  const link = await play.again().catch(() => undefined);
  if (link === undefined) throw new Stop('no other connection could be made afterwards');
  const other = new Play(play.case, link, play.target, undefined, play.patience);
  other.session.note('another connection');
  try {
    await other.open();
    await other.echo('still there?');
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    play.fail(`afterwards another connection does not work: ${error.message}`);
  } finally {
    link.drop();
  }
}
