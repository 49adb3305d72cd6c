import { complaintOfUri, readContent } from '../../../core/content.ts'
import { usdc } from '../../../core/market/usdc.ts'
import { object, type PlainTool, text, WrongInput } from './plainTool.ts'
import { type ApiDescription, parametersOf } from './schemas.ts'

const MESSAGES = '/api/messages/'

/** Parameters with good defaults, which would make the list of the tools longer. */
const leftOut = ['minBlock?', 'salt?', 'validBefore?', 'deadline?', 'signer?']

/** The parameters that name a stored text. */
const uris = ['ipfsHash', 'deliverableHash', 'feedbackHash', 'agentURI']

/** The parameters that a model writes in whole USDC. */
const amounts = ['reward', 'amount']

/** What a model reads about the content that it gives. */
export const contentInput = object('Or a text or JSON, public.')

/**
 * The two tools by which a caller with a key does everything that the API relays: one answers what to sign, the other sends
 * it. The actions, their parameters and the paths are those of the API's description.
 */
export function signedActions({ paths, components }: ApiDescription): PlainTool[] {
  const actions = Object.entries(paths).flatMap(([path, { get }]) =>
    path.startsWith(MESSAGES) && get
      ? [{ name: path.slice(MESSAGES.length), parameters: parametersOf(get, components) }]
      : [],
  )
  const inputsOf = ({ parameters }: (typeof actions)[number]) =>
    parameters
      .map(({ name, required }) => (required ? name : `${name}?`))
      .filter((input) => !leftOut.includes(input))
      .join(', ')
  const named = Map.groupBy(actions, inputsOf)
  const lines = [...named].map(([inputs, group]) => `${group.map(({ name }) => name).join(', ')}: ${inputs}`)

  const sendable = Object.entries(paths)
    .filter(([path, { post }]) => post !== undefined && path.startsWith('/api/') && path !== '/api/content')
    .map(([path]) => path)
  const patterns = sendable.map((path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[0-9a-zA-Z]+')}$`))

  return [
    {
      name: 'get_message',
      description:
        'What an account signs (EIP-712) to do an action, and the path and body to send; or `calls` that it sends itself.',
      inputs: {
        action: text('Named in parameters.'),
        parameters: object(`${lines.join('; ')}. ${amounts.join(', ')}: whole USDC.`),
        content: contentInput,
      },
      required: ['action'],
      async call(send, input, signal) {
        const name = String(input.action).toLowerCase()
        const action = actions.find((one) => one.name === name)
        if (!action) {
          const all = actions.map((one) => one.name).join(', ')
          throw new WrongInput(`action: must be one of ${all}, got ${JSON.stringify(input.action)}.`)
        }
        // Some models give the parameters beside the action.
        const { action: _, parameters, content, ...beside } = input
        const given = { ...beside, ...readObject('parameters', parameters) }
        if (content !== undefined) {
          const named = uris.find((uri) => action.parameters.some((one) => one.name === uri))
          if (!named) throw new WrongInput(`content: ${name} names no URI.`)
          if (named in given) throw new WrongInput(`content: give ${named} or content, not both.`)
          const { text: body, mediaType } = readContent(content)
          const headers = { 'Content-Type': mediaType }
          const stored = await send('/api/content', { method: 'POST', headers, body, signal })
          if (!stored.ok) return stored
          const { uri } = (await stored.json()) as { uri: string }
          given[named] = uri
        }
        for (const uri of [given.deliverableHash, given.feedbackHash]) {
          const complaint = uri === undefined ? undefined : complaintOfUri(String(uri))
          if (complaint) throw new WrongInput(`${complaint} Give the text as content, which is stored.`)
        }
        const textOf = (parameter: string, value: unknown) =>
          String(amounts.includes(parameter) ? readAmount(parameter, value) : value)
        const query = Object.entries(given).map(([parameter, value]) => [parameter, textOf(parameter, value)])
        return send(`${MESSAGES}${name}?${new URLSearchParams(Object.fromEntries(query))}`, { signal })
      },
    },
    {
      name: 'send_signed',
      description:
        'Sends what is signed, and waits up to 15 s for its block. Safe to repeat. Moves USDC or stake. Without body and ' +
        'signature: what anyone may ask for, such as /api/runs/1/finalize.',
      inputs: {
        path: text('The path of the message.'),
        body: object('The body of the message.'),
        signature: text('Of typedData.'),
        method: text('DELETE to withdraw.'),
      },
      required: ['path'],
      async call(send, input, signal) {
        const path = String(input.path)
        if (!patterns.some((pattern) => pattern.test(path))) {
          throw new WrongInput(`path: must be one of ${sendable.join(', ')}, got ${JSON.stringify(input.path)}.`)
        }
        const { signature } = input
        const body = { ...readObject('body', input.body), ...(signature !== undefined && { signature }) }
        const headers = { 'Content-Type': 'application/json' }
        const method = String(input.method).toUpperCase() === 'DELETE' ? 'DELETE' : 'POST'
        return send(path, { method, headers, body: JSON.stringify(body), signal })
      },
    },
  ]
}

/** @returns base units. @throws WrongInput */
function readAmount(parameter: string, given: unknown): bigint {
  try {
    return usdc(given as string | number)
  } catch (error) {
    throw new WrongInput(`${parameter}: ${error instanceof Error ? error.message : error}`)
  }
}

/** @throws WrongInput */
function readObject(name: string, given: unknown): Record<string, unknown> {
  const value = typeof given === 'string' ? parseJson(given) : (given ?? {})
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new WrongInput(`${name}: must be an object, got ${JSON.stringify(given)}.`)
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
