/** Leaks that the sanitizers must find: run.test.ts runs this file, and it must fail. */
import { serve } from '../../src/index.ts';

Deno.test('a server that is not closed', () => void serve({ hostname: '127.0.0.1' }));
Deno.test('a timer that is not cleared', () => void setTimeout(() => undefined, 10_000));
