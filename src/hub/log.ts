/** The hub's log: one JSON line an event, with routes, codes and ids; never a header, query, name or text. */

type Fields = Readonly<Record<string, string | number | boolean>>;

/** A fault of the hub or its platform. The cause goes here and nowhere else. */
export function logFault(event: string, fields: Fields, cause: unknown): void {
  const described = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  console.error(JSON.stringify({ event, ...fields, cause: described }));
}
