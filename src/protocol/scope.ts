/** What a hub key allows, each the ones before it too (KEY1). */
export const SCOPES = ["read", "agent", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Whether a scope allows what needs `needed`. */
export function isWithin(needed: Scope, given: Scope): boolean {
  return SCOPES.indexOf(given) >= SCOPES.indexOf(needed);
}
