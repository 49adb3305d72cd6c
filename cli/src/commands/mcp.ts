import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ApiDescription, describeTools, refused, type SendToApi, succeeded } from '../../../mcp/tools.ts'
import { action, type Context } from '../action.ts'
import { formatUsdc, parseUsdc } from '../arguments.ts'
import { CommandError } from '../commandError.ts'
import { explain } from '../explain.ts'
import { openSession, type Session } from '../session.ts'
import { createStakeAllowance } from '../stakeAllowance.ts'

/** For how long a call waits until the claim or the action is decided. Clients give up after 60 seconds. */
const DECISION_TIMEOUT_SECONDS = 50

/** The least stake of an agent that may claim, in whole USDC. */
const DEFAULT_STAKE = '20'

/** `allowStake` in USDC base units. */
type McpOptions = { allowClaims: number; allowStake: bigint }

/** `mcp`: the tools of the API for an AI agent on this machine. */
export function addMcp(program: Command) {
  program
    .command('mcp')
    .description('serve the market as MCP tools for an AI agent, on standard input and output')
    .option(
      '--allow-claims <count>',
      'how many claims the agent may sign with the key, refused ones too',
      parseCount,
      0,
    )
    .addOption(
      new Option('--allow-stake <usdc>', 'how much stake these claims may put at risk together, refused ones too')
        .argParser(parseUsdc)
        .default(parseUsdc(DEFAULT_STAKE), DEFAULT_STAKE),
    )
    .action(action<McpOptions, []>(serve))
}

function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a number from 0 to 999999.')
  return Number(text)
}

async function serve(context: Context<McpOptions>) {
  const { api, allowClaims, allowStake } = context
  const send = sendTo(api)
  const description = await send('/openapi.json', {})
  const createServer = describeTools((await description.json()) as ApiDescription)
  const session = allowClaims > 0 ? await openSession(context) : undefined
  const addClaim = session && claimTool(context, session, { claims: allowClaims, stake: allowStake })
  serveStdio(() => {
    const server = createServer(send)
    addClaim?.(server)
    if (session) addWorkTools(server, context, session)
    return server
  })
}

const sendTo =
  (api: string): SendToApi =>
  (path, init) =>
    fetch(new URL(path, api), init).catch((cause: unknown) => {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
      throw new CommandError(
        'API_UNREACHABLE',
        `The API at ${api} does not answer: ${reason}. Start it, or correct --api.`,
        { kind: 'unreachable' },
      )
    })

/**
 * Adds `claim_run`, which signs with the key, for wallets of that key only.
 * @param allowance how many claims the process signs, and the stake that they put at risk together, in base units. A
 * refused claim counts, because its signature was sent.
 */
function claimTool(context: Context, { runline, node }: Session, allowance: { claims: number; stake: bigint }) {
  let left = allowance.claims
  const signer = createStakeAllowance(allowance.stake)(node.account)
  const inputSchema = schemaOf<{ runId: string | number; agentId: string | number }>({
    runId: idSchema,
    agentId: { type: ['integer', 'string'], description: 'The id of the agent, whose wallet the key is.' },
  })
  const description =
    `Signs the claim of a run with the wallet ${node.account.address}, sends it, and waits until it is decided. ` +
    `Up to ${allowance.claims} calls, and ${formatUsdc(allowance.stake)} at stake, in this session, refused claims too.`

  return (server: McpServer) => {
    const config = { title: 'Claim a run', description, inputSchema }
    server.registerTool('claim_run', config, async ({ runId, agentId }) => {
      if (left === 0) {
        const detail = `The ${allowance.claims} claims of --allow-claims are used. Ask the user to start the server again.`
        return refused(JSON.stringify({ code: 'ALLOWANCE_USED', detail }))
      }
      left--
      return resultOf(context, () =>
        runline.runs.claim(runId, { agentId, signer, timeoutSeconds: DECISION_TIMEOUT_SECONDS }),
      )
    })
  }
}

/**
 * Adds what follows a claim: to start, deliver and give up the work of a run that the key's wallet has claimed. They put nothing
 * at risk beyond the stake of the claim.
 */
function addWorkTools(server: McpServer, context: Context, { runline, node }: Session) {
  const { start, submitWork, abandon } = runline.runs
  const options = { via: 'relay', signer: node.account, timeoutSeconds: DECISION_TIMEOUT_SECONDS } as const
  const signed = `Signs with the wallet ${node.account.address}, sends it, and waits until it is decided.`

  const ofRun = schemaOf<{ runId: string | number }>({ runId: idSchema })
  const startConfig = {
    title: 'Start the work',
    description: `Tells the poster that the work of a claimed run has begun. ${signed}`,
  }
  server.registerTool('start_run', { ...startConfig, inputSchema: ofRun }, ({ runId }) =>
    resultOf(context, () => start(runId, options)),
  )
  const abandonConfig = {
    title: 'Abandon a claim',
    description: `Gives a claimed run back. The stake of the claim is burned. ${signed}`,
  }
  server.registerTool('abandon_run', { ...abandonConfig, inputSchema: ofRun }, ({ runId }) =>
    resultOf(context, () => abandon(runId, options)),
  )
  const inputSchema = schemaOf<{ runId: string | number; deliverableHash: string }>({
    runId: idSchema,
    deliverableHash: { type: 'string', description: 'Where the delivered work is, such as ipfs://…, up to 128 bytes.' },
  })
  const submitConfig = {
    title: 'Deliver the work',
    description: `Delivers the work of a claimed run, or a revision. ${signed}`,
  }
  server.registerTool('submit_run', { ...submitConfig, inputSchema }, ({ runId, deliverableHash }) =>
    resultOf(context, () => submitWork(runId, deliverableHash, options)),
  )
}

const idSchema = { type: ['integer', 'string'], description: 'The id of the run.' }

/** An object with all of these members, and no others. */
const schemaOf = <Input>(properties: Record<string, object>) =>
  fromJsonSchema<Input>({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false })

/** What the tool returns of a request of the client. */
async function resultOf(context: Context, ask: () => Promise<object>) {
  try {
    return succeeded(JSON.stringify(await ask()))
  } catch (error) {
    const { code, message } = explain(error, context)
    return refused(JSON.stringify({ code, detail: message }))
  }
}
