import { type Address, numberToHex } from 'viem'
import { expect, it } from 'vitest'
import { createRpc } from '../../../src/api/relay/chain/client.ts'
import { createCodeReader } from '../../../src/api/relay/chain/intake.ts'
import { startAnvil } from '../../../tools/devnet/anvil.ts'
import { createAnvilClient } from '../../../tools/devnet/anvilClient.ts'
import { startRpcProxy } from '../../support/rpcProxy.ts'

const WALLETS = 1_200

const walletOf = (place: number): Address => numberToHex(0x1000000 + place, { size: 20 })

it('reads which of many wallets have code, in few calls, and reads it again for a later question', async () => {
  await using parts = new AsyncDisposableStack()
  const anvil = await startAnvil()
  parts.defer(anvil.stop)
  const methods: string[] = []
  const proxy = await startRpcProxy(anvil.rpcUrl, ({ method }) => {
    methods.push(method)
    return undefined
  })
  parts.defer(proxy.stop)
  const client = createAnvilClient(anvil.rpcUrl)
  const hasCode = createCodeReader({ client: createRpc(proxy.url) }, async () => undefined)
  const key = walletOf(0)
  const contract = walletOf(1)
  const delegated = walletOf(2)
  const last = walletOf(WALLETS - 1)
  await client.setCode({ address: contract, bytecode: '0x00' })
  // By EIP-7702, this account runs the contract's code.
  await client.setCode({ address: delegated, bytecode: `0xef0100${contract.slice(2)}` })
  await client.setCode({ address: last, bytecode: '0x5b600056' })

  const wallets = Array.from({ length: WALLETS }, (_, place) => walletOf(place))
  const answers = await Promise.all(wallets.map(hasCode))
  expect(wallets.filter((_, place) => answers[place])).toEqual([contract, delegated, last])
  expect(methods).toEqual(['eth_call', 'eth_call', 'eth_call'])

  await client.setCode({ address: key, bytecode: '0x00' })
  await client.setCode({ address: contract, bytecode: '0x' })
  expect(await Promise.all([key, contract, delegated].map(hasCode))).toEqual([true, false, true])
})
