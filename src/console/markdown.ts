/**
 * A message's text as nodes, and the only place that makes any of what others wrote. marked reads
 * the Markdown, and each of its tokens becomes one of the few elements below: no HTML is ever
 * written or parsed, so there is none to sanitise, and the page's Content-Security-Policy forbids
 * it altogether (`trusted-types 'none'`). What is not understood is shown as it was written.
 */
import { Lexer, type MarkedOptions, type MarkedToken, type Token, Tokenizer, type Tokens } from "marked";
import type { AtNames } from "../protocol/mention.ts";
import { isTooMuch } from "./markdown-cost.ts";
import { meantBy, type Mentionable } from "./people.ts";

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
export function renderMarkdown(
  text: string,
  mentionable?: Mentionable,
  mentions?: readonly string[],
): DocumentFragment {
  const fragment = document.createDocumentFragment();
  fragment.append(...(isTooMuch(text) ? [element("pre", [text])] : nodesOf(text, { mentionable, mentions, depth: 0 })));
  return fragment;
}

function nodesOf(text: string, context: Context): readonly Child[] {
  try {
    return draw(new Lexer(reading(context.mentionable?.named)).lex(text), context);
  } catch {
    // Too deep for marked's recursion: shown as it was written.
    return [element("pre", [text])];
  }
}

interface Context {
  readonly mentionable: Mentionable | undefined;
  readonly mentions: readonly string[] | undefined;
  readonly depth: number;
}

function draw(tokens: readonly Token[] | undefined, { depth, ...rest }: Context): Child[] {
  const deeper = { ...rest, depth: depth + 1 };
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
  mention: drawMention,
  html: asWritten,
  def: asWritten,
  list_item: asWritten,
};

function drawMention({ raw, name }: MentionToken, { mentionable, mentions }: Context): Child {
  const meant = mentionable === undefined ? undefined : meantBy(name, mentionable, mentions);
  return meant === undefined ? raw : element("span", [raw], meant === "mine" ? "mention mine" : "mention");
}

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

/** GitHub's Markdown, and `@Name` as the hub reads it (LIS4). */
function reading(named: AtNames | undefined): MarkedOptions {
  const options = { gfm: true, breaks: true, tokenizer: new Tokenizer() };
  if (named === undefined) return options;
  const tokenize = (source: string): MentionToken | undefined => {
    if (!source.startsWith("@")) return undefined;
    const name = named.longestIn(source.slice(1, NAME_UNITS));
    return name === undefined ? undefined : { type: "mention", raw: source.slice(0, name.length + 1), name };
  };
  return {
    ...options,
    extensions: { inline: [tokenize], startInline: [startOfMention], childTokens: {}, renderers: {} },
  };
}

/** UTF-16 units of a name or key at most, with its `@` and enough to see where it ends. */
const NAME_UNITS = 132;

/** Where the next mention may begin: at an `@` that follows no letter, digit or `_`. */
function startOfMention(source: string): number | undefined {
  for (let at = source.indexOf("@", 1); at > 0; at = source.indexOf("@", at + 1))
    if (!/[\p{L}\p{N}_]$/u.test(source.slice(Math.max(0, at - 2), at))) return at;
  return undefined;
}
