/** Claude Code: a native binary; the package's own command is a placeholder until its script ran. */
import type { Host } from "./host.ts";

const KEY = "dummy-key-of-the-rig";

export const claude: Host = {
  name: "claude",
  package: {
    name: "@anthropic-ai/claude-code",
    version: "2.1.197",
    programs: ["", "-musl"].map(
      (libc) => `@anthropic-ai/claude-code-${process.platform}-${process.arch}${libc}/claude`,
    ),
  },
  settings: ({ project }) => ({
    ".claude.json": JSON.stringify({
      hasCompletedOnboarding: true,
      theme: "dark",
      customApiKeyResponses: { approved: [KEY], rejected: [] },
      projects: { [project]: { hasTrustDialogAccepted: true } },
    }),
  }),
  env: (model) => ({
    ANTHROPIC_BASE_URL: model,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    // It waits for its servers before the first turn, however slow the machine.
    MCP_CONNECTION_NONBLOCKING: "0",
  }),
  headless: (prompt) => ["-p", prompt, "--output-format", "json"],
  interactive: [],
  ready: "? for shortcuts",
  leave: ["/exit"],
};
