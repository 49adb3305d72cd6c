import { type Change, childOf, type Node, type Source } from './syntaxTree.ts'

/** A call or an event happens twice. A check that is repeated changes nothing. */
export function repeatStatement(node: Node, source: Source): Change[] {
  if (!acts(node) || isCheck(node) || !endsWithSemicolon(node, source)) return []
  const text = source.text(node.start, node.end)
  return [{ start: node.start, end: node.end + 1, replacement: `{ ${text}; ${text}; }` }]
}

/**
 * Two checks that follow each other change places, or two other calls or events. A check and an action do not: a check that
 * fails after the action reverts it too.
 */
export function exchangeStatements(node: Node, source: Source): Change[] {
  const statements = node.type === 'Block' ? (node.children.get('statements') ?? []) : []
  return statements.slice(1).flatMap((second, index) => {
    const first = statements[index]
    if (!first || !acts(first) || !acts(second) || isCheck(first) !== isCheck(second)) return []
    const [a, between, b] = [
      source.text(first.start, first.end),
      source.text(first.end, second.start),
      source.text(second.start, second.end),
    ]
    return [{ start: first.start, end: second.end, replacement: `${b}${between}${a}` }]
  })
}

function acts(node: Node): boolean {
  if (node.type === 'EmitStatement') return true
  return node.type === 'ExpressionStatement' && childOf(node, 'expression')?.type === 'FunctionCall'
}

function isCheck(statement: Node): boolean {
  const called = statement.children.get('expression')?.[0]?.children.get('expression')?.[0]
  return /^_?require/.test(String(called?.fields.get('name') ?? ''))
}

const endsWithSemicolon = (node: Node, source: Source) => source.text(node.end, node.end + 1) === ';'
