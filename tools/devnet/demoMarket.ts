// The demo market as data: its agents and runs, and their events of the last weeks. Amounts are whole USDC.
import type { Checks } from '../../core/checks/checksSchema.ts'

/** The events of an agent or a run, such as `22 post, 21 claim ember, 20 submit`. The numbers are days ago. */
type History = string

export type DemoAgent = {
  name: string
  /** Index of the test mnemonic's account that owns the agent and is its wallet. */
  account: number
  /** Of the events `register`, `stake <amount>`, `unstake <amount>` and `ban`. */
  history: History
}

/** What a poster may set. */
type Terms = {
  /** Index of the evaluator's account; the poster's if absent. */
  evaluator?: number
  /** Hours to deliver; 168 if absent. */
  workHours?: number
  /** What a claim puts at risk, in percent of the reward; 10 %, at most 20 USDC but at least the fee, if absent. */
  stakePercent?: number
  /** Days from the posting to the deadline; 30 if absent. */
  openFor?: number
  /** The agent whose wallet alone may claim; any if absent. */
  reservedFor?: string
  /** What software checks of a delivery. */
  checks?: Checks
}

export type DemoRun = Terms & {
  title: string
  /** Index of the poster's account. */
  poster: number
  reward: number
  /** Of the events in playRun.ts. After `claim <agent>` the agent's events are those of this agent. */
  history: History
}

const north = 2
const south = 3
const west = 4

export const posters = { north, south, west }

/** The account that reviews by the checks of a brief: `npm run evaluator` with its key. */
export const evaluator = 18

/** Each status of the trust ladder has two or more agents. */
export const agents: readonly DemoAgent[] = [
  { name: 'atlas', account: 5, history: '45 register, 44 stake 250' },
  { name: 'beacon', account: 6, history: '44 register, 43 stake 100' },
  { name: 'cipher', account: 7, history: '43 register, 42 stake 20' },
  { name: 'delta', account: 8, history: '20 register, 20 stake 60' },
  { name: 'ember', account: 9, history: '41 register, 40 stake 40' },
  { name: 'flint', account: 10, history: '2.5 register, 2 stake 20' },
  { name: 'grove', account: 11, history: '6 register' },
  { name: 'haven', account: 12, history: '16 register, 15 stake 5' },
  { name: 'indigo', account: 13, history: '30 register, 29 stake 25, 3 unstake 25' },
  { name: 'jasper', account: 14, history: '31 register, 30 stake 50' },
  { name: 'karma', account: 15, history: '26 register, 25 stake 30' },
  { name: 'lumen', account: 16, history: '36 register, 35 stake 80, 9 ban' },
  { name: 'mirage', account: 17, history: '45 register, 44.5 stake 40, 34.5 stake 20, 24.5 stake 20' },
]

function runOf(title: string, poster: number, reward: number, history: History, terms?: Terms): DemoRun {
  return { title, poster, reward, history, ...terms }
}

/** A run that was completed without a revision, in just over two days. */
function completed(title: string, poster: number, reward: number, posted: number, agent: string): DemoRun {
  const days = [posted, posted - 0.4, posted - 0.5, posted - 1.8, posted - 2.2].map((day) => day.toFixed(1))
  const [post, claim, start, submit, approve] = days
  const history = `${post} post, ${claim} claim ${agent}, ${start} start, ${submit} submit, ${approve} approve`
  return runOf(title, poster, reward, history)
}

/** Five completed runs each: with thirty days at stake, they make an agent ESTABLISHED. */
const careers: DemoRun[] = [
  completed('Label 500 support tickets', north, 120, 40, 'atlas'),
  completed('Summarise ten earnings calls', south, 200, 37.3, 'atlas'),
  completed('Translate a product page', west, 45, 33.8, 'atlas'),
  completed('Match invoices to orders', north, 310, 29.1, 'atlas'),
  completed('Write unit tests for a parser', south, 180, 22.6, 'atlas'),
  completed('Extract tables from 40 PDFs', west, 95, 39.2, 'beacon'),
  completed('Compare five insurance offers', north, 60, 35.5, 'beacon'),
  completed('Caption 200 photographs', south, 75.5, 31.4, 'beacon'),
  completed('Find duplicate customers', west, 140, 26.2, 'beacon'),
  completed('Draft a privacy notice', north, 100, 19.7, 'beacon'),
  completed('Proofread a user manual', south, 85, 38.6, 'cipher'),
  completed('Port a script to TypeScript', west, 160, 34.9, 'cipher'),
  completed('Geocode 3,000 addresses', north, 55, 30.3, 'cipher'),
  completed('Audit alt texts of a shop', south, 70, 24.4, 'cipher'),
  completed('Tag a podcast archive', west, 110, 18.1, 'cipher'),
]

const finished: DemoRun[] = [
  completed('Transcribe an interview', west, 60, 17, 'delta'),
  completed('Clean a contact list', south, 25.5, 12.3, 'delta'),
  completed('Review a pull request', north, 90, 33.2, 'ember'),
  completed('Collect prices of ten shops', west, 75, 30.7, 'lumen'),
  // The poster never reviewed it: anyone may finalize after seven days.
  runOf('Draft release notes', south, 45, '22 post, 21 claim ember, 20 submit, 12.9 finalize'),
  runOf(
    'Build a landing page',
    north,
    150,
    '28 post, 27 claim jasper, 26 submit, 25.5 requestRevision, 24 submit, 23.5 requestRevision, 22.2 submit, 21.9 requestRevision, 20.1 submit, 19.8 reject',
  ),
  runOf(
    'Name a coffee brand',
    west,
    40,
    '11 post, 10.8 claim delta, 10.5 submit, 10.2 requestRevision, 9.9 submit, 9.6 requestRevision, 9.3 submit, 8.9 requestRevision, 8.4 submit, 8.1 reject',
  ),
]

/** Runs that the evaluator, the agent or a time limit ended. */
const cutShort: DemoRun[] = [
  runOf('Check 80 invoices for errors', north, 60, '14 post, 13.8 claim atlas, 12.6 submit, 12.2 reject', {
    evaluator: south,
    workHours: 48,
    stakePercent: 50,
  }),
  runOf('Translate a contract', west, 120, '9.5 post, 9.1 claim beacon, 8.3 submit, 8 approve', { evaluator: north }),
  runOf('Transcribe an unreadable scan', south, 65, '6.4 post, 6 claim delta, 5.6 start, 5.1 abandon'),
  runOf('Find a venue for a fair', north, 140, '13.2 post, 8 expire', { openFor: 5 }),
  runOf(
    'Illustrate a short story',
    west,
    95,
    '12 post, 11.7 claim ember, 11.2 submit, 11 requestRevision, 9.4 rejectOverdue',
    { workHours: 24 },
  ),
]

/**
 * Claimed and not delivered within seven days: the agent is slashed and frozen, and `mirage` is banned at its third.
 */
const slashed: DemoRun[] = [
  runOf('Moderate a forum for a week', north, 80, '44.4 post, 43 claim mirage, 35.5 slash, 35.4 close'),
  runOf('Rank 100 job applications', south, 90, '34.4 post, 33.5 claim mirage, 25.9 slash', { openFor: 90 }),
  runOf('Digitise handwritten notes', west, 130, '24 post, 23 claim mirage, 15.2 slash', { openFor: 90 }),
  runOf('Research 50 suppliers', north, 220, '18.5 post, 18 claim jasper, 10.4 slash', { openFor: 60 }),
  runOf('Build a pricing model', south, 175, '16 post, 15 claim karma, 7.3 slash, 7.2 close'),
]

const live: DemoRun[] = [
  runOf('Write a grant application', north, 400, '1.2 create'),
  runOf('Test a checkout flow', west, 65, '0.3 create'),
  runOf('Plan a team retreat', south, 50, '5 post, 4 close'),
  runOf('Classify 2,000 emails', north, 100, '4.1 post'),
  runOf('Summarise a court ruling', south, 35, '2.6 post'),
  runOf('Check a translation', west, 0.5, '1.9 post'),
  runOf('Fit a second shop like the first', north, 180, '1.4 post', { reservedFor: 'atlas' }),
  runOf('Forecast next month’s sales', north, 1500, '0.8 post', { openFor: 60 }),
  runOf('Fix broken links', south, 12.75, '0.1 post', { openFor: 10 }),
  runOf('Name three rivers', west, 10, '0.05 post, 0.03 claim atlas', {
    evaluator,
    checks: { schema: { type: 'array', minItems: 3, uniqueItems: true, items: { type: 'string' } } },
  }),
  runOf('Outline a white paper', west, 240, '3 post, 0.6 claim atlas'),
  runOf('Convert a price list', north, 30, '1.5 post, 0.2 claim delta'),
  runOf('Reconcile bank statements', south, 190, '4.6 post, 3.1 claim beacon, 2.9 start'),
  runOf('Monitor three competitors', west, 130, '2.2 post, 1.6 claim ember, 1.1 start, 0.7 close'),
  runOf('Describe 60 products', north, 105, '6.2 post, 5.7 claim cipher, 5.5 start, 0.9 submit'),
  runOf('Scrape a public tender site', south, 150, '5.1 post, 4.8 claim atlas, 1.4 submit'),
  runOf('Answer 40 reviews', west, 70, '7 post, 6.6 claim beacon, 5.2 submit, 3.6 requestRevision'),
  runOf(
    'Edit a short film’s subtitles',
    north,
    88,
    '8 post, 7.5 claim delta, 6.1 submit, 5.9 requestRevision, 4.4 submit, 2.4 requestRevision',
  ),
]

/** Together they are in every state. Those in OPEN can be claimed. */
export const runs: readonly DemoRun[] = [...careers, ...finished, ...cutShort, ...slashed, ...live]

/** A claim that the demo leaves for the user to try. */
export const openClaim = { title: 'Classify 2,000 emails', agent: 'beacon' }
