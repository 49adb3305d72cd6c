import { type Address, getAbiItem, isAddressEqual, type Log, parseEventLogs } from 'viem'
import { agentRegistryAbi } from '../../../../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../../../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../../../../abis/BountyMarket.ts'
import { mockUsdcAbi } from '../../../../../abis/MockUSDC.ts'
import { type Deployment, registrarOf } from '../../../../../core/deployment.ts'
import {
  type AccountActionName,
  type AccountMessage,
  accountActionNames,
  accountDigest,
  authorizationNonce,
  type FundingMessage,
  fundsOf,
  isFunding,
  membersAsText,
  readAccountMessage,
} from '../../../../../core/market/accountActions.ts'
import { accountCall } from '../../../../../core/market/accountCall.ts'
import { explainAccountError } from '../../../../../core/market/accountErrors.ts'
import { answer } from '../../chain/client.ts'
import type { ChainHead } from '../../chain/heads.ts'
import type { Market } from '../../chain/market.ts'
import { CONTRACT_WALLET_GAS } from '../../chain/signatures.ts'
import { logsWhileValid, type Range } from '../../chain/usedSignature.ts'
import { Refusal, type RefusalCode } from '../../refusal.ts'
import type { Examination, Kind, Made } from '../kind.ts'
import { isBlamelessRevert, unexplained } from '../refusal.ts'
import type { ReadContracts } from './contracts.ts'
import { invalidSignature } from './examine.ts'

/** The most gas of each action that a key has signed, with every slot cold. A registration stores up to 256 bytes. */
const PLAIN_GAS: Record<AccountActionName, bigint> = {
  post: 260_000n,
  register: 460_000n,
  stake: 220_000n,
  unstake: 160_000n,
}

const MADE_ALREADY = new Set<RefusalCode>(['AUTHORIZATION_USED', 'WRONG_NONCE'])

type UnstakeMessage = Extract<AccountMessage, { action: 'unstake' }>

/** The agent that the message names. */
const agentOf = (message: AccountMessage): bigint | null =>
  message.action === 'stake' || message.action === 'unstake' ? message.members.agentId : null

/** The USDC that the message moves, in base units: out of the account, or out of the agent's stake. */
const amountOf = (message: AccountMessage): bigint => {
  if (isFunding(message)) return fundsOf(message)
  return message.action === 'unstake' ? message.members.amount : 0n
}

/** Posts, registrations, stakes and unstakes that an account has signed. */
export function accountActionKind(
  market: Market,
  { contracts }: Deployment,
  readContracts: ReadContracts,
  examination: Examination<AccountMessage>,
): Kind<AccountMessage> {
  const { client } = market
  // Its event names the owner. Where it is not the registry, the registry's names it.
  const registrar = registrarOf({ contracts })

  /** The logs of a contract of this deployment. Others may emit events of the same form. */
  const from = (logs: readonly Log[], contract: Address) =>
    logs.filter(({ address }) => isAddressEqual(address, contract))

  function proofIn(message: AccountMessage, logs: readonly Log[]): { result: bigint | null } | undefined {
    switch (message.action) {
      case 'post': {
        const ofMarket = from(logs, contracts.BountyMarket)
        const created = parseEventLogs({ abi: bountyMarketAbi, eventName: 'BountyCreated', logs: ofMarket })
        const own = created.find(({ args }) => isAddressEqual(args.poster, message.party))
        return own && { result: own.args.bountyId }
      }
      case 'register': {
        const ofRegistrar = from(logs, registrar)
        const registered = parseEventLogs({ abi: agentRegistryAbi, eventName: 'Registered', logs: ofRegistrar })
        const own = registered.find(({ args }) => isAddressEqual(args.owner, message.party))
        return own && { result: own.args.agentId }
      }
      default: {
        const eventName = message.action === 'stake' ? 'Staked' : 'Unstaked'
        const moved = parseEventLogs({ abi: agentStakingAbi, eventName, logs: from(logs, contracts.AgentStaking) })
        const { agentId } = message.members
        return moved.some(({ args }) => args.agentId === agentId) ? { result: agentId } : undefined
      }
    }
  }

  /** USDC takes each nonce once, and the nonce is the hash of what SignedFunding does with the payment. */
  async function findFunding(message: FundingMessage, head: ChainHead): Promise<Made | undefined> {
    const event = getAbiItem({ abi: mockUsdcAbi, name: 'AuthorizationUsed' })
    const args = { authorizer: message.party, nonce: authorizationNonce(message) }
    const read = (range: Range) => client.getLogs({ address: contracts.USDC, event, args, ...range })
    const [used] = await logsWhileValid(client, head, read)
    if (!used) return undefined
    const receipt = await answer(client.getTransactionReceipt({ hash: used.transactionHash }))
    const later = receipt.logs.filter(({ logIndex }) => logIndex > used.logIndex)
    const proof = proofIn(message, later)
    return proof && { ...proof, txHash: used.transactionHash, blockNumber: used.blockNumber }
  }

  /** The staking contract takes each nonce once. The first withdrawal after which the nonce is higher has used it. */
  async function findUnstake({ members }: UnstakeMessage, head: ChainHead): Promise<Made | undefined> {
    const { agentId, amount, signer, nonce } = members
    const event = getAbiItem({ abi: agentStakingAbi, name: 'Unstaked' })
    const read = (range: Range) =>
      client.getLogs({ address: contracts.AgentStaking, event, args: { agentId }, ...range })
    const logs = await logsWhileValid(client, head, read)
    const own = logs.find(({ args }) => args.nonce === nonce + 1n)
    const isOwn = own?.args.by !== undefined && isAddressEqual(own.args.by, signer) && own.args.amount === amount
    return isOwn ? { txHash: own.transactionHash, blockNumber: own.blockNumber, result: agentId } : undefined
  }

  return {
    ...examination,
    names: accountActionNames,
    bodyOf: membersAsText,
    messageOf: ({ kind, body }) => readAccountMessage(kind as AccountActionName, body),
    takes: (message) => ({ agentId: agentOf(message), amount: amountOf(message) }),

    /** Withdrawals of an agent have nonces, and follow each other. Any number of the others may be open at once. */
    slotOf({ action, party, members }) {
      return `${action === 'unstake' ? `agent ${members.agentId}` : `${action} ${members.salt}`} by ${party}`
    },
    madeAlready: MADE_ALREADY,
    isForAnyone: false,
    placesOf: () => 'free',

    idOf: async (message) => accountDigest(await readContracts(), message),
    call: (sender, message, signature) => ({ from: sender, ...accountCall({ contracts }, message, signature) }),
    mostGas: PLAIN_GAS.register + CONTRACT_WALLET_GAS,
    mostGasOf: ({ action }) => PLAIN_GAS[action] + CONTRACT_WALLET_GAS,

    refusalOfFailure({ data }, { deadline }) {
      const explained = data && explainAccountError(data, deadline)
      if (!explained) return unexplained('action', { revertData: data ?? null })
      return new Refusal(explained.code, explained.sentence, { extensions: explained.extensions })
    },
    invalidSignature,
    isBlameless: isBlamelessRevert,

    proofIn,

    async findMade({ message }, head) {
      if (isFunding(message)) return findFunding(message, head)
      return message.action === 'unstake' ? findUnstake(message, head) : undefined
    },

    async findLost(message, head) {
      if (message.action !== 'register') return []
      const event = getAbiItem({ abi: agentRegistryAbi, name: 'Registered' })
      const args = { owner: message.party }
      const read = (range: Range) => client.getLogs({ address: registrar, event, args, ...range })
      const logs = await logsWhileValid(client, head, read)
      return logs
        .toReversed()
        .flatMap(({ args: { agentURI, agentId }, transactionHash: txHash, blockNumber }) =>
          agentId === undefined || agentURI !== message.members.agentURI
            ? []
            : { txHash, blockNumber, result: agentId },
        )
    },

    /** Claims lock their agent, too: stake that leaves backs no claim. */
    locksOf: (message) => (message.action === 'unstake' ? [`agent ${message.members.agentId}`] : []),

    /** Not those of newcomers: new accounts cost nothing, and must not use up what claims need. */
    subjectsOf: ({ action, party }) => ({
      shared: [`wallet ${party}`, action === 'post' ? 'posts' : 'registrations'],
      covers: [],
    }),

    needOf(message, { funds }) {
      if (message.action === 'unstake') return { of: 'idle agent', agentId: message.members.agentId }
      return funds && { of: 'funds', party: message.party, amount: amountOf(message), ...funds }
    },
  }
}
