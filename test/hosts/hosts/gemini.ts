/** Gemini CLI: plain Node. The key is its way in; an address alone is a way that its settings do not know. */
import type { Host } from "./host.ts";

/** A named one: without it a model is asked first which model to ask. */
const MODEL = ["-m", "gemini-2.5-pro"];

export const gemini: Host = {
  name: "gemini",
  package: { name: "@google/gemini-cli", version: "0.61.0", programs: [".bin/gemini"] },
  settings: ({ project }) => ({
    ".gemini/settings.json": JSON.stringify({
      security: { auth: { selectedType: "gemini-api-key" } },
      privacy: { usageStatisticsEnabled: false },
      telemetry: { enabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    }),
    ".gemini/trustedFolders.json": JSON.stringify({ [project]: "TRUST_FOLDER" }),
  }),
  env: (model) => ({ GOOGLE_GEMINI_BASE_URL: model, GEMINI_API_KEY: "dummy" }),
  headless: (prompt) => ["-p", prompt, ...MODEL, "-o", "json"],
  interactive: MODEL,
  acp: ["--acp", ...MODEL],
  ready: "Type your message",
  // While its hook waits it takes no command.
  leave: [],
};
