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

/** For how long a call of `claim_run` waits until the claim is decided. Clients give up after 60 seconds. */
const CLAIM_TIMEOUT_SECONDS = 50

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
  const addClaim =
    allowClaims > 0
      ? claimTool(context, await openSession(context), { claims: allowClaims, stake: allowStake })
      : () => {}
  serveStdio(() => {
    const server = createServer(send)
    addClaim(server)
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
  const inputSchema = fromJsonSchema<{ runId: string | number; agentId: string | number }>({
    type: 'object',
    properties: { runId: { type: ['integer', 'string'] }, agentId: { type: ['integer', 'string'] } },
    required: ['runId', 'agentId'],
    additionalProperties: false,
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
      try {
        const options = { agentId, signer, timeoutSeconds: CLAIM_TIMEOUT_SECONDS }
        return succeeded(JSON.stringify(await runline.runs.claim(runId, options)))
      } catch (error) {
        const { code, message } = explain(error, context)
        return refused(JSON.stringify({ code, detail: message }))
      }
    })
  }
}
