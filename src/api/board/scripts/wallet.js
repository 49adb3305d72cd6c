// The wallets of the browser (EIP-6963), and the one that the page uses (EIP-1193). Each change is an event `wallet` of the
// document.
import { market } from './market.js'

const REMEMBERED = 'runline.wallet'
const NAMED = 'runline.account'
const REJECTED = 4001
const BUSY = -32002
const UNKNOWN_CHAIN = 4902

/** A sentence for the reader: why the wallet has signed nothing. */
export class WalletError extends Error {}

const LOST = 'The wallet is no longer connected. Connect it again. Nothing was sent.'

const announced = new Map()
let chosen
let account
let chainId
let lost = Promise.withResolvers()
let reconnecting = Promise.resolve()

const changed = () => document.dispatchEvent(new Event('wallet'))

/** @returns {{ id: string, name: string }[]} */
export const wallets = () => [...announced.values()].map(({ info }) => ({ id: info.uuid, name: String(info.name) }))

/** Waits for the wallet that was used before this page was loaded. */
export const reconnected = () => reconnecting

/** The connected account; undefined if there is none. */
export const currentAccount = () => account

export const isOnWrongChain = () => account !== undefined && chainId !== market.chainId

/** Whether the account was named by its address: it signs nothing here. */
export const isNamed = () => account !== undefined && chosen === undefined

/** Uses the account of this address, such as a multisig, which sends by itself what the page builds. */
export function useAccount(address) {
  disconnect()
  account = address.toLowerCase()
  chainId = market.chainId
  localStorage.setItem(NAMED, account)
  changed()
}

/** The chain of the wallet. */
export const walletChain = () => chainId

async function request(method, params = []) {
  if (!chosen) throw new WalletError('Connect a wallet first.')
  try {
    return await Promise.race([chosen.provider.request({ method, params }), lost.promise])
  } catch (error) {
    if (error instanceof WalletError) throw error
    throw new WalletError(wordsFor(error), { cause: error })
  }
}

function wordsFor({ code, message }) {
  if (code === REJECTED) return 'You rejected the request in the wallet. Nothing was sent.'
  if (code === BUSY) return 'The wallet waits for your answer to an earlier request. Open it.'
  if (code === UNKNOWN_CHAIN) return `The wallet does not know chain ${market.chainId}. Add the chain to the wallet.`
  return `The wallet answers: ${String(message).slice(0, 300)}`
}

const on = {
  accountsChanged(accounts) {
    account = accounts[0]?.toLowerCase()
    if (account === undefined) disconnect()
    else changed()
  },
  chainChanged(id) {
    chainId = Number(id)
    changed()
  },
  disconnect: () => disconnect(),
}

/** Uses the wallet. @param silently asks only for what the wallet has allowed before. */
export async function connect(id, silently = false) {
  disconnect()
  chosen = announced.get(id)
  const accounts = await request(silently ? 'eth_accounts' : 'eth_requestAccounts')
  if (accounts.length === 0) return disconnect()
  chainId = Number(await request('eth_chainId'))
  account = accounts[0].toLowerCase()
  for (const [event, listener] of Object.entries(on)) chosen.provider.on?.(event, listener)
  localStorage.setItem(REMEMBERED, chosen.info.rdns)
  changed()
}

/** Forgets the wallet. What waits for it fails. */
export function disconnect() {
  for (const [event, listener] of Object.entries(on)) chosen?.provider.removeListener?.(event, listener)
  if (account !== undefined) for (const key of [REMEMBERED, NAMED]) localStorage.removeItem(key)
  lost.promise.catch(() => {})
  lost.reject(new WalletError(LOST))
  lost = Promise.withResolvers()
  chosen = undefined
  account = undefined
  changed()
}

/** The account's USDC in base units, as the wallet's node says. */
export async function readBalance() {
  const data = `0x70a08231${account.slice(2).padStart(64, '0')}`
  return BigInt(await request('eth_call', [{ to: market.contracts.USDC, data }, 'latest']))
}

/** Asks the wallet to use the market's chain, and to add the chain where the wallet lacks it. */
export async function switchChain() {
  const id = { chainId: `0x${market.chainId.toString(16)}` }
  try {
    await request('wallet_switchEthereumChain', [id])
  } catch (error) {
    if (error.cause?.code !== UNKNOWN_CHAIN || market.chain === undefined) throw error
    await request('wallet_addEthereumChain', [{ ...id, ...market.chain }])
  }
  chainId = Number(await request('eth_chainId'))
  changed()
}

/** The signature of the account that was connected when the user asked. @throws WalletError */
export async function sign(typedData, signer) {
  const [[current], chain] = await Promise.all([request('eth_accounts'), request('eth_chainId')])
  if (current === undefined) throw new WalletError(LOST)
  if (Number(chain) !== market.chainId) {
    chainId = Number(chain)
    changed()
    throw new WalletError(
      `The wallet is on chain ${chainId}, and this market is on chain ${market.chainId}. Switch it.`,
    )
  }
  const assertUnchanged = (now) => {
    if (now?.toLowerCase() !== signer)
      throw new WalletError('The account changed. Nothing was sent. Check it, and repeat.')
  }
  assertUnchanged(current)
  const signature = await request('eth_signTypedData_v4', [signer, JSON.stringify(typedData)])
  assertUnchanged(account)
  return signature
}

const named = localStorage.getItem(NAMED)
if (named !== null) useAccount(named)
addEventListener('eip6963:announceProvider', ({ detail }) => {
  if (announced.has(detail.info.uuid)) return
  announced.set(detail.info.uuid, detail)
  if (!account && !chosen && detail.info.rdns === localStorage.getItem(REMEMBERED)) {
    reconnecting = connect(detail.info.uuid, true).catch(console.warn)
  }
  changed()
})
dispatchEvent(new Event('eip6963:requestProvider'))
