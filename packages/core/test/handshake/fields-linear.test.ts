// RFC 6455 9.1: how long parsing takes.
import { suite } from 'uvu';
import { listIncludes, parseExtensions, parseTokens, trim } from '../../src/handshake/fields.ts';
import { assertLinear } from '../linear.ts';

const test = suite('RFC 6455 9.1 fields');

// CVE-2021-32640, CVE-2020-7662, CVE-2020-7663: no value takes more than linear time.

for (const [name, make] of Object.entries({
  spaces: (n: number) => `foo${' '.repeat(n)}bar`,
  'spaces in front': (n: number) => `${' '.repeat(n)}foo`,
  commas: (n: number) => `${' ,'.repeat(n)};`,
  'a quoted string of escapes that does not end': (n: number) => `a; b="${'\\c'.repeat(n)}`,
  'a quoted string of backslashes': (n: number) => `a; b="${'\\'.repeat(n)}`,
  parameters: (n: number) => `a${'; b'.repeat(n)}; "`,
  'quoted strings': (n: number) => `a${'; b="c"'.repeat(n)}; =`,
  extensions: (n: number) => `${'a, '.repeat(n)}"`,
})) {
  test(`9.1: parsing takes linear time: ${name}`, () => {
    const read = (n: number): void => {
      const value = make(n);
      parseExtensions(value);
      parseTokens(value);
      listIncludes(value, 'upgrade');
      trim(value);
    };
    assertLinear(read, 10_000);
  });
}

test.run();
