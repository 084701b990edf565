import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCloseCode } from '../src/frame/close.ts';
import { CODES_OF_BYTES } from '../src/rules/connection.ts';
import {
  HANDSHAKE_RULES,
  HandshakeError,
  type HandshakeRuleName,
  PROTOCOL_RULES,
  ProtocolError,
  type ProtocolRuleName,
  StateError,
} from '../src/rules.ts';

const rules = suite('rules');

const PROTOCOL_NAMES = Object.keys(PROTOCOL_RULES) as ProtocolRuleName[];
const HANDSHAKE_NAMES = Object.keys(HANDSHAKE_RULES) as HandshakeRuleName[];

/** Every rule of an open connection that is not a plain protocol error, 1002. */
const CODES: Partial<Record<ProtocolRuleName, number>> = {
  'frame-too-big': 1009,
  'message-too-big': 1009,
  'too-many-fragments': 1009,
  'invalid-utf8': 1007,
  'close-reason-utf8': 1007,
  'invalid-deflate': 1007,
  'message-rate': 1008,
  'byte-rate': 1008,
  'control-rate': 1008,
  'inflated-rate': 1008,
  'message-stalled': 1013,
  'idle-timeout': 1001,
  'pong-timeout': 1011,
  'stall-timeout': 1013,
  'reader-too-slow': 1013,
  'loan-changed': 1011,
  'handler-failed': 1011,
};

rules('7.4.1 each rule of an open connection has a close code that may be sent', () => {
  for (const name of PROTOCOL_NAMES) {
    assert.is(PROTOCOL_RULES[name].code, CODES[name] ?? 1002, name);
    assert.ok(isCloseCode(PROTOCOL_RULES[name].code), name);
  }
});

rules(
  'rules that bytes can break have the codes 1002 and 1007 to 1009; those for timeouts and our own faults have others',
  () => {
    const others = PROTOCOL_NAMES.filter((name) => !CODES_OF_BYTES.includes(PROTOCOL_RULES[name].code));
    const timeouts = ['message-stalled', 'idle-timeout', 'pong-timeout', 'stall-timeout'];
    assert.equal(others, [...timeouts, 'reader-too-slow', 'loan-changed', 'handler-failed']);
  },
);

rules('each name fits into the reason of a Close frame', () => {
  for (const name of PROTOCOL_NAMES) assert.match(name, /^[a-z0-9-]{1,123}$/);
});

rules('each rule has a section, a message and a remedy', () => {
  for (const name of PROTOCOL_NAMES) {
    const { section, sentence, remedy } = PROTOCOL_RULES[name];
    assert.match(section, /^(RFC \d{4} )?\d+(\.\d+)*$/, name);
    assert.match(`${sentence}; ${remedy}`, /^[a-z][^;]*; [a-z][^;]*[^.;]$/, name);
  }
  for (const name of HANDSHAKE_NAMES) {
    const { section, sentence, remedy } = HANDSHAKE_RULES[name];
    assert.match(section, /^(RFC \d{4} )?\d+(\.\d+)*$/, name);
    assert.match(`${sentence}; ${remedy}`, /^([a-z]|Sec-)[^;]*; [a-z].*[^.;]$/, name);
  }
});

rules('4.2.2 each rule of the opening handshake has a status from 400 to 505, or 0 if nothing is answered', () => {
  for (const name of HANDSHAKE_NAMES) {
    const { status } = HANDSHAKE_RULES[name];
    assert.ok(status === 0 || (status >= 400 && status <= 505), name);
  }
});

rules('a ProtocolError has the values of its row', () => {
  for (const name of PROTOCOL_NAMES) {
    const error = new ProtocolError(name, 7);
    const { code, section, sentence, remedy } = PROTOCOL_RULES[name];
    assert.instance(error, Error);
    assert.is(error.name, 'ProtocolError');
    const cited = section === 'RFC 7692 7.2.2' ? 'RFC 7692 section 7.2.2' : `RFC 6455 section ${section}`;
    assert.is(error.message, `${sentence}; ${remedy} (${cited}, close code ${code})`);
    assert.equal([error.rule, error.code, error.section, error.offset], [name, code, section, 7]);
  }
  assert.is(new ProtocolError('invalid-utf8').offset, 0);
});

rules('a HandshakeError has the values of its row, and a detail', () => {
  const error = new HandshakeError('version-unsupported', '8');
  assert.instance(error, Error);
  assert.is(error.name, 'HandshakeError');
  assert.is(
    error.message,
    'the request asks for a version of WebSocket other than 13: 8; send the value 13 (RFC 6455 section 4.2.2)',
  );
  assert.equal([error.rule, error.status, error.section], ['version-unsupported', 426, '4.2.2']);
  assert.equal([error.offset, error.response], [0, undefined]);
});

rules('a HandshakeError can cite another RFC, and have no detail', () => {
  const { message } = new HandshakeError('head-too-big');
  const { sentence, remedy } = HANDSHAKE_RULES['head-too-big'];
  assert.is(message, `${sentence}; ${remedy} (RFC 6585 section 5)`);
});

rules('a HandshakeError holds the response that refused', () => {
  const response = { status: 503, reason: 'Busy', headers: [], body: new Uint8Array(0) };
  const error = new HandshakeError('status-not-101', '503 Busy', response);
  assert.is(error.response, response);
  assert.is(error.status, 0);
});

rules('a StateError has its rule and message', () => {
  const error = new StateError('not-open', 'the connection is closing');
  assert.instance(error, Error);
  assert.equal([error.name, error.rule, error.message], ['StateError', 'not-open', 'the connection is closing']);
});

rules.run();
