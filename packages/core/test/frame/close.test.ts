import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CloseCode,
  decodeClosePayload,
  encodeClosePayload,
  isCloseCode,
  MAX_CLOSE_REASON,
} from '../../src/frame/close.ts';
import { hex, protocolError, times, toHex } from '../support.ts';

const close = suite('close');

close('7.4 the codes of a Close frame are 1000-1003, 1007-1014 and 3000-4999', () => {
  const codes = Array.from({ length: 70_000 }, (_, code) => code).filter(isCloseCode);
  const ranges = codes.filter((code) => !(codes.includes(code - 1) && codes.includes(code + 1)));
  assert.equal(ranges, [1000, 1003, 1007, 1014, 3000, 4999]);
});

close('7.4 a close code is a whole number', () => {
  for (const code of [-1000, 1000.5, Number.NaN, Infinity, '1000' as unknown as number]) assert.not(isCloseCode(code));
});

close('7.4.1 CloseCode has the codes with a name', () => {
  assert.equal(CloseCode, {
    NormalClosure: 1000,
    GoingAway: 1001,
    ProtocolError: 1002,
    UnsupportedData: 1003,
    NoStatus: 1005,
    AbnormalClosure: 1006,
    InvalidPayload: 1007,
    PolicyViolation: 1008,
    MessageTooBig: 1009,
    MandatoryExtension: 1010,
    InternalError: 1011,
    ServiceRestart: 1012,
    TryAgainLater: 1013,
    BadGateway: 1014,
    TlsHandshake: 1015,
  });
});

close('7.4.1 three codes with a name must not be sent', () => {
  const never = Object.values(CloseCode).filter((code) => !isCloseCode(code));
  assert.equal(never, [1005, 1006, 1015]);
});

close('5.5.1 a payload is empty, a code, or a code and a reason', () => {
  assert.is(toHex(encodeClosePayload()), '');
  assert.is(toHex(encodeClosePayload(undefined, '')), '');
  assert.is(toHex(encodeClosePayload(1000)), '03 e8');
  assert.is(toHex(encodeClosePayload(4999, 'bye')), '13 87 62 79 65');
  assert.is(toHex(encodeClosePayload(1001, '€🐯')), '03 e9 e2 82 ac f0 9f 90 af');
});

close('5.5.1 a lone surrogate in a reason becomes U+FFFD', () => {
  assert.is(toHex(encodeClosePayload(1000, 'a\ud800')), '03 e8 61 ef bf bd');
});

close('5.5 a reason has at most 123 bytes of UTF-8', () => {
  const longest = ['a'.repeat(123), '€'.repeat(41), `a${'é'.repeat(61)}`, `abc${'🐯'.repeat(30)}`];
  for (const reason of longest) {
    assert.is(encodeClosePayload(1000, reason).length, 2 + MAX_CLOSE_REASON);
    assert.throws(() => encodeClosePayload(1000, `${reason}a`), rangeError('longer than 123 bytes'));
  }
  for (const reason of ['a'.repeat(124), '€'.repeat(42), '🐯'.repeat(31), 'a'.repeat(1_000_000)]) {
    assert.throws(() => encodeClosePayload(1000, reason), rangeError('longer than 123 bytes'));
  }
});

close('the payload fills a buffer of its own', () => {
  assert.is(encodeClosePayload(1000, '€').buffer.byteLength, 5);
});

close('7.4 a code that must not be sent throws', () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536 + 1000, -1, 1000.5, Number.NaN]) {
    assert.throws(() => encodeClosePayload(code), rangeError('cannot have the code'));
  }
  assert.throws(() => encodeClosePayload('1000' as unknown as number), rangeError('the code "1000" (a string)'));
});

close('5.5.1 a reason without a code throws', () => {
  assert.throws(() => encodeClosePayload(undefined, 'bye'), rangeError('needs a code'));
});

close('a reason that is not a string throws', () => {
  for (const reason of [1, null, hex('61'), {}]) {
    assert.throws(
      () => encodeClosePayload(1000, reason as unknown as string),
      (error: Error) => error instanceof TypeError && error.message.includes('is a string'),
    );
  }
});

close('5.5.1 an encoded payload is decoded to the same', () => {
  for (const code of [1000, 1003, 1007, 1014, 3000, 4999]) {
    for (const reason of ['', 'bye', '€🐯', '\ufeffa', 'a'.repeat(123)]) {
      assert.equal(decodeClosePayload(encodeClosePayload(code, reason)), { code, reason });
    }
  }
  assert.equal(decodeClosePayload(encodeClosePayload()), { code: 1005, reason: '' });
});

close('5.5.1, 7.4, 8.1 a wrong payload throws with the rule that it breaks', () => {
  const illegal = [
    ['03', 'close-payload-length'],
    ['03 ed', 'close-code'],
    ['03 ee', 'close-code'],
    ['03 f7', 'close-code'],
    [`00 00 ${times(123, 'ff')}`, 'close-code'],
    ['03 e8 ff', 'close-reason-utf8'],
    ['03 e8 61 e2 82', 'close-reason-utf8'],
  ] as const;
  for (const [payload, rule] of illegal) {
    assert.is(protocolError(() => decodeClosePayload(hex(payload))).rule, rule);
  }
});

function rangeError(part: string): (error: Error) => boolean {
  return (error) => error instanceof RangeError && error.message.includes(part);
}

close.run();
