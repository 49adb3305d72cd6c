import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { erc20Abi } from 'viem'
import { agentRegistrarAbi } from '../../../abis/AgentRegistrar.ts'
import { agentRegistryAbi } from '../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../../abis/MockUSDC.ts'
import { signedFundingAbi } from '../../../abis/SignedFunding.ts'
import { DEVNET } from '../../../core/deployment.ts'
import type { Deps } from '../deps.ts'
import { routeNotFound } from '../http/errorHandler.ts'
import { SHARED_FOR_A_SECOND } from '../http/readHeaders.ts'
import { formatMarket, marketSchema } from '../resources/market.ts'
import { problemResponses } from './responses.ts'

const getMarket = createRoute({
  method: 'get',
  path: '/api/market',
  operationId: 'getMarket',
  tags: ['Market'],
  summary: 'Get the contracts and terms of the market',
  description: 'The same as long as the server runs: the contracts cannot be upgraded.',
  request: { query: z.strictObject({}) },
  responses: {
    200: { description: 'The market.', content: { 'application/json': { schema: marketSchema } } },
    ...problemResponses(['VALIDATION_FAILED']),
  },
})

/** The ABIs by the names of their files. */
const abisOf = (chainId: number): Record<string, readonly { type: string }[]> => ({
  'USDC.json': chainId === DEVNET ? mockUsdcAbi : erc20Abi,
  'AgentRegistry.json': agentRegistryAbi,
  'AgentStaking.json': agentStakingAbi,
  'BountyMarket.json': bountyMarketAbi,
  'SignedFunding.json': signedFundingAbi,
  'AgentRegistrar.json': agentRegistrarAbi,
})

const getAbi = createRoute({
  method: 'get',
  path: '/abis/{file}',
  operationId: 'getAbi',
  tags: ['Market'],
  summary: 'Get the ABI of a contract',
  description: 'For viem, ethers and other libraries. `USDC.json` is ERC-20, on a devnet with `mint`.',
  request: { params: z.object({ file: z.string().openapi({ type: 'string', enum: Object.keys(abisOf(DEVNET)) }) }) },
  responses: {
    200: {
      description: 'The ABI.',
      content: {
        'application/json': {
          schema: z.array(z.looseObject({ type: z.string() })).openapi('Abi', {
            example: [{ type: 'function', name: 'bountyCount', inputs: [], outputs: [{ name: '', type: 'uint256' }] }],
          }),
        },
      },
    },
    ...problemResponses(['ROUTE_NOT_FOUND']),
  },
})

export function addMarketRoutes(app: OpenAPIHono, { deployment }: Deps) {
  const market = formatMarket(deployment)
  const abis = new Map(Object.entries(abisOf(deployment.chainId)))

  app.openapi(getMarket, (c) => c.json(market, 200, { 'Cache-Control': SHARED_FOR_A_SECOND }))

  app.openapi(getAbi, (c) => {
    const abi = abis.get(c.req.valid('param').file)
    return abi ? c.json([...abi], 200) : (routeNotFound(c) as never)
  })
}
