/** Which texts are shown as they are, because to read them as Markdown would hold up the page. Pure. */

/** Markdown of this size is data, and slow to parse. */
export const MARKDOWN_LENGTH = 16_384;

/** What marks of emphasis may cost in all: each is looked for to the end of its paragraph. */
const EMPHASIS_COST = 1_500_000;

export function isTooMuch(text: string): boolean {
  return text.length > MARKDOWN_LENGTH || emphasisCost(text) > EMPHASIS_COST;
}

function emphasisCost(text: string): number {
  let cost = 0;
  for (const paragraph of text.split(PARAGRAPH_ENDS)) {
    const marks = paragraph.match(/\*+|_+|~+/g)?.length ?? 0;
    cost += marks * paragraph.length;
  }
  return cost;
}

/** An empty line; or one that starts a list's item, a quote or a heading. */
const PARAGRAPH_ENDS = /\n(?=[ \t]*(?:\n|(?:[-*+>#]|\d{1,9}[.)])[ \t]))/;
