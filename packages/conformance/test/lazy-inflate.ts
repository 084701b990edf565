/** What the lazy endpoint inflates with: zlib, started anew after each block with BFINAL. */
import { inflateRawSync } from 'node:zlib';

/** Longer messages are refused. */
export const LIMIT: number = 2 ** 26;

/** The connection is failed with this code. */
export class Failure extends Error {
  readonly code: number;

  constructor(code: number, options?: ErrorOptions) {
    super(String(code), options);
    this.code = code;
  }
}

/** zlib, made to keep its window past a block with BFINAL. */
export class BlockInflater {
  window: Buffer;
  sawFinal = false;
  readonly #limit: number;
  readonly #isCareless: boolean;

  constructor(window: Buffer, limit: number, isCareless: boolean) {
    this.window = window;
    this.#limit = limit;
    this.#isCareless = isCareless;
  }

  message(data: Buffer): Buffer {
    let rest = Buffer.concat([data, Buffer.from([0, 0, 255, 255])]);
    const parts: Buffer[] = [];
    while (rest.length > 0) {
      const { output, used, final } = this.#stream(rest, this.#limit);
      parts.push(output);
      this.window = Buffer.concat([this.window, output]).subarray(-32_768);
      rest = rest.subarray(used);
      if (!final) break;
      this.sawFinal = true;
    }
    return Buffer.concat(parts);
  }

  #stream(data: Buffer, limit: number): { output: Buffer; used: number; final: boolean } {
    const dictionary = this.window.length > 0 ? { dictionary: this.window } : {};
    try {
      const options = { ...dictionary, finishFlush: 2, maxOutputLength: limit + 1, info: true } as const;
      const { buffer, engine } = inflateRawSync(data, options) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      const used = engine.bytesWritten;
      const isCareless = this.#isCareless || buffer.length > LIMIT;
      const final = used < data.length || (!isCareless && isFinal(data, dictionary));
      // What zlib cannot tell: that nothing is missing. One byte more must be read as the begin of a block.
      if (!(final || isCareless || isWhole(data, dictionary, buffer.length))) throw new Failure(1007);
      return { output: buffer, used, final };
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(error instanceof RangeError ? 1009 : 1007, { cause: error });
    }
  }
}

/** Whether the last block has BFINAL: then a byte behind it is left over. */
function isFinal(data: Buffer, dictionary: object): boolean {
  const longer = Buffer.concat([data, Buffer.from([255])]);
  try {
    const { engine } = inflateRawSync(longer, { ...dictionary, finishFlush: 2, info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten < longer.length;
  } catch {
    return false;
  }
}

/** Whether data ends between two blocks: a stored block behind it is read as such. */
function isWhole(data: Buffer, dictionary: object, length: number): boolean {
  const probe = Buffer.from([1, 1, 0, 254, 255, 33]);
  try {
    const output = inflateRawSync(Buffer.concat([data, probe]), { ...dictionary, finishFlush: 2 });
    return output.length === length + 1 && output.at(-1) === 33;
  } catch {
    return false;
  }
}
