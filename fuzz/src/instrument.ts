/** Rewrites a module so that it counts how often each of its branches is taken (coverage.ts). All lines stay in place. */
import { type Node, parse } from 'acorn';

/** A node of the syntax tree, with the children that its type has. */
interface Tree extends Node {
  readonly [key: string]: unknown;
}

interface Insertion {
  readonly at: number;
  readonly text: string;
  readonly closes: boolean;
  /** Orders what is inserted at one position: the larger opens first and closes last. */
  readonly size: number;
}

/**
 * Returns the module with counters, and with the words that occur in it, which the fuzzer puts into inputs.
 *
 * @param path names the module to the counters
 * @param format how it will be compiled; `undefined` if that is not known
 * @throws {SyntaxError} when it is not JavaScript
 */
export function instrument(code: string, path: string, format?: 'module' | 'commonjs'): string {
  const program = parseAs(code, format);
  const insertions: Insertion[] = [];
  const words = new Set<string>();
  let count = 0;

  const step = (): string => `$sockless[${count++}]++`;
  const insert = (at: number, text: string, closes = false, size = Infinity): void => {
    insertions.push({ at, text, closes, size });
  };
  const wrap = ({ start, end }: Tree, before: string, after: string): void => {
    insert(start, before, false, 2 * (end - start));
    insert(end, after, true, 2 * (end - start));
  };
  const value = (node: Tree): void => wrap(node, `(${step()},`, ')');
  const body = (node: Tree): void => {
    if (node.type === 'BlockStatement') insert(behindDirectives(node, node.start + 1), `${step()};`);
    else wrap(node, `{${step()};`, '}');
  };

  const visit = (node: Tree): void => {
    const child = (name: string): Tree | undefined => (isTree(node[name]) ? node[name] : undefined);
    const here = (name: string, count: (node: Tree) => void): void => {
      const found = child(name);
      if (found !== undefined) count(found);
    };
    if (node.type === 'Literal' && typeof node.value === 'string' && /^\S{2,32}$/.test(node.value))
      words.add(node.value);
    else if (/Function/.test(node.type)) here('body', child('body')?.type === 'BlockStatement' ? body : value);
    else if (node.type === 'IfStatement') {
      here('consequent', body);
      if (child('alternate') === undefined)
        insert(node.end, ` else {${step()}}`, true, 2 * (node.end - node.start) - 1);
      else here('alternate', body);
    } else if (/^(For|While|DoWhile)/.test(node.type) || node.type === 'CatchClause') here('body', body);
    else if (node.type === 'ConditionalExpression') {
      here('consequent', value);
      here('alternate', value);
    } else if (node.type === 'LogicalExpression') here('right', value);
    else if (node.type === 'SwitchCase') {
      const [first] = childrenOf(node.consequent);
      if (first !== undefined) insert(first.start, `${step()};`);
    }
    for (const part of Object.values(node)) for (const each of childrenOf(part)) visit(each);
  };
  visit(program);

  // At one position, closing text comes before opening text; the inner of several closes first and the outer opens first.
  insertions.sort((a, b) => {
    if (a.at !== b.at) return a.at - b.at;
    if (a.closes !== b.closes) return a.closes ? -1 : 1;
    return a.size === b.size ? 0 : a.closes === a.size < b.size ? -1 : 1;
  });
  const head = `;var $sockless=globalThis.socklessCounters(${count},${JSON.stringify([...words])},${JSON.stringify(path)});`;
  const [hashbang = ''] = /^#!.*\n?/.exec(code) ?? [];
  let from = behindDirectives(program, hashbang.length);
  let result = code.slice(0, from) + head;
  for (const { at, text } of insertions) {
    result += code.slice(from, at) + text;
    from = at;
  }
  return result + code.slice(from);
}

/** Tells whether this is an ES module, which only its syntax says where the package.json does not. */
export function isModuleSyntax(code: string): boolean {
  try {
    parseAs(code, 'commonjs');
    return false;
  } catch {
    return true;
  }
}

function parseAs(code: string, format?: 'module' | 'commonjs'): Tree {
  const common = { ecmaVersion: 'latest', allowHashBang: true } as const;
  if (format === 'module') return parse(code, { ...common, sourceType: 'module' }) as unknown as Tree;
  try {
    const commonjs = { sourceType: 'script', allowReturnOutsideFunction: true } as const;
    return parse(code, { ...common, ...commonjs }) as unknown as Tree;
  } catch (error) {
    if (format === 'commonjs') throw error;
    return parseAs(code, 'module');
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && 'type' in value;

const childrenOf = (value: unknown): Tree[] => (Array.isArray(value) ? value : [value]).filter(isTree);

/** Returns the position behind directives such as 'use strict', which must come first in a program or a function. */
function behindDirectives({ body }: Tree, otherwise: number): number {
  return childrenOf(body).findLast(({ directive }) => directive !== undefined)?.end ?? otherwise;
}
