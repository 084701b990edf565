// The small ways in which a source can be broken. A good test suite notices each of these edits.
import ts from 'typescript';

/**
 * @typedef {object} Edit
 * @property {number} start
 * @property {number} end
 * @property {string} text its replacement
 */

/**
 * @typedef {object} Mutant
 * @property {string} file relative to the sources
 * @property {string} kind the operator that made it
 * @property {number} start the place that a test must reach
 * @property {number} line from 1
 * @property {string} code the line without indentation, which identifies the mutant when lines move
 * @property {string} change such as `< → <=`
 * @property {readonly Edit[]} edits
 */

/** Operators and their replacements. */
const SWAPS = /** @type {Record<string, [kind: string, instead: string]>} */ ({
  '<': ['comparison', '<='],
  '<=': ['comparison', '<'],
  '>': ['comparison', '>='],
  '>=': ['comparison', '>'],
  '===': ['comparison', '!=='],
  '!==': ['comparison', '==='],
  '+': ['arithmetic', '-'],
  '-': ['arithmetic', '+'],
  '*': ['arithmetic', '/'],
  '/': ['arithmetic', '*'],
  '%': ['arithmetic', '*'],
  '&': ['bitwise', '|'],
  '|': ['bitwise', '&'],
  '^': ['bitwise', '&'],
  '<<': ['bitwise', '>>'],
  '>>': ['bitwise', '<<'],
  '>>>': ['bitwise', '<<'],
  '&&': ['logical', '||'],
  '||': ['logical', '&&'],
  '+=': ['assignment', '-='],
  '-=': ['assignment', '+='],
  '*=': ['assignment', '/='],
  '|=': ['assignment', '&='],
  '&=': ['assignment', '|='],
  '^=': ['assignment', '&='],
  '??=': ['assignment', '='],
});

/** Errors whose first argument names a rule. */
const RULES = ['ProtocolError', 'HandshakeError', 'StateError'];

/**
 * Returns all mutants of a source, in its order.
 * @param {string} file its name
 * @param {string} source
 * @returns {Mutant[]}
 */
export function mutantsOf(file, source) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const lines = source.split('\n');
  const ruleNames = new Map(RULES.map((name) => [name, rulesNamed(tree, name)]));
  const found = /** @type {Mutant[]} */ ([]);
  visit(tree);
  return found;

  /** @param {ts.Node} node */
  function visit(node) {
    if (isForgotten(node)) {
      return;
    }
    if (ts.isBinaryExpression(node)) {
      binary(node);
    } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      unary(node);
    } else if (ts.isIfStatement(node)) {
      if (leaves(node.thenStatement) && node.elseStatement === undefined) {
        replace('guard', node.expression, 'false', node);
      }
      negate(node.expression);
    } else if (ts.isWhileStatement(node) || ts.isDoStatement(node)) {
      negate(node.expression);
    } else if (ts.isConditionalExpression(node) || ts.isForStatement(node)) {
      negate(node.condition);
    } else if (ts.isExpressionStatement(node)) {
      if (!node.getText().startsWith('super(')) {
        replace('statement', node, ';');
      }
    } else if (ts.isDefaultClause(node) || (ts.isCaseClause(node) && node.statements.length > 0)) {
      replace('case', node, '', node.statements[0]);
    } else if (ts.isNumericLiteral(node)) {
      replace('number', node, `(${node.text} + 1)`);
      replace('number', node, `(${node.text} - 1)`);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
      replace('boolean', node, node.kind === ts.SyntaxKind.TrueKeyword ? 'false' : 'true');
    } else if (ts.isStringLiteral(node)) {
      string(node);
    } else if (ts.isRegularExpressionLiteral(node)) {
      regularExpression(node);
    } else if (ts.isPropertyAccessExpression(node)) {
      const swapped = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[node.getText()];
      if (swapped !== undefined) {
        replace('arithmetic', node, swapped);
      }
      if (node.questionDotToken !== undefined) {
        replace('optional', node.questionDotToken, '.', node);
      }
    }
    ts.forEachChild(node, visit);
  }

  /** @param {ts.BinaryExpression} node */
  function binary({ left, operatorToken, right }) {
    const operator = operatorToken.getText();
    if (operator === '??') {
      edit('default', left.getStart(), `?? ${right.getText()} → nothing`, [
        { start: left.end, end: right.end, text: '' },
      ]);
      return;
    }
    const swap = SWAPS[operator];
    if (swap === undefined || (operator.startsWith('+') && (isText(left) || isText(right)))) {
      return;
    }
    replace(swap[0], operatorToken, swap[1], left);
  }

  /** @param {ts.PrefixUnaryExpression | ts.PostfixUnaryExpression} node */
  function unary(node) {
    const at = ts.isPrefixUnaryExpression(node) ? node.getStart() : node.operand.end;
    const token = ts.tokenToString(node.operator) ?? '';
    const place = { start: at, end: at + token.length };
    if (token === '++' || token === '--') {
      const text = token === '++' ? '--' : '++';
      edit('assignment', node.getStart(), `${token} → ${text}`, [{ ...place, text }]);
    } else if (token === '~' || (token === '-' && !ts.isNumericLiteral(node.operand))) {
      edit(token === '~' ? 'bitwise' : 'arithmetic', node.getStart(), `${token} → nothing`, [{ ...place, text: ' ' }]);
    }
  }

  /** @param {ts.Expression | undefined} condition */
  function negate(condition) {
    // Swapping the comparison's operator already negates it.
    if (condition === undefined || condition.kind === ts.SyntaxKind.TrueKeyword || isEquality(condition)) {
      return;
    }
    const [start, end] = [condition.getStart(), condition.end];
    edit('condition', start, `${short(condition.getText())} → !(…)`, [
      { start, end: start, text: '!(' },
      { start: end, end, text: ')' },
    ]);
  }

  /** @param {ts.StringLiteral} node */
  function string(node) {
    const { parent } = node;
    const made = ts.isNewExpression(parent) ? parent : undefined;
    const named = ruleNames.get(made?.expression.getText() ?? '');
    if (named !== undefined && made?.arguments?.[0] === node) {
      const other = named.find((name) => name !== node.text) ?? 'invalid-utf8';
      replace('rule', node, `'${other}'`);
    } else if (node.text !== '' && made === undefined && !isProse(node) && !ts.isPropertyAssignment(parent.parent)) {
      replace('string', node, "''");
    }
  }

  /** @param {ts.RegularExpressionLiteral} node */
  function regularExpression(node) {
    const text = node.getText();
    const end = text.lastIndexOf('/');
    if (text.startsWith('/^')) {
      replace('regular expression', node, text.replace('/^', '/'));
    }
    if (text[end - 1] === '$') {
      replace('regular expression', node, text.slice(0, end - 1) + text.slice(end));
    }
  }

  /**
   * @param {string} kind
   * @param {ts.Node} node
   * @param {string} text
   * @param {ts.Node} [reached] the node that a test must reach
   */
  function replace(kind, node, text, reached = node) {
    const [start, end] = [node.getStart(), node.end];
    const change = `${short(source.slice(start, end))} → ${text === '' || text === ';' ? 'nothing' : text}`;
    edit(kind, reached.getStart(), change, [{ start, end, text }]);
  }

  /**
   * @param {string} kind
   * @param {number} start
   * @param {string} change
   * @param {Edit[]} edits
   */
  function edit(kind, start, change, edits) {
    const line = tree.getLineAndCharacterOfPosition(edits[0]?.start ?? start).line;
    const code = (lines[line] ?? '').trim();
    const same = found.filter((other) => other.line === line + 1 && other.change.replace(/ #\d+$/, '') === change);
    const ordinal = same.length === 0 ? '' : ` #${same.length + 1}`;
    found.push({ file, kind, start, line: line + 1, code, change: change + ordinal, edits });
  }
}

/**
 * Returns the source with the mutant applied.
 * @param {string} source
 * @param {Mutant} mutant
 */
export function mutate(source, { edits }) {
  return edits.toReversed().reduce((text, { start, end, text: instead }) => {
    return text.slice(0, start) + instead + text.slice(end);
  }, source);
}

/**
 * Tells whether a node is a type, an import or a name, which never runs.
 * @param {ts.Node} node
 */
function isForgotten(node) {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    (ts.isVariableDeclaration(node) && /^Names\b/.test(node.type?.getText() ?? '')) ||
    (ts.isCallExpression(node) && node.expression.getText() === 'row')
  );
}

/** @param {ts.Statement} statement whether it only leaves the function or loop */
function leaves(statement) {
  const only = ts.isBlock(statement) && statement.statements.length === 1 ? statement.statements[0] : statement;
  return (
    only !== undefined &&
    (ts.isReturnStatement(only) || ts.isThrowStatement(only) || ts.isBreakOrContinueStatement(only))
  );
}

/** @param {ts.Expression} node */
function isText(node) {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

/** @param {ts.StringLiteral} node whether it is a sentence for people */
function isProse(node) {
  return (node.text.match(/ /g) ?? []).length > 1;
}

/** @param {ts.Expression} node */
function isEquality(node) {
  return ts.isBinaryExpression(node) && ['===', '!=='].includes(node.operatorToken.getText());
}

/**
 * Returns the rules that a source names when it makes an error of this class.
 * @param {ts.SourceFile} tree
 * @param {string} error
 */
function rulesNamed(tree, error) {
  const pattern = new RegExp(`new ${error}\\(\\s*'([a-z0-9-]+)'`, 'g');
  return [...new Set([...tree.text.matchAll(pattern)].map(([, name]) => name ?? ''))];
}

/** @param {string} text */
function short(text) {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 60 ? `${flat.slice(0, 57)}…` : flat;
}
