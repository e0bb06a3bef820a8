/** The defences of what a hub has: memory, time, rows, places, and what an answer may carry. */
import { type Defence, taken } from "./defence.ts";

export const RESOURCE_DEFENCES: readonly Defence[] = [
  taken("T40", "the room that an answer needs", "test/e2e/simple-reader.test.ts", [
    "pacing.ts",
    "if (!isLater && this.hasRoom(connection, page.bytes)) return givePage(connection, page);",
    "if (page.bytes > 0) return givePage(connection, page);",
  ]),
  taken("T40", "the count of replies", "test/unit/reader.test.ts", [
    "sockets/reader.ts",
    "this.#replied += bytes + FRAME_BYTES;",
    "",
  ]),
  taken("T41", "the bound of what is told of unresolved names", "test/unit/mentions.test.ts", [
    "channel/mentions.ts",
    "candidates: carriers.slice(0, CANDIDATES_MAX) }",
    "candidates: carriers }",
  ]),
  taken("T41", "one word for everyone", "test/unit/mentions.test.ts", [
    "channel/mentions.ts",
    "keys.size > MENTIONS_MAX ? [EVERYONE] : [...keys]",
    "[...keys]",
  ]),
  taken("T42", "the bound of what emphasis costs", "test/unit/markdown-cost.test.ts", [
    "markdown-cost.ts",
    "return text.length > MARKDOWN_LENGTH || emphasisCost(text) > EMPHASIS_COST;",
    "return text.length > MARKDOWN_LENGTH;",
  ]),
  taken("T43", "the bound of a page of summaries", "test/hub/index.test.ts", [
    "list-page.ts",
    "asked > ASKED_MAX || (page.length > 0 && bytes > LIST_BYTES)",
    "asked > ASKED_MAX",
  ]),
  taken("T43", "the bound of a summary's participants", "test/unit/summary.test.ts", [
    "summary.ts",
    "summary.participants.slice(0, SUMMARY_PARTICIPANTS)",
    "summary.participants",
  ]),
  taken("T44", "the count of joins and leaves by hub key", "test/unit/churn.test.ts", [
    "churn.ts",
    "if (kid === undefined || admin === true) return undefined;",
    "if (now > 0) return undefined;",
  ]),
  taken("T44", "the rate of a hub key", "test/unit/churn.test.ts", [
    "rates.ts",
    "shared: admin === true ? undefined : kid };",
    "shared: admin === true ? kid : undefined };",
  ]),
  taken("T37", "the room of its own for acts of admins", "test/hub/shares.test.ts", [
    "hub-index.ts",
    "this.#audit.add(entry, isAdmin);",
    "this.#audit.add(entry, isAdmin || entry.at.length > 0);",
  ]),
  taken("T38", "the share of a hub key in each minute's creates", "test/hub/shares.test.ts", [
    "create-quotas.ts",
    "?? share ?? this.#all",
    "?? this.#all",
  ]),
  taken("T38", "the channels that are kept for admins", "test/hub/shares.test.ts", [
    "create-quotas.ts",
    "all - Math.floor(all / KEPT_FOR_ADMINS)",
    "all",
  ]),
  taken("T44", "the count of waiting listens by hub key", "test/hub/shares.test.ts", [
    "channel-object/listeners.ts",
    "if (kin.length >= AGENTS_PER_HUB_KEY) this.#answerOldest(kin);",
    "",
  ]),
  taken("T45", "the bound of leavers that are remembered", "test/unit/churn.test.ts", [
    "channel/identity.ts",
    "if (left > LEAVERS_MAX) forgetOldest(state, left - LEAVERS_MAX, now);",
    "",
  ]),
  taken("T47", "the end of a turn's work", "test/hub/listen-crowd.test.ts", [
    "channel-object/listeners.ts",
    "if (answers >= TURN_ANSWERS || pages.size >= TURN_PAGES || bytes >= TURN_BYTES) break;",
    "",
  ]),
  taken("T44", "the places that are kept for admins", "test/unit/churn.test.ts", [
    "channel/join.ts",
    "most - Math.floor(most / KEPT)",
    "most",
  ]),
  taken("T44", "a hub key's share of the sockets", "test/e2e/places.test.ts", [
    "places.ts",
    "return own < share ? undefined : tooManyOfHubKey(share);",
    "return own < most ? undefined : tooManyOfHubKey(share);",
  ]),
  taken("T44", "the bound of a watch link's sockets", "test/e2e/places.test.ts", [
    "places.ts",
    "if (via === undefined || others",
    "if (via === undefined || via.length > 0 || others",
  ]),
  taken("T40", "the account within a turn", "test/e2e/budgets.test.ts", [
    "pacing.ts",
    "isOver(connection, bytes + replied, messages) || !this.#turn.fits(connection, more);",
    "isOver(connection, bytes + replied, messages);",
  ]),
  taken("T40", "first frames that shrink", "test/e2e/budgets.test.ts", [
    "sockets/connect.ts",
    "whole.ok && !pacing.canGreet(holderOf(asked), whole.value) ?",
    "!whole.ok ?",
  ]),
  taken("T40", "the count of what was unread at a close", "test/e2e/budgets.test.ts", [
    "leftovers.ts",
    "if (now - left.at < BACKLOG_MS) yield left;",
    "if (now < left.at) yield left;",
  ]),
  taken("T40", "the reset where too much was left unread", "test/unit/leftovers.test.ts", [
    "leftovers.ts",
    "if (sum(this.#unsure) > UNSURE_BYTES)",
    "if (now < 0)",
  ]),
  taken("T44", "whose memory goes first", "test/unit/memories.test.ts", [
    "memories.ts",
    "own.find(([, { isRegular }]) => !isRegular) ?? own[0]",
    "[...this.#agents][0]",
  ]),
  taken("T40", "the look for room before a page is read", "test/e2e/budgets.test.ts", [
    "pacing.ts",
    "this.#read(isLater ? { ...asked, limit: 1 } : asked);",
    "this.#read(asked);",
  ]),
];
