/** undici: a client. */
import { WebSocket } from 'undici';
import { askFor } from './parts.ts';

await askFor(
  (url) =>
    new Promise((resolve) => {
      const ws = new WebSocket(url);
      ws.binaryType = 'arraybuffer';
      ws.addEventListener('message', ({ data }) => ws.send(data));
      ws.addEventListener('close', resolve);
    }),
);
