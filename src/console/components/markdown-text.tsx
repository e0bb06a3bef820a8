/** A message's text as Markdown, with a button on each block of code that copies it. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { copy } from "../app.ts";
import { sizeOf } from "../format.ts";
import { renderMarkdown } from "../markdown.ts";
import { showText } from "../../protocol/visible.ts";
import type { Mentionable } from "../people.ts";

/** Texts over this many characters or lines are cut until somebody asks for the rest. */
const CLAMP_LENGTH = 3000;
const CLAMP_LINES = 40;

interface Props {
  readonly text: string;
  readonly mentionable: Mentionable;
  /** Whom the hub found named; undefined before it has stored the text. */
  readonly mentions?: readonly string[];
}

export function MarkdownText({ text, mentions, ...props }: Props): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : clamp(text);
  // Most texts mention nobody, and need not change when somebody comes or goes.
  const mentionable = text.includes("@") && mentions?.length !== 0 ? props.mentionable : undefined;
  useLayoutEffect(() => {
    const rendered = renderMarkdown(showText(shown), mentionable, mentions);
    for (const block of rendered.querySelectorAll("pre")) addCopyButton(block);
    element.current?.replaceChildren(rendered);
  }, [shown, mentionable, mentions]);
  return (
    <>
      <div class="text" dir="auto" ref={element} />
      {shown === text ? null : (
        <button type="button" class="link-button" onClick={() => setWhole(true)}>
          Show all ({sizeOf(text)})
        </button>
      )}
    </>
  );
}

function clamp(text: string): string {
  const short = text.slice(0, CLAMP_LENGTH);
  const lines = short.split("\n");
  const cut = lines.length > CLAMP_LINES ? lines.slice(0, CLAMP_LINES).join("\n") : short;
  if (cut.length === text.length) return text;
  return `${cut.toWellFormed()}…`;
}

function addCopyButton(block: HTMLPreElement): void {
  const code = block.textContent ?? "";
  const frame = document.createElement("div");
  frame.className = "code";
  // A region that scrolls must be reachable by keyboard.
  block.tabIndex = 0;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy-code";
  button.textContent = "Copy";
  button.addEventListener("click", () => void copy(code, "Code"));
  block.replaceWith(frame);
  frame.append(block, button);
}
