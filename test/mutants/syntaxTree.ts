import solc from 'solc'
import { z } from 'zod'

/** A node of solc's syntax tree, and its place in the source. */
export type Node = {
  type: string
  /** Byte offsets in the source. */
  start: number
  end: number
  /** Child nodes, by the name of their field. */
  children: ReadonlyMap<string, readonly Node[]>
  /** Fields without nodes, such as an operator. */
  fields: ReadonlyMap<string, unknown>
}

/** One change of the source: the text between two byte offsets is replaced. */
export type Change = { start: number; end: number; replacement: string }

/** Access to the source for the rules that change it. */
export type Source = {
  /** The text between two byte offsets. */
  text(start: number, end: number): string
}

const rawNode = z.looseObject({ nodeType: z.string(), src: z.string() })

const output = z.object({
  errors: z.array(z.object({ formattedMessage: z.string() })).default([]),
  sources: z.object({ source: z.object({ ast: rawNode }).optional() }),
})

/** Parses one file without its imports. @throws with the compiler's message on a syntax error. */
export function parse(content: string): Node {
  const settings = { stopAfter: 'parsing', outputSelection: { '*': { '': ['ast'] } } }
  const input = { language: 'Solidity', sources: { source: { content } }, settings }
  const { errors, sources } = output.parse(JSON.parse(solc.compile(JSON.stringify(input))))
  if (!sources.source) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return nodeOf(sources.source.ast)
}

function nodeOf({ nodeType, src, ...rest }: z.infer<typeof rawNode>): Node {
  const [start = Number.NaN, length = Number.NaN] = src.split(':').map(Number)
  const children = new Map<string, Node[]>()
  const fields = new Map<string, unknown>()
  for (const [name, value] of Object.entries(rest)) {
    const nodes = [value].flat().flatMap((item) => rawNode.safeParse(item).data ?? [])
    if (nodes.length > 0) children.set(name, nodes.map(nodeOf))
    else fields.set(name, value)
  }
  return { type: nodeType, start, end: start + length, children, fields }
}

/** The only node in that field, if there is one. */
export function childOf(node: Node, field: string): Node | undefined {
  return node.children.get(field)?.[0]
}
