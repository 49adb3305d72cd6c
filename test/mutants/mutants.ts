import { readdirSync, readFileSync } from 'node:fs'
import { operators } from './operators.ts'
import { type Change, childOf, type Node, parse, type Source } from './syntaxTree.ts'

/** A contract with one small fault. */
export type Mutant = {
  /** Counted from 1 across all contracts. */
  number: number
  /** The operator that made it, by its name in `operators.ts`. */
  operator: string
  /** The contract's file, relative to the root of the repository. */
  path: string
  /** File and line. */
  place: string
  /** Stays the same when lines move: the function, the original text, and its replacement. */
  name: string
  /** The content of the file before and after the change. */
  original: string
  mutated: string
}

const directory = new URL('../../contracts/', import.meta.url)

/** Every mutant of every contract except mocks and interfaces, ordered by file and line. */
export function allMutants(): Mutant[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.sol'))
    .sort()
    .flatMap((file) => mutantsOf(`contracts/${file}`, readFileSync(new URL(file, directory), 'utf8')))
    .map((mutant, index) => ({ ...mutant, number: index + 1 }))
}

function mutantsOf(path: string, original: string): Omit<Mutant, 'number'>[] {
  const bytes = Buffer.from(original)
  const source: Source = { text: (start, end) => bytes.subarray(start, end).toString() }
  const contract = path.replace(/^.*\/|\.sol$/g, '')
  const occurrences = new Map<string, number>()
  return changesIn(parse(original), source, contract, false).map(({ operator, within, start, end, replacement }) => {
    const change = `${within}: ${oneLine(source.text(start, end))} → ${oneLine(replacement)}`
    const occurrence = (occurrences.get(change) ?? 0) + 1
    occurrences.set(change, occurrence)
    return {
      operator,
      path,
      place: `${path}:${source.text(0, start).split('\n').length}`,
      name: occurrence === 1 ? change : `${change} (${occurrence})`,
      original,
      mutated: source.text(0, start) + replacement + source.text(end, bytes.length),
    }
  })
}

type PlacedChange = Change & { operator: string; within: string }

function changesIn(node: Node, source: Source, within: string, isCondition: boolean): PlacedChange[] {
  const here = node.type === 'FunctionDefinition' ? `${within}.${functionName(node)}` : within
  const changes = Object.entries(operators).flatMap(([operator, changesAt]) =>
    changesAt(node, source, isCondition).map((change) => ({ ...change, operator, within: here })),
  )
  for (const [field, children] of node.children) {
    // A constructor invokes the constructors of its bases, not modifiers.
    if (field === 'modifiers' && node.fields.get('kind') === 'constructor') continue
    for (const [index, child] of children.entries()) {
      changes.push(...changesIn(child, source, here, decides(node, field, index)))
    }
  }
  return changes.sort((a, b) => a.start - b.start || a.end - b.end).filter(isFirst)
}

/** Two operators can lead to the same change. */
function isFirst(change: PlacedChange, index: number, changes: readonly PlacedChange[]): boolean {
  const same = ({ start, end, replacement }: PlacedChange) =>
    start === change.start && end === change.end && replacement === change.replacement
  return !changes.slice(0, index).some(same)
}

const functionName = ({ fields }: Node) => String(fields.get('name') || fields.get('kind'))

function decides(parent: Node, field: string, index: number): boolean {
  if (field === 'condition') return true
  return field === 'arguments' && index === 0 && childOf(parent, 'expression')?.fields.get('name') === 'require'
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim()
