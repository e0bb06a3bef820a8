/**
 * Whether the hub's variables make sense (KEY2). The hub asks before it admits anybody, and its
 * owner's machine asks before a deploy or a start: pure, so that all three say the same.
 */
import { LIMITS, readLimits, type Result } from "../../../protocol/index.ts";
import { readAddress } from "./address.ts";
import { parseKeys } from "../../between/key-list.ts";
import { readOrigins } from "./origins.ts";

/** Variables that are no limits. `HUB_INDEX` is a binding. */
const OTHERS = [
  "HUB_KEY",
  "HUB_KEYS",
  "HUB_ORIGINS",
  "HUB_URL",
  "HUB_REQUIRE_VERIFIED",
  "HUB_DEV",
  "HUB_INDEX",
] as const;
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(LIMITS), ...OTHERS]);

/** What a variable that switches something may be: a misspelt "on" must not pass for off. */
const SWITCH: ReadonlySet<unknown> = new Set([undefined, "", "0", "1"]);

export type Variables = Readonly<Record<string, unknown>>;

/** The first variable that makes no sense: its name, what it may be, and an example. Undefined: all do. */
export function configurationProblem(variables: object): string | undefined {
  const given: Variables = { ...variables };
  return (
    misspelt(given) ??
    senselessLimit(given) ??
    senselessSwitch(given) ??
    senselessText(given, "HUB_ORIGINS", readOrigins) ??
    senselessText(given, "HUB_URL", readAddress) ??
    senselessText(given, "HUB_KEYS", parseKeys)
  );
}

/** A misspelt limit would count as not set, and a misspelt switch would leave a door open. */
function misspelt(variables: Variables): string | undefined {
  const unknown = Object.keys(variables).find((name) => name.startsWith("HUB_") && !KNOWN.has(name));
  if (unknown === undefined) return undefined;
  const names = [...KNOWN].filter((name) => name !== "HUB_INDEX" && name !== "HUB_DEV").join(", ");
  return `${unknown} is not a variable of this hub; remove it, or correct its name. The variables are ${names}`;
}

function senselessLimit(variables: Variables): string | undefined {
  try {
    readLimits(variables);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "a limit is malformed";
  }
}

function senselessSwitch({ HUB_REQUIRE_VERIFIED }: Variables): string | undefined {
  return SWITCH.has(HUB_REQUIRE_VERIFIED) ? undefined : "HUB_REQUIRE_VERIFIED must be 1 or 0";
}

function senselessText(
  variables: Variables,
  name: string,
  read: (text: string) => Result<unknown>,
): string | undefined {
  const text = variables[name] ?? "";
  if (typeof text !== "string") return `${name} must be text`;
  const value = read(text);
  return value.ok ? undefined : value.refusal.error;
}
