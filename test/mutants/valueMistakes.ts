import { type Change, childOf, type Node, type Source } from './syntaxTree.ts'

/** A number or a named constant, decreased by one. */
export function decrease(node: Node, source: Source): Change[] {
  const value = node.type === 'VariableDeclaration' ? constantOf(node) : node
  const isNumber = value?.type === 'Literal' && value.fields.get('kind') === 'number'
  if (!value || !(isNumber || node.type === 'VariableDeclaration')) return []
  const text = source.text(value.start, value.end)
  return text === '0' ? [] : [{ ...value, replacement: `${text} - 1` }]
}

function constantOf(node: Node): Node | undefined {
  const type = String(childOf(node, 'typeName')?.fields.get('name'))
  return node.fields.get('mutability') === 'constant' && type.startsWith('uint') ? childOf(node, 'value') : undefined
}

const ranges: Record<string, readonly string[]> = { '==': ['<=', '>='], '!=': ['<', '>'] }

/** The least value of its type: of the two comparisons, one is the same and the other always true. */
const least = /^(0|address\(0\))$|\.(NONE|NoError)$/

/** An equality becomes a comparison. */
export function loosenEquality(node: Node, source: Source): Change[] {
  const left = childOf(node, 'leftExpression')
  const right = childOf(node, 'rightExpression')
  if (node.type !== 'BinaryOperation' || !left || !right) return []
  const [before, after] = [source.text(left.start, left.end), source.text(right.start, right.end)]
  if (least.test(after)) return []
  const others = ranges[String(node.fields.get('operator'))] ?? []
  return others.map((operator) => ({ ...node, replacement: `${before} ${operator} ${after}` }))
}

/** A value is cut to a byte less than its type holds. */
export function narrowCast(node: Node, source: Source): Change[] {
  if (node.type === 'MemberAccess') {
    const bits = Number(/^toUint(\d+)$/.exec(String(node.fields.get('memberName')))?.[1] ?? 0)
    const object = childOf(node, 'expression')
    if (!bits || !object) return []
    return [{ ...node, replacement: `${source.text(object.start, object.end)}.toUint${bits - 8}` }]
  }
  const type = childOf(node, 'expression')
  const value = node.children.get('arguments')?.[0]
  if (node.type !== 'FunctionCall' || type?.type !== 'ElementaryTypeNameExpression' || !value) return []
  const bits = Number(/^uint(\d+)$/.exec(source.text(type.start, type.end))?.[1] ?? 0)
  if (bits <= 8) return []
  const text = source.text(value.start, value.end)
  return [{ ...node, replacement: `uint${bits}(uint${bits - 8}(${text}))` }]
}

/** One more character in a text, such as the type of a signed message. */
export function changeText(node: Node, source: Source): Change[] {
  if (node.type !== 'Literal' || node.fields.get('kind') !== 'string') return []
  const text = source.text(node.start, node.end)
  return [{ ...node, replacement: `${text.slice(0, -1)}x${text.slice(-1)}` }]
}

/** Exchanges neighbouring arguments of which at least one is a field: plain names are in `valueChanges.ts`. */
export function exchangeArguments(node: Node, source: Source): Change[] {
  const args = node.type === 'FunctionCall' ? (node.children.get('arguments') ?? []) : []
  return args.slice(1).flatMap((right, index) => {
    const left = args[index]
    if (!left || !isValue(left) || !isValue(right)) return []
    if (left.type === 'Identifier' && right.type === 'Identifier') return []
    const [first, between, second] = [
      source.text(left.start, left.end),
      source.text(left.end, right.start),
      source.text(right.start, right.end),
    ]
    return [{ start: left.start, end: right.end, replacement: `${second}${between}${first}` }]
  })
}

const isValue = ({ type }: Node) => type === 'Identifier' || type === 'MemberAccess'
