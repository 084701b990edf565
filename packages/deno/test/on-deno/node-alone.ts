/**
 * Tests of Node's adapter, and of the engine, that do not apply to this one: a part of their titles, and the reason. If Deno reaches
 * the same goal in another way, a file in this folder tests that.
 */
export const NODE_ALONE: readonly (readonly [part: string, reason: string])[] = [
  ['context: upgrade and attach', 'there is no upgrade; on-deno/attach.ts tests attach'],
  ['attach: sets TCP_NODELAY, disables', 'a Deno.Conn has neither a timeout nor listeners'],
  ['the socket errors', 'an error cannot be injected into a Deno.Conn'],
  ['errors: a socket that errors in the same turn as upgrade', 'there is no upgrade'],
  ['errors: upgrade with a socket that is destroyed already', 'there is no upgrade'],
  ['left behind: a process whose connections have ended', 'it runs a Node program'],
  ['connect: createSocket returns the transport', 'the socket of a connection is a Deno.Conn'],
  [
    'connect: a refused connection is reported as such (several',
    "it checks Node's messages; on-deno/connect.ts checks Deno's",
  ],
  ['connect: an unknown host name is reported as such', 'Deno does not report the name'],
  ['connect: TLS: the server name for', "it needs Node's TLS server"],
  ['connect: TLS: an untrusted server', 'Deno words the error differently'],
  ['connect: plain text to a TLS port', 'Deno words the error differently'],
  ['compression: a message is ', 'it counts the bytes that a Node socket has written'],
  ['broadcast: the first message of a turn', 'it watches the writes of a Node socket'],
  ['cork: 100 messages of 12', 'this much arrives in more than one read'],
  ['cork: 7 messages of 2000', 'this much arrives in more than one read'],
  [
    'kept memory: memory kept for clients that do not read is bounded by the bytes that are queued (TLS)',
    "Deno's node:tls continues to read while it is paused",
  ],
  ['zlib: zlib: BFINAL in the middle', 'Deno cannot compress with a dictionary'],
  ['zlib: use after an error', 'it runs a Node program'],
  ['serve: with TLS on a Unix socket', 'Deno has no TLS on a Unix socket; on-deno/serve.ts tests the message'],
  ['serve: other requests get 426', 'there is no HTTP server to answer this way'],
  ['serve: other requests get the answer of the `http` listener', 'there is no HTTP server'],
  ['serve: close waits for an answer of the http', 'there is no HTTP server'],
  ['serve: garbage and a TLS hello', 'core waits for the end of such a head'],
  [
    'serve: a request on an existing socket gets 503 while',
    'a client that has not sent a whole request is not waited for',
  ],
  ['serve: `await using`', "it needs Node's HTTP server"],
];

/** Separates the title of a test that is left out from the reason. */
export const LEFT_OUT = ' – left out: ';
