// The program of a user of Deno, checked by TypeScript with @types/deno.
import { accept, connect, type Handlers, type Server, serve, type WebSocketConnection } from '@sockless/deno';

const handlers: Handlers<string> = { request: () => accept(), message: (ws, data) => void ws.send(data) };

export async function main(): Promise<WebSocketConnection> {
  const server: Server<string> = serve({ port: 0, hostname: '127.0.0.1' }, handlers);
  const ws = connect(server.url, { compression: true });
  for await (const message of ws) console.log(message.length);
  return ws;
}
