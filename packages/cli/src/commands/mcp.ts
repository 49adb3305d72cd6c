import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { type Command, Option } from 'commander'
import type { SendToApi } from '../../../../src/api/mcp/plainTool.ts'
import type { ApiDescription } from '../../../../src/api/mcp/schemas.ts'
import { describeTools } from '../../../../src/api/mcp/tools.ts'
import { action, type Context } from '../action.ts'
import { parseCount, parseUsdc } from '../arguments.ts'
import { CommandError, noDryRun } from '../commandError.ts'
import { openSession } from '../session.ts'
import { claimTools } from '../tools/claimTools.ts'
import { spendTools } from '../tools/spendTools.ts'
import { addTool } from '../tools/tool.ts'
import { verifiedInstructions, verifiedSend } from '../tools/verifiedSend.ts'
import { type Verified, verifyOption, verifyOptionsOf } from '../verified.ts'

/** The least stake of an agent that may claim, in whole USDC. */
const DEFAULT_STAKE = '20'

/** `allowStake` and `allowSpend` in USDC base units. */
type McpOptions = { allowClaims: number; allowStake: bigint; allowSpend: bigint } & Verified

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
    .addOption(
      new Option('--allow-spend <usdc>', 'how much posts, stakes and approvals may take together, refused ones too')
        .argParser(parseUsdc)
        .default(0n, '0'),
    )
    .addOption(verifyOption())
    .action(action<McpOptions, []>(serve))
}

async function serve(context: Context<McpOptions>) {
  const { api, allowClaims, allowStake, allowSpend, verify = false, dryRun } = context
  if (dryRun) throw noDryRun('mcp', 'Without --allow-claims and --allow-spend it signs nothing.')
  const sent = sendTo(api)
  const send = verify ? verifiedSend(sent, await verifyOptionsOf(context)) : sent
  const description = await send('/openapi.json', {})
  const createServer = describeTools((await description.json()) as ApiDescription)
  const session = allowClaims > 0 || allowSpend > 0n ? await openSession(context) : undefined
  const tools = session
    ? [
        ...(allowClaims > 0 ? claimTools(session, { claims: allowClaims, stake: allowStake }) : []),
        ...(allowSpend > 0n ? spendTools(session, allowSpend) : []),
      ]
    : []
  const own = session
    ? `\nThe key here is of ${session.node.account.address}. ${tools.map(({ name }) => name).join(', ')} sign with it, send, ` +
      'and wait until the action is decided: they need no get_message.'
    : ''
  serveStdio(() => {
    const server = createServer(send, verify ? own + verifiedInstructions : own)
    for (const tool of tools) addTool(server, context, tool)
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
