/** A client on a bare socket, which can send what no WebSocket library would. It knows only frames. */
import { once } from 'node:events';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a server listens. */
export interface Address {
  readonly port: number;
  readonly secure: boolean;
  readonly path: string;
}

export const [TEXT, BINARY, CLOSE, PING] = [1, 2, 8, 9];

/** Returns a frame (RFC 6455 5.2) with a masking key of zeros, which is valid. */
export function frame(opcode: number, payload: string | Uint8Array, announced?: number): Buffer {
  const bytes = Buffer.from(payload);
  const length = announced ?? bytes.length;
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  header[0] = 0x80 | opcode;
  if (length < 126) header[1] = 0x80 | length;
  else if (length < 65_536) header.writeUInt16BE(length, header.writeUInt8(0xfe, 1));
  else header.writeBigUInt64BE(BigInt(length), header.writeUInt8(0xff, 1));
  return Buffer.concat([header, bytes]);
}

/** Returns the head of an opening handshake (4.1). */
export const head = ({ path, port }: Address): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n');

/** The options of a TLS connection. */
const carriers = new WeakMap<Socket, Socket>();

/** Opens a transport: TCP, or TLS if the server is secure. */
export async function dial({ port, secure }: Address, options: Partial<TcpNetConnectOpts> = {}): Promise<Socket> {
  const tcp = connect({ host: '127.0.0.1', port, allowHalfOpen: true, ...options });
  // The server may end the connection at any time.
  tcp.on('error', () => undefined);
  await once(tcp, 'connect');
  if (!secure) return tcp;
  // The tests' own self-signed certificate.
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  carriers.set(socket, tcp);
  await once(socket, 'secureConnect');
  return socket;
}

/** Ends a connection with an RST. */
export function reset(socket: Socket): void {
  (carriers.get(socket) ?? socket).resetAndDestroy();
  socket.destroy();
}

/** Opens a transport and performs the opening handshake. Rejects when the answer is not 101. */
export async function open(address: Address): Promise<Socket> {
  const socket = await dial(address);
  socket.write(head(address));
  const answer = await readHead(socket);
  if (!answer.startsWith('HTTP/1.1 101')) throw new Error(answer.split('\r\n')[0] ?? 'no answer');
  return socket;
}

/** Reads to the end of a head; bytes behind it are put back. */
async function readHead(socket: Socket): Promise<string> {
  let bytes = Buffer.alloc(0);
  while (true) {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) return 'the server has closed the connection';
      await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
      continue;
    }
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end === -1) continue;
    if (bytes.length > end + 4) socket.unshift(bytes.subarray(end + 4));
    return bytes.toString('latin1', 0, end);
  }
}

/** Looks for a Close frame from the server, and returns its code; `undefined` if the connection ends without one. */
export async function readCloseCode(socket: Socket): Promise<number | undefined> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    for (let at = 0; at + 1 < bytes.length; ) {
      const short = (bytes[at + 1] as number) & 0x7f;
      const size = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (at + size > bytes.length) break;
      const length =
        short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
      if (((bytes[at] as number) & 15) === CLOSE && at + 4 <= bytes.length) return bytes.readUInt16BE(at + 2);
      at += size + length;
    }
  }
  return undefined;
}
