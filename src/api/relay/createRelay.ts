import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Address, LocalAccount } from 'viem'
import type { Deployment } from '../deployment.ts'
import { Problem } from '../errors.ts'
import { createClaims } from './claims.ts'
import { createFees } from './fees.ts'
import { createFlights } from './flights.ts'
import { createHeads } from './heads.ts'
import { createJournal } from './journal.ts'
import { assertMarket, type ClaimRequest, type Market, relayersAmong } from './market.ts'
import { createReceipts } from './receipts.ts'
import type { Relay } from './relay.ts'
import { answer, createRpc } from './rpc.ts'
import { createSigner } from './signer.ts'

/** How long `close` waits for claims on their way whose requests are over. Milliseconds. */
const CLOSE_TIMEOUT = 4_000

type Options = {
  rpcUrl: string
  deployment: Deployment
  /** Each has nonces of its own. They need hold gas only. */
  accounts: LocalAccount[]
  /** Whether a claim may lean on RELAYER_ROLE instead of the wallet's signature. */
  allowUnsigned: boolean
  logger: Logger
  /** How often the chain's head is looked at while a claim waits for it, in milliseconds. */
  interval?: number
}

/**
 * Starts the relay. A node that does not answer yet does not stop it.
 * @throws if the node serves another chain than the deployment's, or one without the market.
 */
export async function createRelay(options: Options): Promise<Relay> {
  const { rpcUrl, deployment, accounts, allowUnsigned, logger, interval = 50 } = options
  const client = createRpc(rpcUrl)
  const market: Market = { client, chainId: deployment.chainId, address: deployment.contracts.BountyMarket }
  const heads = createHeads(client, interval)
  const journal = createJournal()
  const fees = createFees(client, heads)
  const { chainId } = market
  // Connections of their own: what is signed does not queue behind what is asked.
  const sender = createRpc(rpcUrl)
  const signers = accounts.map((account) => createSigner({ client: sender, chainId, account, journal, fees, logger }))
  const resend = async (address: Address) => signers.find((signer) => signer.address === address)?.resend()
  const watch = createReceipts({ client, heads, journal, interval, resend, logger })
  const flights = createFlights({ market, watch, logger })
  const relayers = once(() => findRelayers(market, options))
  let closing = false

  async function signersFor({ signed }: ClaimRequest) {
    const named = await relayers()
    return signed ? signers : signers.filter(({ address }) => allowUnsigned && named.has(address))
  }

  await relayers().catch((error) => {
    if (!(error instanceof Problem)) throw error
    logger.warn({ err: error }, 'the relay starts without an answer of the chain’s node')
  })

  return {
    claim: createClaims({ market, heads, flights, signersFor, isClosing: () => closing }),
    async isFinal(blockNumber) {
      const block = await answer(client.getBlock({ blockTag: 'finalized' })).catch((error) => {
        if (!(error instanceof Problem)) throw error
        logger.warn({ err: error }, 'the node does not say which block is final')
      })
      return block !== undefined && blockNumber <= block.number
    },
    async close() {
      closing = true
      await Promise.race([flights.drained(), sleep(CLOSE_TIMEOUT, undefined, { ref: false })])
      if (flights.count() > 0)
        logger.warn({ undecided: flights.count() }, 'the relay closes before all claims are decided')
    },
  }
}

async function findRelayers(market: Market, { accounts, allowUnsigned, logger }: Options): Promise<Set<Address>> {
  await assertMarket(market)
  const addresses = accounts.map(({ address }) => address)
  const relayers = await relayersAmong(market, addresses)
  logger.info({ signers: addresses, relayers: [...relayers], allowUnsigned }, 'the relay is ready')
  return relayers
}

/** Remembers the answer, but no failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined
  return () => {
    asked ??= ask().catch((error) => {
      asked = undefined
      throw error
    })
    return asked
  }
}
