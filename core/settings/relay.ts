import { z } from 'zod'
import type { AccountActionName } from '../market/accountActions.ts'
import { amount, baseUnits, boolean, commaSeparated, integer, kmsKey, percent, perTime, privateKey } from './formats.ts'

/** The most claims in a transaction: they take about half a block of 30 million gas. */
export const MAX_BATCH = 50

/** What the relay sends beside claims: actions about runs that a party has signed. */
export const RUN_ACTIONS = [
  'start',
  'submit',
  'abandon',
  'approve',
  'revise',
  'reject',
  'close',
  'name-claimant',
] as const
/** What the relay sends beside these: posts of runs, registrations, stakes and unstakes that an account has signed. */
export const ACCOUNT_ACTIONS = ['post', 'register', 'stake', 'unstake'] as const satisfies AccountActionName[]
/** The calls that the contracts allow to anyone, which need no signature. */
export const OPEN_CALLS = ['finalize', 'expire', 'slash', 'reject-overdue', 'collect'] as const
const RELAYED_ACTIONS = [...RUN_ACTIONS, ...ACCOUNT_ACTIONS, ...OPEN_CALLS] as const
const noAction = `must be none, or some of ${RELAYED_ACTIONS.join()}`

/** How the API sends claims and actions. */
export const relaySettings = z.object({
  RELAY: z
    .enum(['on', 'off'], 'must be on or off')
    .default('on')
    .describe(
      '`off`: the process only reads, also where keys are set. It has no connections and no keepers of the relay, and asks the chain for nothing but its blocks. Claims answer 503',
    ),
  RELAYER_PRIVATE_KEY: commaSeparated
    .pipe(z.array(privateKey).min(1))
    .optional()
    .describe(
      'Keys that pay for claims and hold gas only, comma-separated. Without one here or in AWS KMS, claims answer 503. When deploying on chain 31337, it names the accounts that may claim without a signature',
    ),
  // Not secret: only the credentials allow their use.
  RELAYER_KMS_KEYS: commaSeparated
    .pipe(z.array(kmsKey).min(1))
    .optional()
    .describe('Ids, ARNs or aliases of such keys in [AWS KMS](operations.md#keys-in-aws-kms), comma-separated'),
  ALLOW_UNSIGNED_CLAIMS: boolean
    .optional()
    .describe(
      "Whether a claim needs no signature of the agent's wallet. On chain 31337 only, where it is `true` without this setting",
    ),
  // A hundred agents behind one NAT that try 30 runs each. A claim costs the node about six calls.
  CLAIMS_PER_MINUTE: perTime(3_000).describe(
    'Limit of claims and [actions](api.md#actions), repeats included, per address and process',
  ),
  // More runs than an agent can work on, and few enough to stop a flood.
  WALLET_CLAIMS_PER_MINUTE: perTime(600).describe('Limit of transactions per wallet and minute, over all processes'),
  // Bounds the gas that one wallet costs the relayer: a run may be worth so little that its claim locks no stake.
  WALLET_CLAIMS_PER_DAY: perTime(10_000).describe('Limit of transactions per wallet and day, over all processes'),
  DAILY_GAS_BUDGET: amount('ether', 18)
    .prefault('1')
    .describe(
      "Ether that each key may spend within 24 hours, including a rollup's L1 fees. Beyond it, claims answer 503, and stuck transactions are not replaced at a higher price",
    ),
  WALLET_BUDGET_PERCENT: percent
    .prefault('1')
    .describe(
      'How much of `DAILY_GAS_BUDGET`, of all keys together, the claims and actions of a wallet may cost within a day, but at least three. Beyond it, they answer 429. Those that fees cover do not count: [shares](api.md#shares-of-the-budget)',
    ),
  AGENT_BUDGET_PERCENT: percent.prefault('1').describe('The same for an agent'),
  POSTER_BUDGET_PERCENT: percent.prefault('10').describe("The same for the claims of a poster's runs"),
  NEWCOMERS_BUDGET_PERCENT: percent
    .prefault('50')
    .describe('The same for all claims and actions that fees do not cover. Beyond it, they answer 503'),
  POSTS_BUDGET_PERCENT: percent
    .prefault('10')
    .describe(
      "The same for all posts, closes, namings of claimants and `expire`. Newcomers' claims and this have no part in common",
    ),
  REGISTRATIONS_BUDGET_PERCENT: percent.prefault('10').describe('The same for all registrations, stakes and unstakes'),
  ANYONE_BUDGET_PERCENT: percent
    .prefault('10')
    .describe('The same for the other calls that anyone may ask for: `finalize`, `slash`, `reject-overdue`, `collect`'),
  FEE_BUDGET_PERCENT: percent
    .prefault('1')
    .describe(
      'How much of the budget an agent may cost within a day for each USDC of fees that its completed runs have paid',
    ),
  RELAY_ACTIONS: commaSeparated
    .transform((names) => (names.join() === 'none' ? [] : names))
    .pipe(z.array(z.enum(RELAYED_ACTIONS, noAction)))
    .prefault(RELAYED_ACTIONS.join())
    .describe(
      'Which [actions](api.md#actions) are relayed, comma-separated; `none` for none. The others answer 503. Those that were sent before are finished',
    ),
  MIN_RELAYED_POST: baseUnits
    .prefault('1000000')
    .describe(
      'The smallest reward of a run that is posted for an account without ether, in USDC base units. Its poster can close the run, and gets all back. A post below it, or below `MIN_RELAYED_REWARD`, answers 403 `REWARD_TOO_LOW`',
    ),
  MIN_RELAYED_REWARD: baseUnits
    .prefault('0')
    .describe(
      'The smallest reward of a run whose claims and actions are relayed, in USDC base units: `500000` is 0.5 USDC. Those of other runs answer 403 `REWARD_TOO_LOW`',
    ),
  MAX_FEE_GWEI: amount('gwei', 9)
    .prefault('200')
    .describe('The maximum fee of a transaction, in gwei per gas. While the chain requires more, claims answer 503'),
  FOREIGN_NONCES: integer(0, 1_000_000)
    .default(16)
    .describe(
      "How many nonces of a key other programs may have used. Beyond that the API does not trust the node's counts, and does not use the key: other keys take its claims, or they answer 503. Raise it once if a key was used elsewhere",
    ),
  MAX_BATCH: integer(1, MAX_BATCH)
    .default(MAX_BATCH)
    .describe('How many waiting claims may share a transaction; `1` turns batching off'),
  // Geth never drops 16 transactions of one sender, and with up to 50 claims in each they fill several blocks. More only
  // if the node's pool keeps more of one sender, else they must be resent.
  MAX_UNMINED: integer(1, 1_024)
    .default(16)
    .describe(
      "How many unmined transactions a key may have. Raise it if the node's pool keeps more of one sender (Geth: `--txpool.accountslots`)",
    ),
  // A paid node charges for each request.
  HEAD_INTERVAL_MS: integer(10, 10_000)
    .default(50)
    .describe('How often each process polls the node for the latest block while a claim waits for one'),
  KEEPER_INTERVAL_MS: integer(100, 60_000)
    .default(1_000)
    .describe(
      'How often each process checks unsettled transactions when no event triggers it; a fifth as often while there are none',
    ),
  // Longer than a run with all its revisions. At least two days, because limits and budgets count the last day.
  RELAY_RETENTION_DAYS: integer(2, 36_500)
    .default(90)
    .describe('How many days decided claims are kept, with their transactions and idempotency keys'),
})
