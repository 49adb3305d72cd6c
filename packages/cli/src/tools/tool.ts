import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { InvalidArgumentError } from 'commander'
import { number, type PlainTool } from '../../../../src/api/mcp/plainTool.ts'
import { objectOf } from '../../../../src/api/mcp/schemas.ts'
import { refused, succeeded } from '../../../../src/api/mcp/tools.ts'
import type { Context } from '../action.ts'
import { parseDuration, parseId } from '../arguments.ts'
import { CommandError } from '../commandError.ts'
import { explain } from '../explain.ts'

/** What a model gives: each value as it is or as text. */
export type Given = Record<string, unknown>

/** A tool that signs with the user's key. */
export type SigningTool = {
  name: string
  description: string
  inputs: PlainTool['inputs']
  /** Inputs that may be absent. */
  optional?: string[]
  act: (given: Given) => Promise<object>
}

/** For how long a call waits until the claim or the action is decided. Clients give up after 60 seconds. */
export const DECISION_TIMEOUT_SECONDS = 50

export const runId = number('Run id.')
export const agentId = number('Agent id.')

/** The input, read as an argument of the command line is. @throws CommandError that names the input, its value, and what it may be. */
export function read<Value>(given: Given, name: string, parse: (text: string) => Value): Value {
  try {
    return parse(String(given[name]))
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new CommandError('VALIDATION_FAILED', `${name}: ${error.message} Got ${JSON.stringify(given[name])}.`)
  }
}

export const parseHours = (hours: string) => parseDuration(`${hours}h`)

export const readRunId = (given: Given) => read(given, 'runId', parseId)
export const readAgentId = (given: Given) => read(given, 'agentId', parseId)

export function addTool(
  server: McpServer,
  context: Context,
  { name, description, inputs, optional, act }: SigningTool,
) {
  const required = Object.keys(inputs).filter((input) => !optional?.includes(input))
  const inputSchema = fromJsonSchema<Given>(objectOf(inputs, required))
  server.registerTool(name, { description, inputSchema }, async (given) => {
    try {
      assertKnown(given, Object.keys(inputs))
      return succeeded(JSON.stringify(await act(given)))
    } catch (error) {
      const { code, message, actionId } = explain(error, context)
      const detail = actionId ? `${message} Wait with get_action.` : message
      return refused(JSON.stringify({ code, detail, ...(actionId && { actionId }) }))
    }
  })
}

function assertKnown(given: Given, inputs: string[]) {
  const unknown = Object.keys(given).filter((name) => !inputs.includes(name))
  if (unknown.length === 0) return
  throw new CommandError('VALIDATION_FAILED', `There is no input ${unknown.join(', ')}. Give ${inputs.join(', ')}.`)
}
