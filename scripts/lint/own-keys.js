/**
 * A lint rule of this house: own keys only. `name in record` is true of `constructor` and
 * `__proto__` too, so a name that comes from outside must meet `Object.hasOwn`. A name that is
 * written out, as where a union is told apart, comes from nobody.
 */
const isWrittenOut = ({ type, value }) =>
  type === "PrivateIdentifier" || (type === "Literal" && typeof value === "string");

const rule = {
  create: (context) => ({
    BinaryExpression(node) {
      if (node.operator !== "in" || isWrittenOut(node.left)) return;
      context.report({ node, message: "Own keys only: use Object.hasOwn(record, name)." });
    },
  }),
};

export default { meta: { name: "house" }, rules: { "own-keys": rule } };
