/** What both formats of settings have in common: what an edit gives, and how a text is told where it is wrong. */
import type { Json, Put } from "../hosts/host.ts";

/** A place in a text that cannot be edited, and why. */
export interface Unfit {
  readonly line: number;
  readonly why: string;
}

/** What a put did, as is needed to take it out again. */
export interface Made {
  readonly put: Put;
  /** How many names of its path were there before. */
  readonly existed: number;
  /** What stood in its place. */
  readonly before?: Json;
}

/** `made` is undefined where the text says so already. */
export interface Put1 {
  readonly text: string;
  readonly made: Made | undefined;
}

export type Edited<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly unfit: Unfit };

export function edited<T>(value: T): Edited<T> {
  return { ok: true, value };
}

export function unfit<T>(line: number, why: string): Edited<T> {
  return { ok: false, unfit: { line, why } };
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** What ends the lines of a text; a new one has `\n`. */
export function lineEnd(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path, and how many of its names are there. Own names only. */
export function look(root: unknown, at: readonly string[]): { readonly found: unknown; readonly existed: number } {
  let found = root;
  for (const [existed, name] of at.entries()) {
    if (!isTable(found) || !Object.hasOwn(found, name)) return { found: undefined, existed };
    found = found[name];
  }
  return { found, existed: at.length };
}
