/** The page's beginning: draws it, follows the address, obeys the keys. */
import { render } from "preact";
import { start } from "./app.ts";
import { Page } from "./components/page.tsx";
import { obeyKeys } from "./keys.ts";

const root = document.getElementById("page");
if (root === null) throw new Error("index.html must hold #page");
render(<Page />, root);
obeyKeys();
void start();
