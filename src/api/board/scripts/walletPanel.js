// The wallet in the head of the page: connect, the account and its chain, switch the chain, disconnect.
import { element } from './element.js'
import { market } from './market.js'
import { formatUsdc } from './usdc.js'
import {
  connect,
  currentAccount,
  disconnect,
  isNamed,
  isOnWrongChain,
  readBalance,
  switchChain,
  useAccount,
  walletChain,
  wallets,
} from './wallet.js'

const panel = document.getElementById('wallet')
const note = document.getElementById('wallet-note')

/** What the account had when it was read last. */
let balance = {}

/** Names of wallets are text that others wrote. */
const MAX_NAME = 24

const say = (text) => {
  note.textContent = text
}

function button(text, action) {
  const shown = element('button', { type: 'button', className: 'quiet', textContent: text })
  shown.addEventListener('click', async () => {
    say('')
    await action()?.catch(({ message }) => say(message))
  })
  return shown
}

const words = (textContent, className) => element('span', { textContent, className })

async function nameAccount() {
  const address = prompt('Address of the multisig. It signs nothing here: you copy what it sends itself.')?.trim()
  if (address === undefined) return
  if (!/^0x[0-9a-fA-F]{40}$/.test(address))
    return say(`Enter an address of 0x and 40 hexadecimal digits, not ${address.slice(0, 60)}`)
  useAccount(address)
}

function parts() {
  const account = currentAccount()
  if (account !== undefined) {
    const short = element('a', {
      className: 'account',
      href: `/accounts/${account}`,
      title: `My runs and agents: ${account}`,
      textContent: `${account.slice(0, 6)}…${account.slice(-4)}`,
    })
    const chain = isOnWrongChain()
      ? [
          words(`Chain ${walletChain()}, but this market is on chain ${market.chainId}`, 'wrong'),
          button('Switch chain', switchChain),
        ]
      : [
          words(
            isNamed() ? 'Without a wallet' : balance.account === account ? `${formatUsdc(balance.amount)} USDC` : '',
            'hint',
          ),
        ]
    return [short, ...chain, button('Disconnect', disconnect)]
  }
  const multisig = button('Use a multisig', nameAccount)
  const found = wallets()
  if (found.length === 0) {
    return [
      button('Connect wallet', () =>
        say('No wallet was found. Install one in this browser, then load the page again.'),
      ),
      multisig,
    ]
  }
  const connecting = found.map(({ id, name }) => {
    const label = found.length === 1 ? 'Connect wallet' : `Connect ${name.slice(0, MAX_NAME)}`
    return button(label, () => connect(id))
  })
  return [...connecting, multisig]
}

function show() {
  const hadFocus = panel.contains(document.activeElement)
  panel.replaceChildren(...parts())
  if (hadFocus) panel.querySelector('button')?.focus()
}

/** A wallet that cannot say it shows no balance. */
async function update() {
  show()
  const account = currentAccount()
  if (account === undefined || isNamed() || isOnWrongChain()) return
  const amount = await readBalance()
  if (account !== currentAccount()) return
  balance = { account, amount }
  show()
}

document.documentElement.classList.add('scripted')
for (const change of ['wallet', 'made']) document.addEventListener(change, () => update().catch(console.warn))
show()
