/**
 * Which package this hub hands out as `/channel-hub.tgz`: a static file, served without the Worker,
 * that `scripts/build-package.ts` makes beside a description of it. The Worker only tells of it.
 */
import type { Env } from "../between/env.ts";

// {"version":"0.1.0","build":"d38a0f993407","sha256":"…64 digits"}
export interface Package {
  /** Changes with any file in it; the package knows its own. */
  readonly build: string;
  /** Of the tarball. */
  readonly sha256: string;
}

const DESCRIPTION = "https://assets/channel-hub.json";

/** Asked for once; an isolate never outlives its deployment. */
let known: Promise<Package | undefined> | undefined;

/** Undefined where the Worker runs without static files. */
export function packageOf({ ASSETS }: Env): Promise<Package | undefined> {
  if (ASSETS === undefined) return Promise.resolve(undefined);
  known ??= read(ASSETS).catch((error: unknown) => {
    known = undefined;
    throw error;
  });
  return known;
}

async function read(assets: Fetcher): Promise<Package | undefined> {
  const answer = await assets.fetch(DESCRIPTION);
  if (!answer.ok) return undefined;
  const { build, sha256 } = await answer.json<Package>();
  return { build, sha256 };
}
