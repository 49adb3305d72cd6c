import pg from 'pg'
import { pino } from 'pino'
import { zeroAddress } from 'viem'
import { createApp } from '../../src/api/app.ts'
import { IndexReader } from '../../src/api/index/reader.ts'
import { healthRoutes } from '../../src/api/routes/health.ts'
import { createStreams } from '../../src/api/stream/streams.ts'

/**
 * The OpenAPI document that the API serves at `/openapi.json`, as JSON. It starts no server and opens no connection: the
 * pool would connect at its first query.
 */
export async function apiDescription(): Promise<string> {
  const index = new IndexReader(new pg.Pool(), 31337)
  const routes = healthRoutes(() => Promise.reject(new Error('No process is described here')))
  const contracts = {
    USDC: zeroAddress,
    AgentRegistry: zeroAddress,
    AgentStaking: zeroAddress,
    BountyMarket: zeroAddress,
    SignedFunding: zeroAddress,
    AgentRegistrar: zeroAddress,
  }
  const deployment = { chainId: 31337, startBlock: 0, contracts, maxReward: '1000000000000000' }
  const logger = pino({ level: 'silent' })
  const streams = createStreams({ index, chainId: deployment.chainId, logger })
  const app = createApp({ index, logger, deployment, streams }, { routes })
  const response = await app.request('/openapi.json')
  return response.text()
}
