import { type LocalAccount, zeroAddress } from 'viem'
import { beforeAll, expect, it } from 'vitest'
import { actionOf, bodyOf, hasMember, type RunActionName, runActionNames } from '../../../core/market/runActions.ts'
import { accountOf } from '../../../tools/devnet/accounts.ts'
import type { Answer } from '../../support/describedAnswers.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { claimApi } from '../claims/claimApi.ts'
import { poster, type Runs, runsOn, type Situation, situations } from './runsInStates.ts'

let market: TestMarket
let runs: Runs
let api: ReturnType<typeof claimApi>
let parties: LocalAccount[]

const evaluator = accountOf(3)
const stranger = accountOf(5)

/** What some party may do in each situation. */
const allowed: Record<Situation, RunActionName[]> = {
  OPEN: ['close'],
  RESERVED: ['close', 'name-claimant'],
  CLAIMED: ['start', 'submit', 'abandon', 'close'],
  IN_PROGRESS: ['submit', 'abandon', 'close'],
  SUBMITTED: ['approve', 'revise', 'reject'],
  REVISION_REQUESTED: ['submit', 'abandon', 'approve'],
  LAST_SUBMITTED: ['approve', 'reject'],
  APPROVED: [],
  DRAFT: [],
  CLOSING: ['start', 'submit', 'abandon'],
  REOPENED: ['start', 'submit', 'abandon', 'close'],
}

/** Blocks are mined with transactions only, so that a block stays the latest until something happens. */
beforeAll(async () => {
  market = await startTestMarket({ chain: {} })
  runs = await runsOn(market)
  api = claimApi(market.api.url)
  parties = [runs.agent.wallet, poster, evaluator, stranger]
  return market.stop
}, 120_000)

/** Reviews are signed by the account that the request names, other actions by the run's own party. */
const signersOf = (action: RunActionName) =>
  hasMember(action, 'signer') ? parties : [actionOf(action).party === 'poster' ? poster : runs.agent.wallet]

async function messageOf(action: RunActionName, runId: bigint, signer: LocalAccount): Promise<Answer> {
  const text = {
    submit: '&deliverableHash=ipfs://work',
    revise: '&feedbackHash=ipfs://feedback',
    'name-claimant': `&claimant=${stranger.address}`,
  }
  const named = hasMember(action, 'signer') ? `&signer=${signer.address}` : ''
  const block = await market.client.getBlockNumber({ cacheTime: 0 })
  const query = `runId=${runId}&minBlock=${block}${text[action as keyof typeof text] ?? ''}${named}`
  return api.get(`/api/messages/${action}?${query}`)
}

/** Signs and sends the action without the API's message, as a party that does not ask. */
async function sendUnasked(action: RunActionName, runId: bigint, signer: LocalAccount): Promise<Answer> {
  const { state } = await market.market.read.getBounty([runId])
  const message = await runs.messageOf(action, runId, signer.address)
  const isReview = hasMember(action, 'signer')
  // A review names the last delivery.
  if (isReview && state === 7) message.revision -= 1n
  const { signature } = await runs.signed(message, signer)
  return api.post(`/api/runs/${runId}/${action}`, { ...bodyOf(message), signature })
}

it.each(situations)(
  'what a message allows of a run %s is made, and what it refuses is refused so',
  {
    timeout: 120_000,
  },
  async (situation: Situation) => {
    const made = new Set<RunActionName>()
    for (const named of [zeroAddress, evaluator.address]) {
      let runId = await runs.runIn(situation, named)
      for (const action of runActionNames) {
        for (const signer of signersOf(action)) {
          await market.indexed()
          const asked = await messageOf(action, runId, signer)
          const what = `${situation}, ${action}: ${JSON.stringify(asked.body)}`
          if (asked.status !== 200) {
            const sent = await sendUnasked(action, runId, signer)
            expect.soft(sent.body.code, what).toBe(asked.body.code)
            continue
          }
          const { path, body, typedData } = asked.body
          const sent = await api.post(path, { ...body, signature: await signer.signTypedData(typedData) })
          expect.soft(sent.status, `${what}: ${JSON.stringify(sent.body)}`).toBe(200)
          made.add(action)
          runId = await runs.runIn(situation, named)
        }
      }
    }
    expect([...made]).toEqual(allowed[situation])
  },
)
