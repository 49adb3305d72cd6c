import { bytesToHex, type LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import {
  type AccountMessage,
  accountDigest,
  accountMessage,
  accountTypedData,
} from '../../../core/market/accountActions.ts'
import { createContexts } from '../../../src/api/relay/contexts.ts'
import type { ActionRequest } from '../../../src/api/relay/kinds/request.ts'
import type { Asking } from '../../../src/api/relay/pipeline/context.ts'
import { placeActions } from '../../../src/api/relay/pipeline/placing.ts'
import type { Relay } from '../../../src/api/relay/relay.ts'
import { createPlacer } from '../../../src/api/relay/sender/placement.ts'
import type { TestChain } from '../../support/market.ts'
import { relayer, settingsOn } from '../claims/claimsOnChain.ts'

export const newAccount = () => privateKeyToAccount(generatePrivateKey())

/** A request that waits for so long, from a client that does not disconnect. */
export const asked = (milliseconds = 15_000): Asking => ({
  client: 'test',
  gone: new AbortController().signal,
  until: AbortSignal.timeout(milliseconds),
})

/** What owners sign to be registered by the relay. @param readContracts of a relay on the chain. */
export function registrationsOn(chain: TestChain, readContracts: Relay['readContracts']) {
  const idOf = async (message: AccountMessage) => accountDigest(await readContracts(), message)

  return {
    idOf,

    /** @param seconds until its deadline. */
    async register(owner: LocalAccount, seconds = 600n): Promise<ActionRequest<AccountMessage>> {
      const deadline = (await chain.client.getBlock()).timestamp + seconds
      const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
      const message = accountMessage('register', { owner: owner.address, agentURI: 'ipfs://agent', salt, deadline })
      const typedData = accountTypedData(await readContracts(), message)
      return { message, signature: await owner.signTypedData(typedData as never) }
    },

    /** Stores a signed transaction, and sends nothing, as a process that is killed there. */
    async storeUnsent(request: ActionRequest<AccountMessage>, databaseUrl: string): Promise<void> {
      const { sender, pipeline } = createContexts(settingsOn({ ...chain, databaseUrl }), 'killed')
      const [placer, signer] = [createPlacer(sender), relayer]
      const action = { actionId: await idOf(request.message), request }
      const candidate = { action, gas: 300_000n, agentId: undefined, fees: 0n, runsWalletCode: false }
      const placed = await placeActions(pipeline, placer, signer, placer.quote(signer), [candidate])
      await sender.pool.end()
      if (typeof placed[0] !== 'object') throw new Error(`The registration is not stored: ${placed}`)
    },
  }
}
