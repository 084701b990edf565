import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionEvent, PROTOCOL_RULES, type ProtocolRuleName } from '../../src/index.ts';
import { decodeFrames, judge } from '../reference.ts';
import { drain, hex, play, SEVENS, split, toHex, utf8 } from '../support.ts';
import { check } from './check.ts';
import { anyStream, cuts, mutatedStream, validStream, within } from './streams.ts';

const receiving = suite('properties/receiving');

const stream = fc.oneof(validStream, anyStream, mutatedStream);
const messages = fc.constantFrom('whole' as const, 'fragments' as const);
const poll = fc.constantFrom('each chunk' as const, 'at the end' as const);

receiving('any stream gives the same events and the same answers in any chunks', () => {
  check(
    3000,
    fc.property(stream, cuts, messages, poll, ({ role, bytes }, places, messages, poll) => {
      const whole = play(role, [bytes.slice()], { random: SEVENS });
      const cut = play(role, split(bytes, within(bytes, places)), { random: SEVENS, messages }, poll);
      assert.equal(cut.events, whole.events);
      assert.equal(cut.end, whole.end);
      assert.is(toHex(cut.sent), toHex(whole.sent));
    }),
  );
});

receiving('any stream gives the events and the fault of the reference', () => {
  check(
    3000,
    fc.property(stream, ({ role, bytes }) => {
      const { frames, rest } = decodeFrames(bytes);
      const verdict = judge(frames, role === 'server');
      const { events } = play(role, [bytes.slice()]);
      const failed = events.at(-1)?.[0] === 'fail' ? events.at(-1) : undefined;
      assert.equal(failed === undefined ? events : events.slice(0, -1), verdict.events);

      // In the part of a frame at the end, a rule may be broken that the reference looks for in whole frames only.
      const closed = verdict.events.at(-1)?.[0] === 'close';
      if (verdict.failure === undefined && rest > 0 && !closed) return;
      assert.is(failed && PROTOCOL_RULES[failed[1] as ProtocolRuleName].code, verdict.failure);
    }),
  );
});

receiving('a stream that breaks no rule never fails, and each Ping and Close frame is answered', () => {
  check(
    1000,
    fc.property(validStream, cuts, ({ role, bytes }, places) => {
      const { events, sent } = play(role, split(bytes, within(bytes, places)));
      assert.is(
        events.some(([type]) => type === 'fail'),
        false,
      );
      const expected = [
        ...events.filter(([type]) => type === 'ping').map(([, data]) => ['pong', data]),
        ...events.filter(([type]) => type === 'close').map(([, code]) => ['close', code, '']),
      ];
      assert.equal(judge(decodeFrames(sent).frames, role === 'client').events, expected);
    }),
  );
});

/** Garbage, some of which looks like the beginning of something. */
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  stream.map(({ bytes }) => bytes),
  fc
    .constantFrom(
      'HTTP/1.1 ',
      'GET / HTTP/1.1\r\n',
      'Upgrade: websocket\r\n',
      ': ',
      '\r\n\r\n',
      'HTTP/1.1 101 \r\n\r\n',
    )
    .map(utf8),
);

const connections = {
  'an open client': () => Connection.opened('client'),
  'an open server': () => Connection.opened('server'),
  'a client': () => Connection.client('ws://example.com/'),
  'a server': () => Connection.server(),
};

/** What may happen to a connection besides bytes. */
const act = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('receive' as const), bytes: garbage }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('timeout' as const), after: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('close', 'end', 'pause', 'resume', 'poll', 'transmit') }) },
);

receiving(
  'whatever bytes arrive and whatever is called, no method throws, events keep their order, and nothing follows end',
  () => {
    check(
      3000,
      fc.property(fc.constantFrom(...Object.values(connections)), fc.array(act, { maxLength: 12 }), (open, acts) => {
        const connection = open();
        const events: ConnectionEvent[] = [];
        let now = 0;
        for (const step of acts) {
          if (step.type === 'timeout') now += step.after;
          if (step.type === 'receive') connection.receive(step.bytes.slice(), now);
          else if (step.type === 'timeout') connection.timeout(now);
          else if (step.type === 'close') connection.close(1000, 'bye');
          else if (step.type === 'end') connection.receiveEnd(now);
          else if (step.type === 'pause') connection.pause();
          else if (step.type === 'resume') connection.resume(now);
          else if (step.type === 'transmit') drain(connection);
          else events.push(...connection);
        }
        connection.resume(now);
        events.push(...connection, ...connection.receiveEnd(now));
        assert.match(events.map(({ type }) => type).join(' '), ORDER);

        connection.receive(hex('81 05 48 65 6c 6c 6f'), now);
        connection.timeout(now + 1e9);
        connection.receiveEnd(now + 1e9);
        assert.equal([...connection], []);
        assert.equal([connection.state, connection.deadline], ['closed', Infinity]);
      }),
    );
  },
);

/** As `ConnectionEvent` says. */
const ORDER = /^(request ?)?(open ?)?((text|binary|ping|pong) )*(close |fail )?end$/;

receiving.run();
