import { changesAt } from './changes.ts'
import { takeField, takeRole, takeSibling } from './mistakenNames.ts'
import { exchangeStatements, repeatStatement } from './statementChanges.ts'
import type { Change, Node, Source } from './syntaxTree.ts'
import { valueChangesAt } from './valueChanges.ts'
import { changeText, decrease, exchangeArguments, loosenEquality, narrowCast } from './valueMistakes.ts'

/** @param isCondition Whether the node is the condition of a require, an if, a loop or a `?:`. */
type Operator = (node: Node, source: Source, isCondition: boolean) => Change[]

/** The ways to break a contract at a node of its syntax tree. A change that two operators make is the first one's. */
export const operators: Record<string, Operator> = {
  syntax: changesAt,
  values: valueChangesAt,
  roles: takeRole,
  fields: takeField,
  siblings: takeSibling,
  arguments: exchangeArguments,
  repeats: repeatStatement,
  order: exchangeStatements,
  less: decrease,
  ranges: loosenEquality,
  narrow: narrowCast,
  texts: changeText,
}
