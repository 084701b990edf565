// RFC 6455 4: from the first byte of the handshake to the first frame.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRequestHead } from '../../src/handshake/index.ts';
import { host } from '../../src/host.ts';
import { Connection, type ConnectionEvent, Opcode, type RequestEvent, type ServerOptions } from '../../src/index.ts';
import { byteByByte, cutAt, cutRandomly, Pair } from '../pair.ts';
import { concat, ZEROS } from '../support.ts';
import {
  ascii,
  closeFrame,
  ending,
  FAULT,
  frame,
  isA,
  NEVER,
  nothingFollows,
  opened,
  own,
  ROLES,
  receive,
  rule,
  sent,
  sentText,
  types,
} from './tools.ts';

const test = suite('RFC 6455 4 opening');

// What a client sends whose key is made of 16 zero bytes, and what answers it.
const REQUEST = [
  'GET /chat?room=1 HTTP/1.1',
  'Host: example.com:8080',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  '\r\n',
].join('\r\n');
const RESPONSE = [
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=',
  '\r\n',
].join('\r\n');
const URL = 'ws://example.com:8080/chat?room=1';

const client = (options = {}): Connection => Connection.client(URL, { random: ZEROS, ...options });

/** A server whose request has arrived and waits for a decision. */
function asked(options: ServerOptions = {}): Connection {
  const connection = Connection.server(options);
  assert.is(types(receive(connection, ascii(REQUEST))), 'request');
  return connection;
}

test('4.1: a client is connecting, its request in the outbox', () => {
  const connection = client();
  assert.is(connection.state, 'connecting');
  assert.is(connection.transport, 'open');
  assert.is(connection.deadline, 10_000);
  assert.is(connection.queuedBytes, REQUEST.length);
  assert.is(connection.poll(), undefined);
  assert.is(sentText(connection), REQUEST);
  assert.is(connection.queuedBytes, 0);
});

test('4.1: the response opens a client', () => {
  const connection = client();
  sent(connection);
  const events = receive(connection, ascii(RESPONSE));
  const headers = [
    ['upgrade', 'websocket'],
    ['connection', 'Upgrade'],
    ['sec-websocket-accept', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI='],
  ];
  assert.equal(events, [{ type: 'open', subprotocol: '', extensions: [], headers }]);
  assert.is(connection.state, 'open');
  assert.is(connection.transport, 'open');
});

test('4.2.1: a server waits for the request, and tells what it says', () => {
  const connection = Connection.server();
  assert.is(connection.state, 'connecting');
  assert.is(connection.deadline, 10_000);
  const [event] = receive(connection, ascii(REQUEST)) as RequestEvent[];
  const { headers, ...request } = (event as RequestEvent).request;
  assert.equal(request, {
    path: '/chat',
    query: 'room=1',
    resource: '/chat?room=1',
    target: '/chat?room=1',
    host: 'example.com:8080',
    origin: undefined,
    key: 'AAAAAAAAAAAAAAAAAAAAAA==',
    subprotocols: [],
    extensions: [],
  });
  assert.is(headers.length, 5);
  assert.is(sent(connection), '');
  assert.is(connection.state, 'connecting');
});

test('4.2.2: accept sends the response and opens a server', () => {
  const connection = asked();
  connection.accept();
  assert.is(connection.state, 'open');
  assert.is(sentText(connection), RESPONSE);
  assert.equal([...connection], [{ type: 'open', subprotocol: '', extensions: [], headers: [] }]);
});

for (const [name, cut] of Object.entries({
  whole: cutAt(),
  'byte by byte': byteByByte,
  'in random pieces': cutRandomly(40),
})) {
  test(`4: both ends open, ${name}, and messages pass`, () => {
    const pair = new Pair({ client: { subprotocols: ['chat', 'wamp'] }, server: { subprotocols: ['wamp'] } });
    pair.cut = cut;
    pair.latency = 5;
    pair.run();
    assert.equal(pair.client.types, ['open']);
    assert.equal(pair.server.types, ['request', 'open']);
    for (const { events, connection } of [pair.client, pair.server]) {
      assert.is((events.at(-1) as { subprotocol: string }).subprotocol, 'wamp');
      connection.send('Hello');
    }
    assert.is(pair.now, 10);
    pair.run();
    assert.equal(pair.client.events.at(-1), { type: 'text', data: 'Hello' });
    assert.equal(pair.server.events.at(-1), { type: 'text', data: 'Hello' });
  });
}

test('4.2.2: the application chooses the subprotocol and adds header fields', () => {
  const pair = new Pair({ client: { subprotocols: ['chat', 'wamp'] }, server: { subprotocols: ['wamp'] } });
  pair.server.onEvent = ({ type }, connection) => {
    if (type === 'request') connection.accept({ subprotocol: 'chat', headers: { 'Set-Cookie': 'a=b' } });
  };
  pair.run();
  const [{ subprotocol, headers }] = pair.client.events as unknown as [Extract<ConnectionEvent, { type: 'open' }>];
  assert.is(subprotocol, 'chat');
  assert.equal(headers.at(-1), ['set-cookie', 'a=b']);
});

test('4.2.2: the application may take its time to accept', () => {
  const connection = asked();
  assert.is(connection.poll(), undefined);
  connection.accept({}, 5000);
  assert.is(types(connection), 'open');
  assert.is(connection.deadline, 35_000);
});

test('4.2.2: the application rejects', () => {
  const connection = asked();
  connection.reject(401, { 'WWW-Authenticate': 'Basic' }, 'Who are you?', 100);
  assert.is(connection.state, 'closing');
  assert.is(connection.transport, 'open', 'the response waits');
  assert.is(connection.deadline, 5100);
  assert.is(
    sentText(connection),
    'HTTP/1.1 401 \r\nConnection: close\r\nContent-Length: 12\r\nWWW-Authenticate: Basic\r\n\r\nWho are you?',
  );
  assert.is(connection.transport, 'end');
  const events = [...connection];
  assert.is(types(events), 'fail');
  assert.is(rule(events), 'handshake-rejected');
  const { code, clean, explanation } = ending(connection);
  assert.equal([code, clean, explanation.initiator], [1006, false, 'local']);
  assert.match(explanation.summary, /handshake-rejected.*: 401 /);
});

test('4.1: a rejected client is told how, and both ends come to an end', () => {
  const pair = new Pair();
  pair.server.onEvent = ({ type }, connection) => {
    if (type === 'request') connection.reject(503, { 'Retry-After': '9' }, Uint8Array.of(1, 2, 3));
  };
  pair.cut = byteByByte;
  pair.run();
  assert.equal(pair.client.types, ['fail', 'end']);
  assert.equal(pair.server.types, ['request', 'fail', 'end']);
  const [fail] = pair.client.events;
  if (fail?.type !== 'fail' || fail.error.name !== 'HandshakeError') throw new Error('no HandshakeError');
  assert.is(fail.error.rule, 'status-not-101');
  assert.equal('response' in fail.error && fail.error.response, {
    status: 503,
    reason: '',
    headers: [
      ['connection', 'close'],
      ['content-length', '3'],
      ['retry-after', '9'],
    ],
    body: Uint8Array.of(1, 2, 3),
  });
});

test('4.2.1: a request that breaks a rule is answered, and the transport ended', () => {
  const connection = Connection.server();
  const events = receive(connection, ascii(REQUEST.replace('GET', 'PUT')));
  assert.is(rule(events), 'method-not-get');
  assert.match(sentText(connection), /^HTTP\/1\.1 405 \r\n/);
  assert.is(connection.state, 'closing');
  assert.is(connection.transport, 'end');
  assert.is(connection.deadline, 5000);
  assert.equal(receive(connection, ascii(REQUEST)), []);
  assert.is(ending(connection).explanation.error?.rule, 'method-not-get');
});

test('4.1: a response that breaks a rule fails a client, which sends nothing', () => {
  const connection = client();
  sent(connection);
  const events = receive(
    connection,
    concat(ascii(RESPONSE.replace('ICX', 'XXX')), frame('client', Opcode.Text, 'Hello')),
  );
  assert.is(types(events), 'fail');
  assert.is(rule(events), 'response-accept');
  assert.is(sent(connection), '');
  assert.is(connection.transport, 'destroy');
  assert.is(ending(connection).explanation.sent, undefined);
});

test('4.1: a 101 that nobody asked for, and nothing that resembles HTTP, is no request', () => {
  for (const text of [RESPONSE, 'Hello\r\n\r\n', '\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n', '\r\n\r\n']) {
    const connection = Connection.server();
    assert.is(rule(receive(connection, ascii(text))), 'request-malformed');
    assert.match(sentText(connection), /^HTTP\/1\.1 400 \r\n/);
  }
});

// A request that an HTTP server has read.

const EARLY = frame('server', Opcode.Text, 'early');
const HEAD = parseRequestHead(REQUEST.slice(0, -4));

test('4.2.1: a head that somebody else has read is a request like any other', () => {
  const connection = Connection.server();
  const [event] = [...connection.receiveRequest(HEAD, 100)] as RequestEvent[];
  assert.is(event?.request.resource, '/chat?room=1');
  connection.accept();
  assert.is(sentText(connection), RESPONSE);
  assert.is(connection.deadline, 30_100);
  assert.is(types(connection.receive(frame('server', Opcode.Text, 'Hello'))), 'open text');
});

test('4.2.1: a head that breaks a rule is answered', () => {
  const connection = Connection.server();
  assert.is(rule(connection.receiveRequest({ ...HEAD, method: 'POST' })), 'method-not-get');
  assert.match(sentText(connection), /^HTTP\/1\.1 405 /);
});

test('4.2.1: bytes behind that head may come before it is polled', () => {
  const connection = Connection.server();
  connection.receiveRequest(HEAD).receive(EARLY.slice());
  assert.is(types(connection), 'request');
  connection.accept();
  assert.is(types(connection), 'open text');
});

test('4.2.1: a head is for a server that waits for one', () => {
  const twice = Connection.server().receiveRequest(HEAD);
  const abandoned = Connection.server();
  abandoned.close();
  for (const connection of [client(), opened('server'), asked(), twice, abandoned]) {
    const { deadline } = connection;
    assert.throws(() => connection.receiveRequest(HEAD, 1e6), /no request is expected/);
    assert.is(connection.deadline, deadline);
  }
  assert.is(types(twice), 'request');
});

// Bytes that arrive too early, and in time.

test('4.1: frames in the chunk of the response are parsed', () => {
  const connection = client();
  const frames = [frame('client', Opcode.Text, 'one'), frame('client', Opcode.Binary, 'two')];
  const events = receive(connection, concat(ascii(RESPONSE), ...frames, closeFrame('client', 1000)));
  assert.is(types(events), 'open text binary close');
});

test('4.1: what is wrong behind the response is found where it is in the stream', () => {
  const connection = client();
  const events = receive(connection, concat(ascii(RESPONSE), frame('client', Opcode.Text, 'one'), FAULT.client.bytes));
  assert.is(types(events), 'open text fail');
  assert.is((events[2] as { error: { offset: number } }).error.offset, RESPONSE.length + 5);
});

for (const pieces of [1, EARLY.length]) {
  test(`4.2: bytes before accept, in ${pieces} piece(s), are kept and then parsed`, () => {
    const connection = asked();
    for (let at = 0; at < EARLY.length; at += EARLY.length / pieces) {
      assert.equal(receive(connection, EARLY.subarray(at, at + EARLY.length / pieces)), []);
    }
    connection.accept();
    assert.equal([...connection].at(-1), { type: 'text', data: 'early' });
    assert.equal(receive(connection, EARLY), [{ type: 'text', data: 'early' }]);
  });
}

test('4.2: bytes in the chunk of the request are kept too, and half a frame of them is completed', () => {
  const connection = Connection.server();
  assert.is(types(receive(connection, concat(ascii(REQUEST), EARLY.subarray(0, 3)))), 'request');
  connection.accept();
  assert.is(types(connection), 'open');
  assert.equal(receive(connection, EARLY.subarray(3)), [{ type: 'text', data: 'early' }]);
});

test('4.2: no more than maxEarlyBytes are kept (64 KiB)', () => {
  for (const [options, limit] of [
    [{}, 65_536],
    [{ maxEarlyBytes: 10 }, 10],
    [{ maxEarlyBytes: 0 }, 0],
  ] as const) {
    const connection = asked(options);
    assert.equal(receive(connection, new Uint8Array(limit)), []);
    const events = receive(connection, new Uint8Array(1));
    assert.is(rule(events), 'early-data');
    assert.match(sentText(connection), /^HTTP\/1\.1 400 \r\n/);
    assert.throws(() => connection.accept(), /no request waits/);
    ending(connection);
  }
});

test('4.2: too many bytes in the chunk of the request do not hide the request', () => {
  const connection = Connection.server({ maxEarlyBytes: 10 });
  const events = receive(connection, concat(ascii(REQUEST), new Uint8Array(11)));
  assert.is(types(events), 'request fail');
});

// The end of the transport.

test('4: the transport ends at any byte of the handshake', () => {
  for (const [make, head] of [
    [() => Connection.server(), REQUEST],
    [() => client(), RESPONSE],
  ] as const) {
    for (let length = 0; length < head.length; length++) {
      const connection = make();
      sent(connection);
      receive(connection, ascii(head.slice(0, length)));
      const events = [...connection.receiveEnd(1, 'gone')];
      assert.is(types(events), 'fail end');
      assert.is(rule(events), 'handshake-interrupted');
      assert.is(sent(connection), '');
      nothingFollows(connection);
    }
  }
});

test('4: who interrupted the handshake is the transport, and its cause is told', () => {
  const { code, explanation } = ending(client(), new Error('ECONNRESET'));
  assert.is(code, 1006);
  assert.is(explanation.initiator, 'transport');
  assert.is(explanation.summary.includes('ECONNRESET'), true);
});

test('4.2: the transport ends while the request is undecided', () => {
  const connection = asked();
  const events = [...connection.receiveEnd()];
  assert.is(rule(events), 'handshake-interrupted');
  assert.throws(() => connection.accept(), /closed/);
  assert.throws(() => connection.reject(400), /closed/);
  nothingFollows(connection);
});

test('4.2: the transport ends with the request before that was polled', () => {
  const connection = Connection.server().receive(ascii(REQUEST)).receiveEnd();
  assert.is(types(connection), 'request fail end');
  assert.is(sent(connection), '');
  nothingFollows(connection);
});

test('4.1: the transport ends with the response and a message before they were polled', () => {
  const connection = client({ closeTimeout: NEVER });
  sent(connection);
  connection.receive(concat(ascii(RESPONSE), frame('client', Opcode.Text, 'Hello'))).receiveEnd();
  assert.is(types(connection), 'open text end');
  assert.is(connection.deadline, NEVER);
  nothingFollows(connection);
});

// What the caller may not do.

test('4.2.2: accept and reject are for a server with a request that waits', () => {
  const accepted = asked();
  accepted.accept();
  const abandoned = asked();
  abandoned.close();
  for (const connection of [
    client(),
    Connection.server(),
    accepted,
    abandoned,
    Connection.opened('server'),
    Connection.opened('client', {}, { random: ZEROS }),
  ]) {
    const before = [connection.state, connection.queuedBytes, connection.deadline];
    for (const call of [() => connection.accept(), () => connection.reject(403)]) {
      assert.throws(call, (error: { name: string; rule: string }) => {
        return error.name === 'StateError' && error.rule === 'not-connecting';
      });
    }
    assert.equal([connection.state, connection.queuedBytes, connection.deadline], before);
  }
});

test('4.2.2: wrong options of accept and reject throw, and the request still waits', () => {
  const connection = asked();
  const calls: [() => void, RegExp][] = [
    [() => connection.accept({ subprotocol: 'chat' }), /did not offer/],
    [() => connection.accept({ headers: { upgrade: 'h2c' } }), /set by the handshake/],
    [() => connection.accept({ headers: { 'x-a': 'b\r\nc: d' } }), /not valid/],
    [() => connection.reject(101), /from 200 to 599/],
    [() => connection.reject(200.5), /from 200 to 599/],
    [() => connection.reject(600), /from 200 to 599/],
    [() => connection.reject(403, { connection: 'keep-alive' }), /set by the handshake/],
    [() => connection.reject(403, {}, 5 as unknown as string), /not number/],
  ];
  for (const [call, message] of calls) assert.throws(call, message);
  assert.is(sent(connection), '');
  assert.is(connection.poll(), undefined);
  connection.accept();
  assert.is(sentText(connection), RESPONSE);
});

test('4.1: nothing can be sent while connecting', () => {
  for (const connection of [client(), asked()]) {
    const before = connection.queuedBytes;
    for (const call of [
      () => connection.send('x'),
      () => connection.sendFragment('x', true),
      () => connection.ping(),
      () => connection.pong(),
    ]) {
      assert.throws(call, (error: { rule: string }) => error.rule === 'not-open');
    }
    assert.is(connection.queuedBytes, before);
  }
});

test('4.1: close while connecting sends no Close frame and ends the transport', () => {
  for (const connection of [client(), Connection.server(), asked()]) {
    sent(connection);
    connection.close(1000, 'changed my mind', 7);
    assert.is(connection.state, 'closing');
    assert.is(connection.transport, connection.role === 'client' ? 'destroy' : 'end');
    assert.is(connection.deadline, 5007);
    assert.is(sent(connection), '');
    assert.is(rule(connection), 'handshake-abandoned');
    connection.close();
    assert.equal(receive(connection, ascii(connection.role === 'client' ? RESPONSE : REQUEST)), []);
    const { code, explanation } = ending(connection);
    assert.equal([code, explanation.initiator, explanation.sent], [1006, 'local', undefined]);
  }
});

test('4.1: a wrong code of close throws while connecting, too', () => {
  const connection = client();
  assert.throws(() => connection.close(1006), /1006 is not a close code/);
  assert.is(connection.state, 'connecting');
});

test('4: pause is for connections that are open', () => {
  const connection = asked();
  connection.pause();
  assert.is(connection.paused, false);
  connection.accept();
  assert.is(types(connection), 'open');
});

// Someone else's handshake.

test('4: opened begins with open, and with what was negotiated', () => {
  const connection = Connection.opened('server', { subprotocol: 'chat' }, {}, 1000);
  assert.is(connection.state, 'open');
  assert.is(connection.role, 'server');
  assert.is(connection.deadline, 31_000);
  assert.equal([...connection], [{ type: 'open', subprotocol: 'chat', extensions: [], headers: [] }]);
});

for (const role of ROLES) {
  test(`4: messages may be sent before open was polled (${role})`, () => {
    const connection = Connection.opened(role, undefined, { random: ZEROS });
    connection.send('Hello');
    assert.is(sent(connection), own(role, Opcode.Text, 'Hello'));
    assert.is(types(connection.receive(frame(role, Opcode.Text, 'Hello'))), 'open text');
  });
}

test('5.3: where the host has no random bytes, a client must be given a source; a server needs none', () => {
  const { random } = host;
  Object.assign(host, { random: undefined });
  try {
    for (const make of [() => Connection.client(URL), () => Connection.opened('client')]) {
      assert.throws(make, isA(TypeError));
      assert.throws(make, /a client needs the option "random"/);
    }
    assert.is(client().state, 'connecting');
    assert.is(Connection.server().state, 'connecting');
  } finally {
    Object.assign(host, { random });
  }
});

test('3: a client of a wrong URL or with wrong options is not made', () => {
  assert.throws(() => Connection.client('ftp://example.com/', { random: ZEROS }), isA(SyntaxError));
  assert.throws(() => client({ subprotocols: ['a b'] }), isA(TypeError));
  assert.throws(() => client({ handshakeTimeout: 0 }), /handshakeTimeout/);
  assert.is(client({ handshakeTimeout: NEVER }).deadline, NEVER);
});

test.run();
