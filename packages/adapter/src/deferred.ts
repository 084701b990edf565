/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise: Promise<T> = new Promise((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // A rejection that is not awaited must not end the process; `end` has reported it.
    this.promise.catch(() => undefined);
  }
}
