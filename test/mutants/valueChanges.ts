import { type Change, childOf, type Node, type Source } from './syntaxTree.ts'

const swapped: Record<string, string> = { min: 'max', max: 'min' }

/**
 * Changes of a value rather than of an operator: the next state for a state, the greater for the lesser, a literal
 * increased by one, one branch of a `?:` in both cases, two neighbouring arguments exchanged.
 */
export function valueChangesAt(node: Node, source: Source): Change[] {
  switch (node.type) {
    case 'MemberAccess':
      return memberChanges(node, source)
    case 'Literal':
      return node.fields.get('kind') === 'number' ? [{ ...node, replacement: `${textOf(node, source)} + 1` }] : []
    case 'Conditional':
      return conditionalChanges(node, source)
    case 'FunctionCall':
      return argumentChanges(node, source)
    default:
      return []
  }
}

const states = 'NONE DRAFT OPEN CLAIMED IN_PROGRESS SUBMITTED APPROVED REVISION_REQUESTED REJECTED'.split(' ')

function memberChanges(node: Node, source: Source): Change[] {
  const name = String(node.fields.get('memberName'))
  const object = childOf(node, 'expression')
  if (!object) throw new Error('A member access lacks its object')
  const state = states.indexOf(name)
  const other = state < 0 ? swapped[name] : states[(state + 1) % states.length]
  return other ? [{ ...node, replacement: `${textOf(object, source)}.${other}` }] : []
}

function conditionalChanges(node: Node, source: Source): Change[] {
  const branches = [childOf(node, 'trueExpression'), childOf(node, 'falseExpression')]
  return branches.flatMap((branch) => (branch ? [{ ...node, replacement: textOf(branch, source) }] : []))
}

/** Exchanges different plain names only: other neighbours rarely have the same type. */
function argumentChanges(node: Node, source: Source): Change[] {
  const args = node.children.get('arguments') ?? []
  return args.slice(1).flatMap((right, index) => {
    const left = args[index]
    if (left?.type !== 'Identifier' || right.type !== 'Identifier') return []
    const first = textOf(left, source)
    const second = textOf(right, source)
    if (first === second) return []
    const between = source.text(left.end, right.start)
    return [{ start: left.start, end: right.end, replacement: `${second}${between}${first}` }]
  })
}

const textOf = (node: Node, source: Source) => source.text(node.start, node.end)
