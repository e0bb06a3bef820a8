/** Lint rules of this house, beside those that the linter brings. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A name that is written out, as where a union is told apart, comes from nobody. */
const isWrittenOut = ({ type, value }) =>
  type === "PrivateIdentifier" || (type === "Literal" && typeof value === "string");

/**
 * Own keys only. `name in record` is true of `constructor` and `__proto__` too, so a name that comes
 * from outside must meet `Object.hasOwn`.
 */
const ownKeys = {
  create: (context) => ({
    BinaryExpression(node) {
      if (node.operator !== "in" || isWrittenOut(node.left)) return;
      context.report({ node, message: "Own keys only: use Object.hasOwn(record, name)." });
    },
  }),
};

/** Folders that were asked for, and the rooms they are in. */
const rooms = new Map();

/** A room is a folder that the compiler knows as one: it has a tsconfig.json. */
function roomOf(folder) {
  const known = rooms.get(folder);
  if (known !== undefined) return known;
  const room = existsSync(join(folder, "tsconfig.json")) ? folder : roomOf(dirname(folder));
  rooms.set(folder, room);
  return room;
}

/**
 * What a file needs of its own room, file by file, and which other rooms it needs: at most `max` together.
 * `roots` names the few whose work is to put a whole together, each with that work.
 */
const localImports = {
  meta: { schema: false },
  create(context) {
    const [{ max, roots }] = context.options;
    if (Object.hasOwn(roots, basename(context.filename))) return {};
    const folder = dirname(context.filename);
    const needed = new Set();
    return {
      ImportDeclaration({ source: { value } }) {
        if (!value.startsWith(".")) return;
        const file = join(folder, value);
        const room = roomOf(dirname(file));
        needed.add(room === roomOf(folder) ? file : room);
      },
      "Program:exit"(node) {
        if (needed.size <= max) return;
        const message = `This file needs ${needed.size} others, of ${max} it may: it does more than one thing.`;
        context.report({ node, message });
      },
    };
  },
};

export default { meta: { name: "house" }, rules: { "own-keys": ownKeys, "local-imports": localImports } };
