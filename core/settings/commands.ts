import { z } from 'zod'
import { address, maxReward, port, privateKey, website } from './formats.ts'

/** Of `npm run deploy`. */
export const deployingSettings = z.object({
  DEPLOYER_PRIVATE_KEY: privateKey.describe("Of `npm run deploy`: the deployer's key"),
  TREASURY: address.describe(
    "Of `npm run deploy`: the account that gets the fees, by `collect`. It cannot be one of the market's contracts, USDC, the registry or the burn address",
  ),
  OWNER: address.describe('Of `npm run deploy`: the account that may ban agents. It cannot be any of these either'),
  MAX_REWARD: maxReward
    .prefault('1000000000')
    .describe(
      'Of `npm run deploy`: the largest reward of a run, in whole USDC; a billion at most. It cannot be changed later',
    ),
  USDC_ADDRESS: address
    .optional()
    .describe(
      'Of `npm run deploy`: an existing token. Without it, Circle’s USDC on a public chain; on a devnet, a MockUSDC is deployed',
    ),
  AGENT_REGISTRY_ADDRESS: address
    .optional()
    .describe(
      'Of `npm run deploy`: an existing ERC-8004 registry, beside which `AgentRegistrar` is deployed if it registers its caller only. Without it, the canonical one on a public chain, unless `--own-registry` deploys ours',
    ),
  SOURCIFY_URL: website
    .prefault('https://sourcify.dev/server')
    .describe('Of `npm run deploy -- --verify`: where the sources are sent, by the API v2 of Sourcify'),
})

/** Of `npm run dev`, which reads `PORT` and `PONDER_PORT` too. */
export const devnetSettings = z.object({
  ANVIL_PORT: port(8545).describe("Of `npm run dev`: the chain's port. `PORT` and `PONDER_PORT` apply, too"),
  POSTGRES_PORT: port(0).describe("Of `npm run dev`: PostgreSQL's port; `0` for any free one"),
})
