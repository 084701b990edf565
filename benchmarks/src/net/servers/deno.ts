/** Deno's own server as an echo server; run by Deno. */
import { HOST } from '../handshake.ts';
import { listening } from './listening.ts';

interface DenoWebSocket {
  binaryType: 'arraybuffer';
  onopen: () => void;
  onclose: () => void;
  onerror: () => void;
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void;
  send(data: string | ArrayBuffer): void;
}
declare const Deno: {
  serve(options: object, handler: (request: Request) => Response): unknown;
  upgradeWebSocket(request: Request): { socket: DenoWebSocket; response: Response };
};

let connections = 0;
Deno.serve(
  { hostname: HOST, port: 0, onListen: ({ port }: { port: number }) => listening(port, () => connections) },
  (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => void connections++;
    socket.onclose = () => void connections--;
    socket.onerror = () => undefined;
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  },
);
