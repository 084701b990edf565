/** The other end of companion.ts, for Node, Bun and Deno alike: lines of JSON on standard input and output. */
import process from 'node:process';

/**
 * Announces that the program is ready, then answers the questions one after the other with the results of `answer`. Ends the
 * process when the input ends.
 */
export function answerQuestions(greeting: object, answer: (question: never) => unknown): void {
  let text = '';
  let last: Promise<void> = Promise.resolve();
  const reply = async (line: string): Promise<void> => {
    try {
      write((await answer(JSON.parse(line) as never)) ?? {});
    } catch (error) {
      write({ error: error instanceof Error ? error.message : String(error) });
    }
  };
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (piece: string) => {
    const lines = (text + piece).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) last = last.then(() => reply(line));
  });
  process.stdin.on('end', () => process.exit(0));
  write(greeting);
}

function write(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
