/** `npm run test:long`: the tests that have a long form, in that form. `.ci/run` runs them beside `npm test`. */
import { LONG } from "../support/length.ts";

process.env[LONG] = "1";
const { default: config } = await import("../../vitest.config.ts");
export default config;
