/**
 * A person at the hub's own page in a browser: signs in, opens the channel, writes and reads there.
 * What was said is counted as the hub tells it; what they see, by what the page shows.
 */
import type { Browser, Page } from "playwright-core";
import { openJoined, signIn, visit } from "../browser/support/person.ts";
import { type Founded, Person } from "./person.ts";

/** An answer that is heard is on the page by then; only guards against hanging. */
const SHOWN_MS = 60_000;
const NAME = "Robin";

export class PagePerson extends Person {
  readonly #page: Page;

  private constructor(founded: Founded, page: Page) {
    super(founded);
    this.#page = page;
  }

  /** Makes a channel of that name, and joins it on the page. */
  static async at(browser: Browser, url: string, name: string): Promise<PagePerson> {
    const founded = await Person.found(url, name);
    const visitor = await visit(browser, url);
    await signIn(visitor, NAME);
    await openJoined(visitor, founded.channel);
    return new PagePerson(founded, visitor.page);
  }

  override async ask(text: string, name: string): Promise<number> {
    const field = this.#page.getByRole("textbox", { name: /^Message / });
    await field.fill(`@${name} ${text}`);
    const at = performance.now();
    await field.press("Enter");
    return at;
  }

  override async sees(id: string): Promise<boolean> {
    const answer = this.#page.getByRole("log").getByText(`answer ${id} is yes`).first();
    return await answer.waitFor({ state: "attached", timeout: SHOWN_MS }).then(
      () => true,
      () => false,
    );
  }

  override async leave(): Promise<void> {
    await super.leave();
    await this.#page.context().close();
  }
}
