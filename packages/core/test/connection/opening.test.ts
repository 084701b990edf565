// RFC 6455 4: the opening handshake of both roles, from the first byte to the event `open`.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRequestHead } from '../../src/handshake/index.ts';
import { host } from '../../src/host.ts';
import { Connection, type ConnectionEvent, Opcode, type RequestEvent, type StateError } from '../../src/index.ts';
import { byteByByte, cutAt, cutRandomly, Pair } from '../pair.ts';
import { ascii, concat, ZEROS } from '../support.ts';
import { asked, client, REQUEST, RESPONSE, URL } from './opening-tools.ts';
import { ending, frame, isA, NEVER, opened, own, ROLES, receive, rule, sent, sentText, types } from './tools.ts';

const test = suite('RFC 6455 4 opening');

test('4.1: a new client is connecting, and its request waits for transmit', () => {
  const connection = client();
  assert.is(connection.state, 'connecting');
  assert.is(connection.transport, 'open');
  assert.is(connection.deadline, 10_000);
  assert.is(connection.queuedBytes, REQUEST.length);
  assert.is(connection.poll(), undefined);
  assert.is(sentText(connection), REQUEST);
  assert.is(connection.queuedBytes, 0);
});

test('4.1: a response opens a client', () => {
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

test('4.2.1: a server waits for the request and delivers its fields', () => {
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

test('4.2.2: accept sends the response and opens the server', () => {
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
  test(`4: a client and a server open, and exchange messages, ${name}`, () => {
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

test('4.2.2: the application can accept later', () => {
  const connection = asked();
  assert.is(connection.poll(), undefined);
  connection.accept({}, 5000);
  assert.is(types(connection), 'open');
  assert.is(connection.deadline, 35_000);
});

test('4.2.2: reject sends the response and fails the handshake', () => {
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
  assert.match(explanation.summary, /handshake-rejected.*: 401; /);
});

test('4.1: a rejected client has the response in its error, and both endpoints reach the end', () => {
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

test('4.2.1: a request that breaks a rule is answered, and the transport ends', () => {
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

test('4.1: a server refuses a response, and bytes that are not HTTP', () => {
  for (const text of [RESPONSE, 'Hello\r\n\r\n', '\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n', '\r\n\r\n']) {
    const connection = Connection.server();
    assert.is(rule(receive(connection, ascii(text))), 'request-malformed');
    assert.match(sentText(connection), /^HTTP\/1\.1 400 \r\n/);
  }
});

// A request that an HTTP server has read.

const EARLY = frame('server', Opcode.Text, 'early');
const HEAD = parseRequestHead(REQUEST.slice(0, -4));

test('4.2.1: receiveRequest takes a head that an HTTP server has read', () => {
  const connection = Connection.server();
  const [event] = [...connection.receiveRequest(HEAD, 100)] as RequestEvent[];
  assert.is(event?.request.resource, '/chat?room=1');
  connection.accept();
  assert.is(sentText(connection), RESPONSE);
  assert.is(connection.deadline, 30_100);
  assert.is(types(connection.receive(frame('server', Opcode.Text, 'Hello'))), 'open text');
});

test('4.2.1: a head from receiveRequest that breaks a rule is answered', () => {
  const connection = Connection.server();
  assert.is(rule(connection.receiveRequest({ ...HEAD, method: 'POST' })), 'method-not-get');
  assert.match(sentText(connection), /^HTTP\/1\.1 405 /);
});

test('4.2.1: bytes after the head from receiveRequest may arrive before it is polled', () => {
  const connection = Connection.server();
  connection.receiveRequest(HEAD).receive(EARLY.slice());
  assert.is(types(connection), 'request');
  connection.accept();
  assert.is(types(connection), 'open text');
});

test('4.2.1: receiveRequest throws when no request is expected', () => {
  const twice = Connection.server().receiveRequest(HEAD);
  const abandoned = Connection.server();
  abandoned.close();
  for (const connection of [client(), opened('server'), asked(), twice, abandoned]) {
    const { deadline } = connection;
    assert.throws(
      () => connection.receiveRequest(HEAD, 1e6),
      (error: StateError) => error.rule === 'not-connecting' && /not a server that waits for a req/.test(error.message),
    );
    assert.is(connection.deadline, deadline);
  }
  assert.is(types(twice), 'request');
});

// Someone else's handshake.

test('4: a connection from `Connection.opened` begins with the event open, which tells what was negotiated', () => {
  const connection = Connection.opened('server', { subprotocol: 'chat' }, {}, 1000);
  assert.is(connection.state, 'open');
  assert.is(connection.role, 'server');
  assert.is(connection.deadline, 31_000);
  assert.equal([...connection], [{ type: 'open', subprotocol: 'chat', extensions: [], headers: [] }]);
});

for (const role of ROLES) {
  test(`4: messages can be sent before the event open has been polled (${role})`, () => {
    const connection = Connection.opened(role, undefined, { random: ZEROS });
    connection.send('Hello');
    assert.is(sent(connection), own(role, Opcode.Text, 'Hello'));
    assert.is(types(connection.receive(frame(role, Opcode.Text, 'Hello'))), 'open text');
  });
}

test('5.3: without random bytes of the host, a client needs the option random and a server does not', () => {
  const { random } = host;
  Object.assign(host, { random: undefined });
  try {
    for (const make of [() => Connection.client(URL), () => Connection.opened('client')]) {
      assert.throws(make, isA(TypeError));
      assert.throws(make, /^random: a client needs this option/);
    }
    assert.is(client().state, 'connecting');
    assert.is(Connection.server().state, 'connecting');
  } finally {
    Object.assign(host, { random });
  }
});

test('3: a wrong URL or a wrong option throws', () => {
  assert.throws(() => Connection.client('ftp://example.com/', { random: ZEROS }), isA(SyntaxError));
  assert.throws(() => client({ subprotocols: ['a b'] }), isA(TypeError));
  assert.throws(() => client({ handshakeTimeout: 0 }), /handshakeTimeout/);
  assert.is(client({ handshakeTimeout: NEVER }).deadline, NEVER);
});

test.run();
