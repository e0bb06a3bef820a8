/** Where nothing is set up any more, nothing of setup is left: builds, desks and the folders they were in. */
import { dirname } from "node:path";
import type { Place } from "../hosts/host.ts";
import type { Prepared } from "../session.ts";
import { forgetDesks } from "../wake/desk.ts";
import { forgetBuilds } from "./copy.ts";
import { removeFolders } from "./file.ts";

export function clear({ file, world }: Prepared, place: Place, isLast: boolean): void {
  removeFolders([dirname(file.folder), file.folder]);
  if (!isLast) return;
  forgetBuilds(place);
  const desks = dirname(forgetDesks(world.env));
  removeFolders([dirname(desks), desks]);
}
