// The page that makes a browser a peer, and the server for it.
import type { RequestListener } from 'node:http';

const PAGE = `<!doctype html>
<title>A peer</title>
<script>
const connections = [];

function connect(url, subprotocols) {
  const ws = new WebSocket(url, subprotocols);
  ws.binaryType = 'arraybuffer';
  ws.onmessage = ({ data }) => {
    const [command, argument, reason = ''] = typeof data === 'string' ? data.split(/ (.*?)(?: (.*))?$/s) : [];
    if (command === '!subprotocol') ws.send(ws.protocol);
    else if (command === '!close') ws.close(Number(argument), reason);
    else ws.send(data);
  };
  const closed = new Promise((resolve) => {
    ws.onclose = ({ code, reason }) => resolve({ code, reason });
  });
  const id = connections.push(closed) - 1;
  return new Promise((resolve, reject) => {
    ws.onopen = () => resolve(id);
    ws.onerror = () => reject(new Error('cannot connect'));
  });
}

const closed = (id) => connections[id];
</script>
`;

export const serveBrowser: RequestListener = (_, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(PAGE);
};
