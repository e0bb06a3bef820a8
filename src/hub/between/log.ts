/**
 * The hub's log: one JSON line an event, whatever stands in it. Only routes as they are written in
 * the code, codes, ids that the hub itself gave out, and agent keys, which are public and of a form
 * that no line can be forged with: never a header, query, body, name or text, because logs are kept
 * longer and read by more people than channels.
 */

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A fault of the hub or its platform. The cause goes here and nowhere else. */
export function logFault(event: string, fields: Fields, cause: unknown): void {
  const described = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  console.error(JSON.stringify({ level: "error", event, time: new Date().toISOString(), ...fields, cause: described }));
}

/** Something that happened. What is undefined is left out. */
export function logEvent(event: string, fields: Fields): void {
  console.log(JSON.stringify({ level: "info", event, time: new Date().toISOString(), ...fields }));
}
