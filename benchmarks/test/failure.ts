/** Returns the error with which a promise rejects, as text. */
export const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no error', String);
