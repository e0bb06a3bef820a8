/** Where the page came from, which is its hub: a proxy may serve both under a path of its own. */

/** Without a slash at the end: `https://hub.example`, or `https://team.example/hub`. */
export const HUB_URL: string = hubUrl(location.href);

export function hubUrl(page: string): string {
  return new URL(".", page).href.replace(/\/$/, "");
}
