// Loaded before a program that is fuzzed: makes its sources count how often each branch is taken (coverage.ts).
//
// Jazzer.js would do this with libFuzzer, but its prebuilt addon needs glibc 2.38, and Debian 12 has an older one.
import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import blankTypes from 'ts-blank-space';
import ts from 'typescript';

/** The sources to instrument: those whose path contains one of these parts. */
const PARTS = (process.env.SOCKLESS_INSTRUMENT ?? '').split(',').filter(Boolean);

/** @type {import('node:module').LoadHook} */
export function load(url, context, next) {
  if (!(url.startsWith('file:') && PARTS.some((part) => url.includes(part)) && /\.m?[jt]s$/.test(url))) {
    return next(url, context);
  }
  const source = readFileSync(fileURLToPath(url), 'utf8');
  return {
    format: 'module',
    source: instrument(url.endsWith('.ts') ? blankTypes(source) : source),
    shortCircuit: true,
  };
}

// Module hooks run in a thread of their own, which loads this file again.
if (isMainThread && PARTS.length > 0) register(import.meta.url);

/**
 * Returns a module that counts branches and registers the words that occur in it. All lines stay in place.
 * @param {string} code of a module
 */
export function instrument(code) {
  /** @type {{ at: number, text: string, closes: boolean, size: number }[]} */
  const insertions = [];
  /** @type {Set<string>} */
  const literals = new Set();
  let count = 0;
  const tree = ts.createSourceFile('module.js', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);

  const step = () => `$c[${count++}]++`;
  const sizeOf = (/** @type {ts.Node} */ node) => 2 * (node.getEnd() - node.getStart());
  /** @type {(node: ts.Node, before: string, after: string) => void} */
  const wrap = (node, before, after) => {
    const [start, end] = [node.getStart(), node.getEnd()];
    insertions.push({ at: start, text: before, closes: false, size: sizeOf(node) });
    insertions.push({ at: end, text: after, closes: true, size: sizeOf(node) });
  };
  const value = (/** @type {ts.Node} */ node) => wrap(node, `(${step()},`, ')');
  const body = (/** @type {ts.Node} */ node) => {
    if (!ts.isBlock(node)) wrap(node, `{${step()};`, '}');
    else insertions.push({ at: node.getStart() + 1, text: `${step()};`, closes: false, size: 0 });
  };

  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isStringLiteralLike(node) && /^\S{2,32}$/.test(node.text)) literals.add(node.text);
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const inner = /** @type {ts.Node} */ (node.body);
      if (ts.isBlock(inner)) body(inner);
      else value(inner);
    } else if (ts.isIfStatement(node)) {
      body(node.thenStatement);
      if (node.elseStatement !== undefined) body(node.elseStatement);
      else insertions.push({ at: node.getEnd(), text: ` else {${step()}}`, closes: true, size: sizeOf(node) - 1 });
    } else if (ts.isIterationStatement(node, false)) {
      body(node.statement);
    } else if (ts.isConditionalExpression(node)) {
      value(node.whenTrue);
      value(node.whenFalse);
    } else if (ts.isBinaryExpression(node) && SHORT_CIRCUITS.includes(node.operatorToken.kind)) {
      value(node.right);
    } else if (ts.isCaseOrDefaultClause(node) && node.statements[0] !== undefined) {
      const colon = node.getChildren().find(({ kind }) => kind === ts.SyntaxKind.ColonToken);
      insertions.push({ at: /** @type {ts.Node} */ (colon).getEnd(), text: `${step()};`, closes: false, size: 0 });
    } else if (ts.isCatchClause(node)) {
      body(node.block);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);

  // At one position, closing text comes before opening text; the inner of several closes first and the outer opens first.
  insertions.sort((a, b) => {
    if (a.at !== b.at) return a.at - b.at;
    if (a.closes !== b.closes) return a.closes ? -1 : 1;
    return a.closes ? a.size - b.size : b.size - a.size;
  });
  let result = `const $c=globalThis.socklessCounters(${count},${JSON.stringify([...literals])});`;
  let from = 0;
  for (const { at, text } of insertions) {
    result += code.slice(from, at) + text;
    from = at;
  }
  return result + code.slice(from);
}

/** @type {ts.SyntaxKind[]} */
const SHORT_CIRCUITS = [
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
];
