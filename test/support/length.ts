/**
 * How long the rigs run: in `npm test` as long as shows that they work, with `npm run test:long`
 * (test/long) as long as a promise is worth. Both have the same tests.
 */

/** Set where the long forms run. */
export const LONG = "CHANNEL_HUB_LONG_TESTS";

export function lengthOf<T>({ short, long }: { readonly short: T; readonly long: T }): T {
  return process.env[LONG] === undefined ? short : long;
}
