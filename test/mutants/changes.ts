import { type Change, childOf, type Node, type Source } from './syntaxTree.ts'

const boundaries: Record<string, string> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }
const opposites: Record<string, string> = {
  '==': '!=',
  '!=': '==',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '+=': '-=',
  '-=': '+=',
  '++': '--',
  '--': '++',
}

/**
 * Changes of the syntax: delete a statement or a modifier, negate a condition, drop one side of && or ||, move a
 * boundary, flip a sign or a truth value, increase a constant by one.
 * @param isCondition Whether the node is the condition of a require, an if, a loop or a `?:`: it is negated as a whole.
 */
export function changesAt(node: Node, source: Source, isCondition: boolean): Change[] {
  const negation = isCondition ? [around(node, source, '!(', ')')] : []
  return [...negation, ...changesOf(node, source, isCondition)]
}

function changesOf(node: Node, source: Source, isCondition: boolean): Change[] {
  switch (node.type) {
    case 'ExpressionStatement':
    case 'EmitStatement':
    case 'RevertStatement':
    case 'Return':
      return deletion(node, source)
    case 'IfStatement':
      // Without braces, deleting the statement inside is the same change.
      return childOf(node, 'trueBody')?.type === 'Block' ? [{ ...node, replacement: '{}' }] : []
    case 'ModifierInvocation':
      return [{ ...node, replacement: '' }]
    case 'BinaryOperation':
      return binaryChanges(node, source, isCondition)
    case 'Assignment':
      return operatorChange(node, source, childOf(node, 'leftHandSide'), childOf(node, 'rightHandSide'), opposites)
    case 'UnaryOperation':
      return isCondition ? [] : unaryChanges(node, source)
    case 'VariableDeclaration':
      return constantChanges(node, source)
    case 'Literal':
      return literalChanges(node)
    default:
      return []
  }
}

/** A loop's step is not deleted: it has no semicolon, and without it the loop would not end. */
function deletion(node: Node, source: Source): Change[] {
  if (source.text(node.end, node.end + 1) !== ';') return []
  return [{ start: node.start, end: node.end + 1, replacement: '{}' }]
}

function binaryChanges(node: Node, source: Source, isCondition: boolean): Change[] {
  const left = childOf(node, 'leftExpression')
  const right = childOf(node, 'rightExpression')
  if (!left || !right) throw new Error('A binary operation lacks an operand')
  const operator = node.fields.get('operator')
  if (operator === '&&' || operator === '||') {
    return [left, right].map((side) => ({ ...node, replacement: source.text(side.start, side.end) }))
  }
  const isEquality = operator === '==' || operator === '!='
  // Negated as a whole, an equality becomes its opposite already.
  if (isEquality && isCondition) return []
  return operatorChange(node, source, left, right, { ...boundaries, ...opposites })
}

function operatorChange(
  node: Node,
  source: Source,
  left: Node | undefined,
  right: Node | undefined,
  replacements: Record<string, string>,
): Change[] {
  const replacement = replacements[String(node.fields.get('operator'))]
  if (!replacement || !left || !right) return []
  const before = source.text(node.start, left.end)
  const after = source.text(right.start, node.end)
  return [{ ...node, replacement: `${before} ${replacement} ${after}` }]
}

function unaryChanges(node: Node, source: Source): Change[] {
  const operand = childOf(node, 'subExpression')
  const operator = String(node.fields.get('operator'))
  if (!operand) throw new Error('A unary operation lacks its operand')
  const text = source.text(operand.start, operand.end)
  if (operator === '!') return [{ ...node, replacement: text }]
  const opposite = opposites[operator]
  return opposite && operator.length === 2 ? [{ ...node, replacement: `${opposite}${text}` }] : []
}

function literalChanges(node: Node): Change[] {
  if (node.fields.get('kind') !== 'bool') return []
  return [{ ...node, replacement: String(node.fields.get('value') !== 'true') }]
}

/** A named constant, increased by one. */
function constantChanges(node: Node, source: Source): Change[] {
  const value = childOf(node, 'value')
  const type = childOf(node, 'typeName')?.fields.get('name')
  const isNumber = typeof type === 'string' && type.startsWith('uint')
  if (node.fields.get('mutability') !== 'constant' || !value || !isNumber) return []
  return [{ ...value, replacement: `${source.text(value.start, value.end)} + 1` }]
}

function around(node: Node, source: Source, before: string, after: string): Change {
  return { ...node, replacement: `${before}${source.text(node.start, node.end)}${after}` }
}
