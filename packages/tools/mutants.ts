/** The small ways in which a source can be broken. A good test suite notices each of these edits. */
import ts from 'typescript';

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Mutant {
  /** Relative to the sources. */
  readonly file: string;
  /** The operator that made it. */
  readonly kind: string;
  /** The place that a test must reach. */
  readonly start: number;
  /** From 1. */
  readonly line: number;
  /** The line without indentation, which identifies the mutant when lines move. */
  readonly code: string;
  /** Such as `< → <=`. */
  readonly change: string;
  readonly edits: readonly Edit[];
}

/** Operators and their replacements. */
const SWAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  comparison: { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' },
  arithmetic: { '+': '-', '-': '+', '*': '/', '/': '*', '%': '*' },
  bitwise: { '&': '|', '|': '&', '^': '&', '<<': '>>', '>>': '<<', '>>>': '<<' },
  logical: { '&&': '||', '||': '&&' },
  assignment: { '+=': '-=', '-=': '+=', '*=': '/=', '|=': '&=', '&=': '|=', '^=': '&=', '??=': '=' },
};

/** Errors whose first argument names a rule. */
const RULES = ['ProtocolError', 'HandshakeError', 'StateError'];

/** Returns all mutants of a source, in its order. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const lines = source.split('\n');
  const ruleNames = new Map(RULES.map((name) => [name, rulesNamed(source, name)]));
  const found: Mutant[] = [];
  visit(tree);
  return found;

  function visit(node: ts.Node): void {
    if (neverRuns(node)) return;
    if (ts.isBinaryExpression(node)) binary(node);
    else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) unary(node);
    else if (ts.isIfStatement(node)) {
      const isGuard = leaves(node.thenStatement) && node.elseStatement === undefined;
      if (isGuard) replace('guard', node.expression, 'false', node);
      negate(node.expression);
    } else if (ts.isWhileStatement(node) || ts.isDoStatement(node)) negate(node.expression);
    else if (ts.isConditionalExpression(node) || ts.isForStatement(node)) negate(node.condition);
    else if (ts.isExpressionStatement(node)) {
      if (!node.getText().startsWith('super(')) replace('statement', node, ';');
    } else if (ts.isDefaultClause(node) || (ts.isCaseClause(node) && node.statements.length > 0)) {
      replace('case', node, '', node.statements[0]);
    } else if (ts.isNumericLiteral(node)) {
      for (const sign of '+-') replace('number', node, `(${node.text} ${sign} 1)`);
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) replace('boolean', node, 'false');
    else if (node.kind === ts.SyntaxKind.FalseKeyword) replace('boolean', node, 'true');
    else if (ts.isStringLiteral(node)) string(node);
    else if (ts.isRegularExpressionLiteral(node)) {
      const text = node.getText();
      for (const open of [text.replace('/^', '/'), text.replace(/\$(\/\w*)$/, '$1')])
        if (open !== text) replace('regular expression', node, open);
    } else if (ts.isPropertyAccessExpression(node)) {
      const swapped = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[node.getText()];
      if (swapped !== undefined) replace('arithmetic', node, swapped);
      if (node.questionDotToken !== undefined) replace('optional', node.questionDotToken, '.', node);
    }
    ts.forEachChild(node, visit);
  }

  function binary({ left, operatorToken, right }: ts.BinaryExpression): void {
    const operator = operatorToken.getText();
    if (operator === '??') {
      const nothing = { start: left.end, end: right.end, text: '' };
      add('default', left.getStart(), `?? ${right.getText()} → nothing`, nothing);
    } else if (!(operator.startsWith('+') && (isText(left) || isText(right)))) {
      const [kind, swaps] = Object.entries(SWAPS).find(([, each]) => operator in each) ?? [];
      if (kind !== undefined) replace(kind, operatorToken, swaps?.[operator] ?? '', left);
    }
  }

  function unary(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): void {
    const start = ts.isPrefixUnaryExpression(node) ? node.getStart() : node.operand.end;
    const token = ts.tokenToString(node.operator) ?? '';
    const end = start + token.length;
    if (token === '++' || token === '--') {
      const text = token === '++' ? '--' : '++';
      add('assignment', node.getStart(), `${token} → ${text}`, { start, end, text });
    } else if (token === '~' || (token === '-' && !ts.isNumericLiteral(node.operand))) {
      const kind = token === '~' ? 'bitwise' : 'arithmetic';
      add(kind, node.getStart(), `${token} → nothing`, { start, end, text: ' ' });
    }
  }

  function negate(condition: ts.Expression | undefined): void {
    // Swapping the comparison's operator already negates it.
    if (condition === undefined || condition.kind === ts.SyntaxKind.TrueKeyword || isEquality(condition)) return;
    const [start, end] = [condition.getStart(), condition.end];
    const edits = [
      { start, end: start, text: '!(' },
      { start: end, end, text: ')' },
    ];
    add('condition', start, `${short(condition.getText())} → !(…)`, ...edits);
  }

  function string(node: ts.StringLiteral): void {
    const { parent } = node;
    const made = ts.isNewExpression(parent) ? parent : undefined;
    const named = ruleNames.get(made?.expression.getText() ?? '');
    // A sentence is for people.
    const isProse = (node.text.match(/ /g) ?? []).length > 1;
    if (named !== undefined && made?.arguments?.[0] === node) {
      replace('rule', node, `'${named.find((name) => name !== node.text) ?? 'invalid-utf8'}'`);
    } else if (node.text !== '' && made === undefined && !isProse && !ts.isPropertyAssignment(parent.parent)) {
      replace('string', node, "''");
    }
  }

  /** A test must reach the node, or what is `reached`. */
  function replace(kind: string, node: ts.Node, text: string, reached: ts.Node = node): void {
    const [start, end] = [node.getStart(), node.end];
    const change = `${short(source.slice(start, end))} → ${text === '' || text === ';' ? 'nothing' : text}`;
    add(kind, reached.getStart(), change, { start, end, text });
  }

  function add(kind: string, start: number, change: string, ...edits: Edit[]): void {
    const line = tree.getLineAndCharacterOfPosition(edits[0]?.start ?? start).line;
    const same = found.filter((other) => other.line === line + 1 && other.change.replace(/ #\d+$/, '') === change);
    const ordinal = same.length === 0 ? '' : ` #${same.length + 1}`;
    const code = (lines[line] ?? '').trim();
    found.push({ file, kind, start, line: line + 1, code, change: change + ordinal, edits });
  }
}

/** Returns the source with the mutant applied. */
export function mutate(source: string, { edits }: Mutant): string {
  return [...edits].reverse().reduce((text, { start, end, text: instead }) => {
    return text.slice(0, start) + instead + text.slice(end);
  }, source);
}

/** Tells whether a node is a type, an import or a name, which never runs. */
function neverRuns(node: ts.Node): boolean {
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

/** Tells whether a statement only leaves the function or loop. */
function leaves(statement: ts.Statement): boolean {
  const [only, ...others] = ts.isBlock(statement) ? statement.statements : [statement];
  if (only === undefined || others.length > 0) return false;
  return ts.isReturnStatement(only) || ts.isThrowStatement(only) || ts.isBreakOrContinueStatement(only);
}

const isText = (node: ts.Expression): boolean => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);

const isEquality = (node: ts.Expression): boolean =>
  ts.isBinaryExpression(node) && ['===', '!=='].includes(node.operatorToken.getText());

/** Returns the rules that a source names when it makes an error of this class. */
function rulesNamed(source: string, error: string): string[] {
  const pattern = new RegExp(`new ${error}\\(\\s*'([a-z0-9-]+)'`, 'g');
  return [...new Set([...source.matchAll(pattern)].map(([, name = '']) => name))];
}

function short(text: string): string {
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 60 ? `${flat.slice(0, 57)}…` : flat;
}
