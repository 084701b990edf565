// RFC 6455 5.4: messages in fragments, through a whole connection. What a receiver makes of each frame is in receiver.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FragmentEvent, Opcode, StateError } from '../../src/index.ts';
import { byteByByte, cutAt, cutRandomly, Pair } from '../pair.ts';
import { concat } from '../support.ts';
import { FAULT, frame, isA, opened, own, ownClose, ROLES, receive, rule, sent, types } from './tools.ts';

const test = suite('RFC 6455 5.4 fragmentation');
const { Continuation, Text, Binary, Ping } = Opcode;

for (const role of ROLES) {
  test(`5.4: fragments are joined to one message, and control frames may come between them (${role})`, () => {
    const connection = opened(role);
    const frames = concat(
      frame(role, Text, 'Hel', false),
      frame(role, Ping, 'p'),
      frame(role, Continuation, '', false),
      frame(role, Continuation, 'lo'),
    );
    const [ping, text] = receive(connection, frames);
    assert.is(ping?.type, 'ping');
    assert.equal(text, { type: 'text', data: 'Hello' });
  });

  test(`5.4: sendFragment sends the type once and then Continuation frames, with control frames between them (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('Hel', false);
    connection.ping('p');
    connection.sendFragment('', false);
    connection.sendFragment('lo', true);
    connection.send(Uint8Array.of(1));
    assert.is(
      sent(connection),
      own(role, Text, 'Hel', false) +
        own(role, Ping, 'p') +
        own(role, Continuation, '', false) +
        own(role, Continuation, 'lo') +
        own(role, Binary, '\x01'),
    );
  });

  test(`5.4: send throws while a fragmented message is in progress (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment(Uint8Array.of(1), false);
    const before = connection.queuedBytes;
    assert.throws(
      () => connection.send('x'),
      (error: unknown) => error instanceof StateError && error.rule === 'message-in-progress',
    );
    assert.throws(() => connection.sendFragment('x', false), isA(TypeError));
    assert.is(connection.queuedBytes, before);
    connection.sendFragment(new ArrayBuffer(0), true);
    connection.send('x');
  });

  test(`5.4: close ends a fragmented message that is in progress (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('Hel', false);
    connection.close();
    assert.is(sent(connection), own(role, Text, 'Hel', false) + ownClose(role));
    assert.throws(() => connection.sendFragment('lo', true), /closing/);
  });

  test(`5.4: wrong fragments fail the connection, after the events of the frames before them (${role})`, () => {
    for (const [name, frames] of Object.entries({
      'continuation-without-message': [frame(role, Binary, 'x'), frame(role, Continuation, 'x')],
      'message-interleaved': [frame(role, Text, 'x', false), frame(role, Ping), frame(role, Binary, 'x')],
    })) {
      const events = receive(opened(role), concat(...frames));
      assert.is(events.length, 2);
      assert.is(rule(events), name);
    }
  });

  test(`5.4: fragmentSize divides messages into fragments (${role})`, () => {
    const connection = opened(role, { fragmentSize: 4 });
    connection.send('Hello');
    assert.is(sent(connection), own(role, Text, 'Hell', false) + own(role, Continuation, 'o'));
  });
}

for (const [name, cut] of Object.entries({
  whole: cutAt(),
  'byte by byte': byteByByte,
  'in random pieces': cutRandomly(30),
})) {
  test(`5.4: messages: 'fragments' delivers parts as they arrive, a text in whole code points, ${name}`, () => {
    const text = 'aé€😀'.repeat(50);
    const bytes = new Uint8Array(1000).map((_, index) => index);
    const pair = new Pair({
      seed: 7,
      opened: true,
      client: { fragmentSize: 64 },
      server: { messages: 'fragments' },
    });
    pair.cut = cut;
    pair.client.connection.send(text);
    pair.client.connection.send(bytes);
    pair.run();
    const fragments = pair.server.events.filter((event): event is FragmentEvent => event.type === 'fragment');
    const texts = fragments.filter(({ opcode }) => opcode === Text);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    assert.is(texts.map(({ data }) => decoder.decode(data)).join(''), text);
    assert.equal(concat(...fragments.filter(({ opcode }) => opcode === Binary).map(({ data }) => data)), bytes);
    assert.equal(
      fragments.filter(({ final }) => final),
      [texts.at(-1), fragments.at(-1)],
    );
    assert.ok(fragments.length >= 17);
  });
}

for (const role of ROLES) {
  test(`5.4: with messages: 'fragments', the parts before a fault are delivered (${role})`, () => {
    const connection = opened(role, { messages: 'fragments' });
    const events = receive(connection, concat(frame(role, Text, 'Hel', false), FAULT[role].bytes));
    assert.is(types(events), 'fragment fail');
  });
}

test.run();
