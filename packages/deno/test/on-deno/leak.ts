/** What the sanitizers must find: run.test.ts runs it, and it has to fail. */
import { serve } from '../../src/index.ts';

Deno.test('a server that nobody closes', () => void serve({ hostname: '127.0.0.1' }));
Deno.test('a timer that nobody clears', () => void setTimeout(() => undefined, 10_000));
