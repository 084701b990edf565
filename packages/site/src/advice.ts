/** What to do about each rule, for the people whose log names it. Only the site needs it, so it is not part of core. */
import type { RuleName } from './examples.ts';

/** A sentence or three for each rule; `Record` makes a new rule without one a type error. */
export const ADVICE: Readonly<Record<RuleName, string>> = {
  'reserved-bits': `
If the bit is RSV1 (\`40\` in the first byte), the peer compresses although permessage-deflate was not agreed on, or sets the bit on
a control frame or a continuation. Turn compression on at both ends, or off at the peer. Otherwise look for what changes bytes on
the way: often the reader has lost its place in the stream one frame earlier.`,
  'reserved-opcode': `
The peer uses an opcode that RFC 6455 does not define, or has lost its place in the stream: after a wrong payload length, the next
"header" is in the middle of a payload. Look at the frame before this one.`,
  'control-fragmented': `
The peer sends a Close, Ping or Pong frame without FIN. Its library has a fault: a control frame is always one frame.`,
  'control-too-long': `
The peer puts more than 125 bytes into a Close, Ping or Pong frame. Often it is a close reason made of an error message: shorten it to
123 bytes of UTF-8. Data belongs into messages.`,
  'unmasked-frame': `
The client does not mask. Browsers and libraries always do, so this is a client written by hand, a proxy that rewrites frames, or two
servers that talk to each other: one of them has to be the client.`,
  'masked-frame': `
The server masks what it sends. It may be a client's code that is used for a server. Turn masking off there.`,
  'length-not-minimal': `
The peer writes a short length in the long form. Its encoder has to use 7 bits up to 125, 16 bits up to 65,535, and 64 bits only
beyond.`,
  'length-sign-bit': `
No payload is that long: the peer has lost its place in the stream, or is attacking. Look at the frame before this one.`,
  'frame-too-big': `
One frame is longer than \`maxFrameSize\`, which is \`maxMessageSize\` unless you set it. Raise the limit if such frames are meant, or
let the peer send in fragments.`,
  'message-too-big': `
A message is longer than \`maxMessageSize\`; a compressed one counts as long as it inflates to. Raise the limit if such messages
are meant, or take them in parts with \`messages: 'fragments'\`, whose memory is constant.`,
  'too-many-fragments': `
The peer cut one message into more fragments than \`maxFragments\` allows. Larger fragments are better for both sides; raise the limit if so
many are meant.`,
  'continuation-without-message': `
The peer sends a continuation frame and had begun no message, or had finished it already. Often FIN was set on the first fragment by
mistake, or two parts of the peer's program write to one connection at once.`,
  'message-interleaved': `
The peer began a message inside another one. Two parts of its program write to one connection at once: let one finish its fragments
first. Only control frames may come in between.`,
  'invalid-utf8': `
Text messages are UTF-8. The peer sends bytes in another encoding, or binary data with the opcode of text, or cuts a string in the
middle of a character before it ends. Send such data as a binary message.`,
  'close-payload-length': `
The peer's Close frame has a payload of one byte. It must be empty, or begin with a code of two bytes.`,
  'close-code': `
The peer sends a close code that is reserved or not assigned, such as 1005 or 1006, which only ever stand for "no code" and "no Close
frame". Use 1000 for a normal end, and 3000 to 4999 for codes of your own.`,
  'close-reason-utf8': `
The reason in the peer's Close frame is not UTF-8. Often it was cut to 123 bytes in the middle of a character.`,
  'invalid-deflate': `
The peer's compressed message is damaged, cut off, or refers to bytes outside of the window. Often one side keeps its window between
messages and the other does not: compare the parameters that both sides agreed on, and try \`clientNoContextTakeover\` and
\`serverNoContextTakeover\`.`,
  'message-rate': `
The peer sends more messages than \`rateLimits.messages\` allows. Raise \`perSecond\` or \`burst\` if it is meant to, or let the peer put
several messages into one.`,
  'byte-rate': `
The peer sends more bytes than \`rateLimits.bytes\` allows. Raise \`perSecond\` or \`burst\` if it is meant to. To slow a peer down
and not end its connection, pause instead: \`ws.pause()\`.`,
  'inflated-rate': `
The peer's compressed messages inflate to more bytes than \`rateLimits.inflatedBytes\` allows. Raise \`perSecond\` or \`burst\` if they are
meant to.`,
  'control-rate': `
The peer sends more Ping, Pong and Close frames than \`rateLimits.controlFrames\` allows. A heartbeat needs one every few seconds:
a flood of them is a fault or an attack.`,
  'message-stalled': `
The peer began a message and does not go on with it as fast as \`messageProgress\` asks. It may be gone, or its network is very slow: lower
\`messageProgress.bytes\` for such networks.`,
  'idle-timeout': `
Nothing arrived for \`idleTimeout\`. Turn the heartbeat on, so that a peer that is there answers, or raise the limit.`,
  'pong-timeout': `
The heartbeat's Ping frame was not answered within \`heartbeat.timeout\`, and nothing else arrived. The peer is gone, its network is, or
its event loop was blocked for that long. A client may simply connect again: \`reconnect: true\`.`,
  'stall-timeout': `
The peer has stopped reading: bytes waited, and none left for \`stallTimeout\`. A driver of your own must call \`transmit\` and \`written\` with the
time, as [Embedding core](../packages/docs/embedding.md) shows.`,
  'reader-too-slow': `
More than \`maxQueuedBytes\` waited for this peer. Send less, or wait in between with \`await ws.drained\`: see
[Back-pressure](../packages/docs/back-pressure.md). A group can leave out members that are behind.`,
  'loan-changed': `
Bytes that were sent with \`lend: true\` were transferred, for instance by \`postMessage\`, or their buffer was resized, before they had left. Wait
for \`await ws.written\` first, or leave out \`lend\`.`,
  'handler-failed': `
A handler threw, or its promise rejected. The error is what \`handlers.error\` was called with, and the \`cause\` of the end: see
[Handlers and errors](../packages/docs/handlers-and-errors.md).`,

  'request-malformed': `
What arrived is not HTTP/1.1. Often it is TLS on a port without TLS (the first byte is \`16\`), another protocol, or a client written by
hand whose lines do not end with CR LF.`,
  'head-too-big': `
The request is too long, often because of cookies. Raise \`maxHeadSize\`, or let the client send less.`,
  'target-too-long': `
The URL is too long: more than half of \`maxHeadSize\`. Send long parameters as the first message.`,
  'target-form': `
The client asks for something that is no path. A client written by hand may have left out the first "/", or sent the fragment
behind "#", which stays with the client.`,
  'method-not-get': `
This was no WebSocket's request. On a server that answers HTTP as well, let the HTTP server decide first.`,
  'http-version': `
The client, or a proxy in front of the server, speaks HTTP/1.0. For nginx say \`proxy_http_version 1.1\`.`,
  'request-body': `
The request announces a body, which the opening handshake has not. Some HTTP clients add \`Content-Length\` to every request.`,
  'host-field': `
The Host header field is missing, appears twice, or is not a host and port. A client written by hand must send exactly one.`,
  'upgrade-field': `
This was no WebSocket's request, or a proxy took the field away, as it is for the next hop only. For nginx say
\`proxy_set_header Upgrade $http_upgrade\`.`,
  'connection-field': `
A proxy took the field away, as it is for the next hop only. For nginx say \`proxy_set_header Connection "upgrade"\`.`,
  'key-field': `
Sec-WebSocket-Key must be 16 random bytes in base64: 24 characters. Libraries and browsers make it; a client written by hand has to.`,
  'version-field': `
A client written by hand has left out \`Sec-WebSocket-Version: 13\`, or sent it twice.`,
  'version-unsupported': `
The client speaks a draft from before 2011. It has to be updated.`,
  'protocol-field': `
The list of subprotocols is empty, has one twice, or has something that is not a token, such as a space. Encode what you put there.`,
  'extensions-field': `
Sec-WebSocket-Extensions is not what RFC 6455 9.1 describes. A client written by hand, or a proxy, has changed it.`,
  'origin-refused': `
A page of another host tried to connect. If that page is yours, name its origin in \`origins\`. Do not allow \`'any'\` where cookies
decide who somebody is.`,
  'early-data': `
The client sends frames before the response has arrived, more than \`maxEarlyBytes\`. It has to wait for the response. If your
handler takes long to decide, decide sooner.`,
  'response-malformed': `
What answered is not HTTP/1.1. Often the port or the scheme is wrong: wss: for a server with TLS, ws: for one without.`,
  'status-not-101': `
The server refused, redirected, or is no WebSocket server. \`error.response\` has its status, header fields and the beginning of its body. A
redirection is not followed: connect to its Location yourself, if you trust it.`,
  'response-upgrade': `
The server answered 101 without the field: it is no WebSocket server, or a proxy took the field away.`,
  'response-connection': `
The server answered 101 without the field: it is no WebSocket server, or a proxy took the field away.`,
  'response-accept': `
The server, or a cache in between, answered another request than this one. A server written by hand must append
\`258EAFA5-E914-47DA-95CA-C5AB0DC85B11\` to the key, as it was sent, before it hashes it.`,
  'response-protocol': `
The server chose a subprotocol that the client did not offer. Offer it in \`subprotocols\`, or let the server choose none. For servers that
send an empty one there is \`allowEmptyProtocol\`.`,
  'response-extensions': `
The server chose an extension, or a parameter of one, that the client did not offer. Offer it with \`compression\`, or turn it off there.`,
  'handshake-timeout': `
The handshake took longer than \`handshakeTimeout\`. On a server: a client that sends nothing, or a \`request\` handler that takes too long.
On a client: the server does not answer, or something between them does not let it through.`,
  'handshake-interrupted': `
The connection ended in the middle of the handshake: the peer went away, or a proxy or load balancer closed it. The \`cause\` of the
end has what the socket said.`,
  'handshake-rejected': `
Your \`request\` handler rejected this client. Nothing is wrong, unless it should not have.`,
  'handshake-failed': `
Your \`request\` handler threw, or returned something other than \`accept()\` or \`reject()\`. The error is what \`handlers.error\` was called with.`,
  'handshake-abandoned': `
Your program closed the connection, or aborted its signal, before it was open. Nothing is wrong, unless it should not have.`,
};
