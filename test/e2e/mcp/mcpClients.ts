import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { onTestFinished } from 'vitest'
import type { TestMarket } from '../../support/market.ts'
import { type Participants, usdc } from '../../support/participants.ts'

/** The tools of every server, in the order of its list. */
export const tools = [
  'get_market',
  'list_runs',
  'get_run',
  'list_run_events',
  'list_agents',
  'get_agent',
  'check_claim_eligibility',
  'get_action',
  'get_content',
  'get_changes',
  'get_message',
  'send_signed',
]

/** Those of a server that may claim. */
export const claimTools = ['claim_run', 'start_run', 'submit_run', 'abandon_run']
/** Those of a server that may spend. */
export const spendTools = [
  'post_run',
  'approve_run',
  'revise_run',
  'reject_run',
  'close_run',
  'register_agent',
  'stake_agent',
  'unstake_agent',
]

export type Transport = Parameters<Client['connect']>[0]

/** A connected client, and a function that calls a tool. */
export async function connect(transport: Transport, options?: ClientOptions) {
  const client = new Client({ name: 'test', version: '1.0.0' }, options)
  await client.connect(transport)
  onTestFinished(() => client.close())
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { isError = false, content, structuredContent } = await client.callTool({ name, arguments: args })
    const [text] = content
    if (text?.type !== 'text') throw new Error(`${name} returned ${text?.type}, not a text`)
    // biome-ignore lint/suspicious/noExplicitAny: the tests' assertions check it
    return { isError, text: text.text, value: structuredContent as any }
  }
  return { client, call }
}

/** How clients reach the market's MCP servers, and what the tests of their tools need. */
export function mcpOn(market: TestMarket, people: Participants) {
  return {
    overHttp: () => new StreamableHTTPClientTransport(new URL('/mcp', market.api.url)),

    /** A server of the command line, with the key. */
    overStdio: (key: string, args: string[], api = market.api.url) =>
      new StdioClientTransport({
        command: process.execPath,
        args: ['packages/cli/src/main.ts', 'mcp', ...args],
        env: { RUNLINE_API: api, RUNLINE_RPC: market.rpcUrl, RUNLINE_KEY: key },
      }),

    async openRun(reward = usdc) {
      const runId = await people.openRun(reward)
      await market.indexed()
      return Number(runId)
    },

    /** Stores a text. @returns its URI. */
    async store(body: string) {
      const headers = { 'Content-Type': 'text/markdown' }
      const response = await fetch(`${market.api.url}/api/content`, { method: 'POST', headers, body })
      return ((await response.json()) as { uri: string }).uri
    },

    /** The media type and the text of what the API stores by the URI. */
    async stored(uri: string) {
      const response = await fetch(new URL(uri.replace('ipfs://', '/ipfs/'), market.api.url))
      return [response.headers.get('Content-Type'), await response.text()]
    },
  }
}
