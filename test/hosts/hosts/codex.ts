/** Codex: a Node script that starts the native binary of a package beside it. */
import type { Host } from "./host.ts";

export const codex: Host = {
  name: "codex",
  package: { name: "@openai/codex", version: "0.171.0", programs: [".bin/codex"] },
  settings: ({ project, model }) => ({
    ".codex/config.toml": `model = "scripted"
model_provider = "scripted"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.scripted]
name = "scripted"
base_url = "${model}"
wire_api = "responses"
requires_openai_auth = false

[projects.${JSON.stringify(project)}]
trust_level = "trusted"
`,
  }),
  env: () => ({}),
  headless: (prompt) => ["exec", "--skip-git-repo-check", "--json", prompt],
  interactive: [],
  ready: "Ask Codex",
  leave: ["/quit"],
  stop: ["app-server", "daemon", "stop"],
};
