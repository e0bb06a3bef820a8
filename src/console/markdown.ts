/**
 * A message's text as nodes, and the only place that makes any of what others wrote. marked reads
 * the Markdown, and each of its tokens becomes one of the few elements below: no HTML is ever
 * written or parsed, so there is none to sanitise, and the page's Content-Security-Policy forbids
 * it altogether (`trusted-types 'none'`). What is not understood is shown as it was written.
 */
import { Lexer, type MarkedOptions, type MarkedToken, type Token, Tokenizer, type Tokens } from "marked";
import type { Mentionable } from "./people.ts";

/** Longer texts are shown as they are: Markdown of this size is data, and slow to parse. */
export const MARKDOWN_LENGTH = 16_384;
/** Lists and quotes deeper than this are shown as they were written. */
const DEPTH = 8;

interface MentionToken {
  readonly type: "mention";
  readonly raw: string;
  readonly name: string;
}
type Known = MarkedToken | MentionToken;

type Inline = "br" | "strong" | "em" | "del" | "code" | "a" | "span";
type Tables = "table" | "thead" | "tbody" | "tr" | "th" | "td";
type Tag = Inline | Tables | "p" | "hr" | "pre" | "blockquote" | "ul" | "ol" | "li";

type Child = Node | string;

/** Elements without script, style, image or any link but to the web and to mail. */
export function renderMarkdown(text: string, mentionable: Mentionable): DocumentFragment {
  const fragment = document.createDocumentFragment();
  fragment.append(...(text.length > MARKDOWN_LENGTH ? [element("pre", [text])] : nodesOf(text, mentionable)));
  return fragment;
}

function nodesOf(text: string, mentionable: Mentionable): readonly Child[] {
  try {
    return draw(new Lexer(reading(mentionable.names)).lex(text), { mentionable, depth: 0 });
  } catch {
    // Too deep for marked's recursion: shown as it was written.
    return [element("pre", [text])];
  }
}

interface Context {
  readonly mentionable: Mentionable;
  readonly depth: number;
}

function draw(tokens: readonly Token[] | undefined, { mentionable, depth }: Context): Child[] {
  const deeper = { mentionable, depth: depth + 1 };
  return (tokens ?? []).map((token) => (depth > DEPTH ? token.raw : drawToken(token as Known, deeper)));
}

function drawToken<T extends Known["type"]>(token: Extract<Known, { type: T }>, context: Context): Child {
  const drawer = DRAWERS[token.type] as Drawer<T> | undefined;
  // A kind of token that is not known here is shown as it was written.
  return drawer === undefined ? token.raw : drawer(token, context);
}

type Drawer<T extends Known["type"]> = (token: Extract<Known, { type: T }>, context: Context) => Child;

function asWritten({ raw }: { readonly raw: string }): string {
  return raw;
}

function wrapped(tag: Tag, name?: string) {
  return ({ tokens }: { readonly tokens: readonly Token[] }, context: Context): Child =>
    element(tag, draw(tokens, context), name);
}

const DRAWERS: { readonly [T in Known["type"]]: Drawer<T> } = {
  space: () => "",
  br: () => element("br", []),
  hr: () => element("hr", []),
  strong: wrapped("strong"),
  em: wrapped("em"),
  del: wrapped("del"),
  blockquote: wrapped("blockquote"),
  paragraph: wrapped("p"),
  heading: wrapped("p", "heading"),
  code: ({ text }) => element("pre", [element("code", [text])]),
  codespan: ({ text }) => element("code", [text]),
  list: drawList,
  table: drawTable,
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  escape: ({ text }) => text,
  text: drawText,
  link: (token, context) => drawLink(token, draw(token.tokens, context)),
  // An image would tell its server who reads: its address is a link like others.
  image: (token) => drawLink(token, [token.text === "" ? token.href : token.text]),
  mention: ({ raw, name }, { mentionable }) =>
    element("span", [raw], mentionable.mine.has(name) ? "mention mine" : "mention"),
  html: asWritten,
  def: asWritten,
  list_item: asWritten,
};

function drawText(token: Tokens.Text | Tokens.Tag, context: Context): Child {
  if (!("tokens" in token) || token.tokens === undefined) return plain(token.text);
  const span = document.createDocumentFragment();
  span.append(...draw(token.tokens, context));
  return span;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

function plain(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}

function drawList(list: Tokens.List, context: Context): HTMLElement {
  const items = list.items.map((item) => element("li", draw(item.tokens, context)));
  const drawn = element(list.ordered ? "ol" : "ul", items);
  if (list.ordered && list.start !== 1) drawn.setAttribute("start", String(list.start));
  return drawn;
}

function drawTable({ header, rows }: Tokens.Table, context: Context): HTMLElement {
  const row = (cells: readonly Tokens.TableCell[], tag: "th" | "td"): HTMLElement =>
    element(
      "tr",
      cells.map((cell) => element(tag, draw(cell.tokens, context))),
    );
  const body = element(
    "tbody",
    rows.map((cells) => row(cells, "td")),
  );
  return element("table", [element("thead", [row(header, "th")]), body]);
}

function drawLink({ href, raw }: Tokens.Link | Tokens.Image, children: readonly Child[]): Child {
  if (!/^(?:https?:\/\/|mailto:)/i.test(href)) return raw;
  const link = element("a", children);
  link.setAttribute("href", href);
  // Where it leads, whatever its text says.
  link.setAttribute("title", href);
  link.setAttribute("rel", "noopener noreferrer nofollow");
  link.setAttribute("target", "_blank");
  return link;
}

function element(tag: Tag, children: readonly Child[], name?: string): HTMLElement {
  const made = document.createElement(tag);
  if (name !== undefined) made.className = name;
  made.append(...children);
  return made;
}

/** GitHub's Markdown, and `@Name` of somebody known as the hub reads it (LIS4): the longest name that follows wins. */
function reading(names: readonly string[]): MarkedOptions {
  const tokenize = (source: string): MentionToken | undefined => {
    if (!source.startsWith("@")) return undefined;
    const name = nameAt(source, names);
    return name === undefined ? undefined : { type: "mention", raw: source.slice(0, name.length + 1), name };
  };
  const extensions = { inline: [tokenize], startInline: [startOfMention], childTokens: {}, renderers: {} };
  return { gfm: true, breaks: true, tokenizer: new Tokenizer(), extensions };
}

/** Where the next mention may begin: at an `@` that follows no letter, digit or `_`. */
function startOfMention(source: string): number | undefined {
  const at = source.search(/[^\p{L}\p{N}_]@/u);
  return at < 0 ? undefined : at + 1;
}

/** UTF-16 units of a name or key at most, and one more to see where it ends. */
const NAME_UNITS = 129;

function nameAt(source: string, names: readonly string[]): string | undefined {
  const following = source.slice(1, 1 + NAME_UNITS).toLowerCase();
  return names.find((name) => following.startsWith(name) && !/^[\p{L}\p{N}_-]/u.test(following.slice(name.length)));
}
