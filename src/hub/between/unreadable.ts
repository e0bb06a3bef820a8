/**
 * What storage says when it will never be read again as it is: damaged, foreign, or of a version
 * that this one does not know (DUR5). To try again is no use, so nobody is told to.
 */
import { refuse, type Result } from "../../protocol/index.ts";
import { UnknownLayout } from "./migrations.ts";

/** In an error's text, because nothing else of an error survives a call between objects. */
const LAYOUT = "UnknownLayout: ";
/** SQLite's result codes for a file that is not, or no longer, a database of this hub. */
const DAMAGED = /SQLITE_(CORRUPT|NOTADB)|malformed|file is not a database/;

/** The refusal, or undefined where another try may succeed. */
export function unreadable(error: unknown): Result<never> | undefined {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof UnknownLayout) return refuse("storage_unreadable", text);
  const at = text.indexOf(LAYOUT);
  if (at >= 0) return refuse("storage_unreadable", text.slice(at + LAYOUT.length));
  if (!DAMAGED.test(text)) return undefined;
  return refuse("storage_unreadable", "what is stored here is damaged; the owner of the hub must restore it");
}
