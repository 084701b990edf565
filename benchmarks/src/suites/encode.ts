/** Encoding through the public interface: from the messages of an application to the bytes for its transport. */
import type { SendOptions } from '@sockless/core';
import { FakeSocket, openedClient, openedServer, WEBSOCKET_CONFIG } from '../codec/decoders.ts';
import { frame, KIB, type Kind, MIB, payload, sizeName } from '../codec/inputs.ts';
import { absent, loadWebsocket, loadWs, withoutBufferutil } from '../codec/peers.ts';
import { type Contestant, codecSuite, type OwnTasks, type Task } from '../codec/task.ts';
import { knowsLoans, LOAN } from '../loan.ts';
import { NO_WEBASSEMBLY, ours } from '../ours.ts';
import { ownEncoder } from '../own/codecs.ts';
import type { Case } from '../suite.ts';

interface EncodeCase extends Case {
  readonly masked: boolean;
  readonly kind: Kind;
  readonly size: number;
}

/** Sends all messages and returns the number of bytes passed to the transport. */
type Encoder = (messages: readonly (string | Buffer)[]) => number;

/** Returns an encoder for a client (masked) or a server, if the library has that role. */
type EncoderMaker = (masked: boolean) => Encoder | undefined;

/** How many messages are sent before the transport takes its bytes: as many as a socket's buffer holds. */
const messagesOf = (size: number): number => Math.max(1, Math.min(32, (64 * KIB) / size));

const cases: readonly EncodeCase[] = [true, false].flatMap((masked) =>
  (['text', 'CJK text', 'binary'] as const).flatMap((kind) =>
    [16, 125, KIB, 4 * KIB, 64 * KIB, MIB].map((size) => ({
      name: `${masked ? 'masked' : 'unmasked'} ${kind} ${sizeName(size)}`,
      slow: kind === 'CJK text' || [125, 4 * KIB, MIB].includes(size),
      masked,
      kind,
      size,
    })),
  ),
);

/** All encoders. */
export const contestants: readonly Contestant[] = [
  { name: 'sockless', load: async () => maker(await sockless()) },
  {
    name: 'sockless, lending',
    variant: true,
    load: async () => ((await knowsLoans()) ? maker(await sockless(LOAN)) : () => undefined),
  },
  {
    name: 'sockless, transmitInto',
    variant: true,
    load: async () =>
      (await knowsLoans()) ? maker(await sockless(undefined, new Uint8Array(2 * MIB))) : () => undefined,
  },
  { name: 'sockless, no WebAssembly', env: NO_WEBASSEMBLY, load: async () => maker(await sockless()) },
  {
    name: 'ws',
    env: { WS_NO_BUFFER_UTIL: '1' },
    missing: absent('ws'),
    load: () => Promise.resolve(maker(ws)),
  },
  {
    name: 'ws + bufferutil',
    missing: absent('ws') ?? withoutBufferutil(),
    load: () => Promise.resolve(maker(ws)),
  },
  { name: 'websocket-driver', missing: absent('websocket-driver'), load: () => Promise.resolve(maker(driver)) },
  { name: 'websocket', missing: absent('websocket'), load: () => Promise.resolve(maker(websocket)) },
];

export const suite = codecSuite({
  url: import.meta.url,
  name: 'encode',
  title: 'From messages to the bytes for the transport, 64 KiB at a time: masked by a client, unmasked by a server',
  unit: 'ns/message',
  cases,
  contestants,
  part: 'encoder',
});

/** The encoder of a contestant's file. */
export const ownTasks: OwnTasks = (own) => maker((masked) => ownEncoder(own, masked));

function maker(make: EncoderMaker): (name: string) => Task | undefined {
  return (name) => {
    const found = cases.find((each) => each.name === name);
    return found && task(found, make);
  };
}

function task({ masked, kind, size }: EncodeCase, make: EncoderMaker): Task | undefined {
  const payloads = Array.from({ length: messagesOf(size) }, (_, seed) => payload(kind, size, seed));
  const messages = payloads.map((data) => (kind === 'binary' ? data : data.toString()));
  const length = frame(kind, payload(kind, size), masked, 0).length;
  const encode = make(masked);
  if (encode === undefined) return undefined;
  return {
    operations: messages.length,
    most: KIB,
    run(rounds) {
      let bytes = 0;
      for (let round = 0; round < rounds; round++) bytes += encode(messages);
      return bytes / length;
    },
  };
}

/** @param into the memory from which the transport writes; without it, each part has memory of its own */
async function sockless(loan?: SendOptions, into?: Uint8Array): Promise<EncoderMaker> {
  const { Connection } = await ours('core');
  return (masked) => {
    const connection = Connection.opened(masked ? 'client' : 'server');
    connection.poll();
    // In older trees this method has its first name.
    const { written = (connection as unknown as { release(): void }).release } = connection as Partial<
      typeof connection
    >;
    return (messages) => {
      for (const message of messages) connection.send(message, typeof message === 'string' ? undefined : loan);
      let length = 0;
      if (into !== undefined) {
        for (let count = connection.transmitInto(into); count > 0; count = connection.transmitInto(into))
          length += count;
      } else {
        for (let bytes = connection.transmit(); bytes !== undefined; bytes = connection.transmit()) {
          length += bytes.length;
        }
      }
      // The transport has copied the bytes.
      written.call(connection);
      return length;
    };
  };
}

/** The step at which Node writes a string: ws leaves the encoding of some texts to the socket. */
const ENCODED = Buffer.allocUnsafeSlow(2 * MIB);

function ws(masked: boolean): Encoder {
  let length = 0;
  const socket = {
    cork: () => undefined,
    uncork: () => undefined,
    write(data: string | Buffer) {
      length += typeof data === 'string' ? ENCODED.write(data) : data.length;
      return true;
    },
  };
  const sender = new (loadWs().Sender)(socket);
  return (messages) => {
    length = 0;
    for (const message of messages) {
      // As ws's WebSocket does: one options object for each message.
      sender.send(message, { binary: typeof message !== 'string', fin: true, mask: masked, compress: false });
    }
    return length;
  };
}

function driver(masked: boolean): Encoder {
  const opened = masked ? openedClient() : openedServer();
  let length = 0;
  opened.io.on('data', (bytes) => {
    length += bytes.length;
  });
  return (messages) => {
    length = 0;
    for (const message of messages) {
      if (typeof message === 'string') opened.text(message);
      else opened.binary(message);
    }
    return length;
  };
}

class CountingSocket extends FakeSocket {
  length = 0;

  override write(bytes: Buffer): boolean {
    this.length += bytes.length;
    return true;
  }
}

function websocket(masked: boolean): Encoder {
  const socket = new CountingSocket();
  // Otherwise websocket would send fragments, unlike the others.
  const config = { ...WEBSOCKET_CONFIG, fragmentOutgoingMessages: false };
  const connection = new (loadWebsocket().connection)(socket, [], null, masked, config);
  return (messages) => {
    socket.length = 0;
    for (const message of messages) {
      if (typeof message === 'string') connection.sendUTF(message);
      else connection.sendBytes(message);
    }
    return socket.length;
  };
}
