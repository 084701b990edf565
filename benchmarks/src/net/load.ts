/**
 * The load generator, in its own process: raw sockets that send frames encoded in advance and count the bytes that come
 * back, since the echo of a message of known size has a known length. It must be faster than the servers, so it
 * knows nothing else of WebSocket.
 */
import { performance } from 'node:perf_hooks';
import { answerQuestions } from './answers.ts';
import { Audience, type HeardQuestion, type ListenQuestion } from './audience.ts';
import { encodeFrames, type Frames, pongsTo } from './frames.ts';
import { COMPRESSING_REQUEST, REQUEST } from './handshake.ts';
import { LoadClient } from './load-client.ts';
import { type PacedQuestion, paced, type RoundTrips } from './paced.ts';

/** Asks to open and check connections for the next {@link EchoQuestion}, unless they exist already. */
export interface PrepareQuestion {
  readonly type: 'prepare';
  readonly port: number;
  /** 1 for text, 2 for binary. */
  readonly opcode: 1 | 2;
  /** The length of a message, in bytes. */
  readonly size: number;
  readonly connections: number;
  /** How many messages are outstanding on each connection at a time. */
  readonly inFlight: number;
  /** Whether the server returns the masked bytes that it reads. Default: it unmasks, as a WebSocket server must. */
  readonly unchanged?: boolean;
  /** How long messages will be echoed. */
  readonly milliseconds: number;
}

/** Asks to echo messages for some time, as prepared. The connections are kept for the next question. */
export interface EchoQuestion {
  readonly type: 'echo';
  readonly milliseconds: number;
}

/** Asks to open connections and close them again for some time. */
export interface ConnectQuestion {
  readonly type: 'connect';
  readonly port: number;
  /** How many are being opened at a time. */
  readonly concurrency: number;
  readonly milliseconds: number;
}

/** Asks to open connections and keep them. */
export interface OpenQuestion {
  readonly type: 'open';
  readonly port: number;
  readonly connections: number;
  /** Whether Ping frames will arrive on them and must be answered. */
  readonly pings?: boolean;
}

/** Asks to wait until this many more Ping frames have arrived on connections opened for that, and been answered. */
export interface PongQuestion {
  readonly type: 'pong';
  readonly count: number;
  /** About how long that takes. */
  readonly milliseconds: number;
}

/** Asks to close all connections. */
export interface CloseQuestion {
  readonly type: 'close';
}

/** A question to the load generator. */
export type LoadQuestion =
  | PrepareQuestion
  | EchoQuestion
  | PacedQuestion
  | ListenQuestion
  | HeardQuestion
  | ConnectQuestion
  | OpenQuestion
  | PongQuestion
  | CloseQuestion;

/** The number of messages echoed, or of connections opened. */
export interface LoadAnswer {
  readonly count: number;
  readonly milliseconds: number;
  /** How busy the load generator was, from 0 to 1. Near 1 it limits the result, not the server. */
  readonly utilization: number;
}

/** The result of echoes at a fixed rate. */
export type PacedAnswer = LoadAnswer & RoundTrips;

/** The result of an echo. */
export interface EchoAnswer extends LoadAnswer {
  /** All messages of this question: `count`, plus those still outstanding when the time was over. */
  readonly total: number;
}

/** The greatest age of a connection, in milliseconds: servers begin to send Ping frames after 20 seconds. */
const MAX_AGE = 15_000;
/** How long an answer may take beyond the requested time, in milliseconds. */
const PATIENCE = 30_000;

let clients: LoadClient[] = [];
let clientsOf = '';
let clientsSince = 0;
let frames: Frames = encodeFrames(2, 0, 0);
/** How many of them are sent on each connection before the first reply. */
let framesInFlight = 0;
let audience: Audience | undefined;

answerQuestions({}, async (question: LoadQuestion) => {
  let watchdog: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const patience = PATIENCE + ('milliseconds' in question ? question.milliseconds : 0);
    watchdog = setTimeout(() => reject(new Error('the server does not answer')), patience);
  });
  try {
    return await Promise.race([perform(question), late]);
  } catch (error) {
    closeAll();
    throw error;
  } finally {
    clearTimeout(watchdog);
  }
});

function perform(question: LoadQuestion): Promise<LoadAnswer | undefined> {
  switch (question.type) {
    case 'prepare':
      return prepare(question);
    case 'echo':
      if (clientsOf === '') throw new Error('no messages were prepared');
      return measured(() => echoForAWhile(question.milliseconds));
    case 'paced':
      if (clientsOf === '') throw new Error('no messages were prepared');
      return measured(async () => ({
        ...(await paced(clients, frames, question)),
        milliseconds: question.milliseconds,
      }));
    case 'connect':
      return connectForAWhile(question);
    case 'listen':
      return listen(question);
    case 'heard':
      return heard(question.messages);
    case 'open':
      return open(question.port, question.connections, undefined, question.pings);
    case 'pong':
      return pong(question.count);
    case 'close':
      return Promise.resolve(closeAll());
  }
}

async function prepare(question: PrepareQuestion): Promise<undefined> {
  const { port, opcode, size, connections, inFlight, unchanged = false, milliseconds } = question;
  const wanted = [port, opcode, size, connections, inFlight, unchanged].join();
  if (wanted === clientsOf && performance.now() + milliseconds <= clientsSince + MAX_AGE) return;
  if (wanted !== clientsOf) frames = encodeFrames(opcode, size, inFlight, unchanged);
  framesInFlight = inFlight;
  await open(port, connections);
  await Promise.all(clients.map((client) => verify(client, frames)));
  clientsOf = wanted;
}

async function listen({ port, connections, compressed, kind, size }: ListenQuestion): Promise<undefined> {
  const wanted = [port, connections, compressed].join();
  if (wanted !== clientsOf || performance.now() > clientsSince + MAX_AGE / 2) {
    await open(port, connections, compressed ? COMPRESSING_REQUEST : REQUEST);
    clientsOf = wanted;
  }
  audience = new Audience(clients, kind, size);
}

async function heard(messages: number): Promise<undefined> {
  if (audience === undefined) throw new Error('there is no audience');
  await audience.heard(messages);
}

async function open(port: number, connections: number, request = REQUEST, pings = false): Promise<undefined> {
  closeAll();
  clients = await LoadClient.openMany(port, connections, request, pings ? answerPings : undefined);
  clientsSince = performance.now();
}

function closeAll(): undefined {
  for (const client of clients) client.close();
  clients = [];
  clientsOf = '';
}

/** Sends all frames once and compares the replies byte by byte. */
function verify(client: LoadClient, { masked, echo: expected }: Frames): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    client.onEnd = reject;
    client.onBytes = (length, bytes) => {
      const piece = expected.subarray(received, received + length);
      if (piece.compare(bytes, 0, length) !== 0) {
        reject(new Error(`the echo differs from the messages from byte ${received} on`));
      }
      received += length;
      if (received === expected.length) resolve();
    };
    client.socket.write(masked.at(-1) as Buffer);
  });
}

/** Counts the messages echoed until the time is over, then waits for those still outstanding. */
function echoForAWhile(milliseconds: number): Promise<Omit<EchoAnswer, 'utilization'>> {
  const { masked, echoLength } = frames;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const deadline = start + milliseconds;
    let bytes = 0;
    let result: Omit<LoadAnswer, 'utilization'> | undefined;
    let busy = clients.length;

    const take = (client: LoadClient, length: number): void => {
      bytes += length;
      client.outstanding -= length;
      if (client.outstanding < 0) {
        reject(new Error('the echo is longer than the messages'));
        return;
      }
      if (result === undefined) {
        const now = performance.now();
        if (now < deadline) {
          const answered = Math.floor((client.partial + length) / echoLength);
          client.partial += length - answered * echoLength;
          client.outstanding += answered * echoLength;
          if (answered > 0) client.socket.write(masked[answered] as Buffer);
          return;
        }
        result = { count: bytes / echoLength, milliseconds: now - start };
      }
      if (client.outstanding === 0 && --busy === 0) resolve({ ...result, total: bytes / echoLength });
    };

    for (const client of clients) {
      client.partial = 0;
      client.outstanding = framesInFlight * echoLength;
      client.onEnd = reject;
      client.onBytes = (length) => take(client, length);
      client.socket.write(masked[framesInFlight] as Buffer);
    }
  });
}

/** Opens connections and closes each once it is open, several at a time. */
function connectForAWhile({ port, concurrency, milliseconds }: ConnectQuestion): Promise<LoadAnswer> {
  return measured(async () => {
    const start = performance.now();
    let count = 0;
    const work = async (): Promise<void> => {
      // At least one each, even if the process had to wait for a processor that long.
      do {
        const client = await LoadClient.open(port);
        client.close();
        count++;
      } while (performance.now() - start < milliseconds);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    return { count, milliseconds: performance.now() - start };
  });
}

/** The number of Ping frames that have been answered. */
let pings = 0;
/** The number of them for which a question waits. */
let pingsWanted = Infinity;
let pingsArrived: () => void = () => undefined;

function answerPings(client: LoadClient): void {
  client.onBytes = (length, bytes) => {
    const pongs = pongsTo(Buffer.from(bytes.buffer, bytes.byteOffset, length));
    pings += pongs.length;
    client.socket.write(Buffer.concat(pongs));
    if (pings >= pingsWanted) pingsArrived();
  };
}

/** Waits for Ping frames. */
function pong(count: number): Promise<LoadAnswer> {
  return measured(async () => {
    const start = performance.now();
    const before = pings;
    pingsWanted = before + count;
    await new Promise<void>((resolve, reject) => {
      pingsArrived = resolve;
      for (const client of clients) client.onEnd = reject;
    });
    pingsWanted = Infinity;
    return { count: pings - before, milliseconds: performance.now() - start };
  });
}

async function measured<Answer>(work: () => Promise<Answer>): Promise<Answer & Pick<LoadAnswer, 'utilization'>> {
  const before = performance.eventLoopUtilization();
  const result = await work();
  return { ...result, utilization: performance.eventLoopUtilization(before).utilization };
}
