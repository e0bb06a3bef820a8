/** OpenCode: a native binary; the package's own command is a placeholder until its script ran. */
import type { Host } from "./host.ts";

export const openCode: Host = {
  name: "opencode",
  package: {
    name: "opencode-ai",
    version: "1.18.33",
    programs: ["", "-musl", "-baseline", "-baseline-musl"].map(
      (build) => `opencode-${process.platform}-${process.arch}${build}/bin/opencode`,
    ),
  },
  settings: ({ model }) => ({
    ".config/opencode/opencode.json": JSON.stringify({
      $schema: "https://opencode.ai/config.json",
      autoupdate: false,
      share: "disabled",
      model: "scripted/scripted",
      small_model: "scripted/scripted",
      provider: {
        scripted: {
          npm: "@ai-sdk/openai-compatible",
          options: { baseURL: model, apiKey: "dummy" },
          models: { scripted: { name: "scripted", tool_call: true } },
        },
      },
    }),
  }),
  env: () => ({ OPENCODE_DISABLE_MODELS_FETCH: "1", OPENCODE_DISABLE_AUTOUPDATE: "1" }),
  headless: (prompt) => ["run", "--format", "json", prompt],
  interactive: [],
  acp: ["acp"],
  ready: "ctrl+p commands",
  leave: ["/exit"],
};
