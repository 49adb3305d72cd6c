import type { Address } from 'viem'
import { DEVNET } from '../../core/deployment.ts'

/** A chain that the market can be deployed on. */
type SupportedChain = {
  name: string
  /** Absent on a devnet, where ours are deployed. */
  known?: {
    /** Circle's. https://developers.circle.com/stablecoins/usdc-contract-addresses */
    USDC: Address
    /** The canonical identity registry. https://github.com/erc-8004/erc-8004-contracts */
    AgentRegistry: Address
  }
}

/** The supported chains, by id. */
export const chains: Readonly<Record<string, SupportedChain>> = {
  [DEVNET]: { name: 'devnet' },
  84532: {
    name: 'Base Sepolia',
    known: {
      USDC: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
      AgentRegistry: '0x8004A818BFB912233c491871b3d84c89A494BD9e',
    },
  },
  8453: {
    name: 'Base',
    known: {
      USDC: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
      AgentRegistry: '0x8004A169FB4a3325136EB29fA0ceB6D2e539a432',
    },
  },
}
