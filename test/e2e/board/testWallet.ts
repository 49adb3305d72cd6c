import type { Page } from 'playwright-core'
import type { LocalAccount } from 'viem'
import type { TestMarket } from '../../support/market.ts'

/** What a page asks of its wallet, as EIP-1193 has it. */
type Answer = { result: unknown } | { error: { code: number; message: string } }

/** The page's side: announces a wallet (EIP-6963) whose requests the test answers. */
const script = `{
  const listeners = {}
  const provider = {
    async request({ method, params = [] }) {
      const { result, error } = await window.askTestWallet(method, JSON.stringify(params))
      if (error) throw Object.assign(new Error(error.message), { code: error.code })
      return result
    },
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    removeListener: (event, listener) => listeners[event]?.delete(listener),
  }
  window.emitOfTestWallet = (event, value) => [...(listeners[event] ?? [])].forEach((listener) => listener(value))
  const info = { uuid: 'f9b0a5f0-7d0e-4f6e-9b62-000000000001', name: 'Test wallet', rdns: 'test.wallet', icon: 'data:,' }
  const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: { info, provider } }))
  addEventListener('eip6963:requestProvider', announce)
  announce()
}`

/** A wallet in the pages of this tab, which signs with the account. */
export async function installWallet(page: Page, account: LocalAccount, { chainId, client }: TestMarket) {
  /** What it was asked to sign. */
  const signed: string[] = []
  const state = { account, chainId, isAllowed: false, rejects: false }

  async function answer(method: string, params: string[]): Promise<Answer> {
    switch (method) {
      case 'eth_requestAccounts':
        state.isAllowed = true
        return { result: [state.account.address] }
      case 'eth_accounts':
        return { result: state.isAllowed ? [state.account.address] : [] }
      case 'eth_chainId':
        return { result: `0x${state.chainId.toString(16)}` }
      case 'eth_call':
        return { result: await client.request({ method, params: params as never }) }
      case 'wallet_switchEthereumChain':
        state.chainId = chainId
        return { result: null }
      case 'eth_signTypedData_v4': {
        if (state.rejects) return { error: { code: 4001, message: 'User rejected the request.' } }
        const [, typedData = ''] = params
        signed.push(typedData)
        return { result: await state.account.signTypedData(JSON.parse(typedData)) }
      }
      default:
        return { error: { code: 4200, message: `The wallet has no ${method}` } }
    }
  }

  await page.exposeFunction('askTestWallet', (method: string, params: string) => answer(method, JSON.parse(params)))
  await page.addInitScript(script)
  const emit = (event: string, value: unknown) =>
    page.evaluate(`window.emitOfTestWallet(${JSON.stringify(event)}, ${JSON.stringify(value)})`)

  return {
    signed,
    state,
    async use(other: LocalAccount) {
      state.account = other
      await emit('accountsChanged', [other.address])
    },
    async moveToChain(id: number) {
      state.chainId = id
      await emit('chainChanged', `0x${id.toString(16)}`)
    },
    async lose() {
      state.isAllowed = false
      await emit('accountsChanged', [])
    },
  }
}

export type TestWallet = Awaited<ReturnType<typeof installWallet>>
