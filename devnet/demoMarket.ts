// The demo market as data: its agents and runs, and their events of the last weeks. Amounts are whole USDC.

/** The events of an agent or a run, such as `22 post, 21 claim ember, 20 submit`. The numbers are days ago. */
export type History = string

export type DemoAgent = {
  name: string
  /** Index of the test mnemonic's account that owns the agent and is its wallet. */
  account: number
  /** Of the events `register`, `stake <amount>`, `unstake <amount>` and `ban`. */
  history: History
}

export type DemoRun = {
  title: string
  /** Index of the poster's account. */
  poster: number
  reward: number
  /** Index of the evaluator's account; the poster's if absent. */
  evaluator?: number
  /** Hours to deliver; 168 if absent. */
  workHours?: number
  /** What a claim puts at risk, in percent of the reward; 10 % and at most 20 USDC if absent. */
  stakePercent?: number
  /** Days from the posting to the deadline; 30 if absent. */
  openFor?: number
  /** Of the events in playRun.ts. After `claim <agent>` the agent's events are those of this agent. */
  history: History
}

const north = 2
const south = 3
const west = 4

export const posters = { north, south, west }

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

/** A run that was completed without a revision, in just over two days. */
function completed(title: string, poster: number, reward: number, posted: number, agent: string): DemoRun {
  const days = [posted, posted - 0.4, posted - 0.5, posted - 1.8, posted - 2.2].map((day) => day.toFixed(1))
  const [post, claim, start, submit, approve] = days
  return {
    title,
    poster,
    reward,
    history: `${post} post, ${claim} claim ${agent}, ${start} start, ${submit} submit, ${approve} approve`,
  }
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
  {
    title: 'Draft release notes',
    poster: south,
    reward: 45,
    history: '22 post, 21 claim ember, 20 submit, 12.9 finalize',
  },
  {
    title: 'Build a landing page',
    poster: north,
    reward: 150,
    history:
      '28 post, 27 claim jasper, 26 submit, 25.5 requestRevision, 24 submit, 23.5 requestRevision, 22.2 submit, 21.9 requestRevision, 20.1 submit, 19.8 reject',
  },
  {
    title: 'Name a coffee brand',
    poster: west,
    reward: 40,
    history:
      '11 post, 10.8 claim delta, 10.5 submit, 10.2 requestRevision, 9.9 submit, 9.6 requestRevision, 9.3 submit, 8.9 requestRevision, 8.4 submit, 8.1 reject',
  },
]

/** Runs that the evaluator, the agent or a time limit ended. */
const cutShort: DemoRun[] = [
  {
    title: 'Check 80 invoices for errors',
    poster: north,
    evaluator: south,
    workHours: 48,
    stakePercent: 50,
    reward: 60,
    history: '14 post, 13.8 claim atlas, 12.6 submit, 12.2 reject',
  },
  {
    title: 'Translate a contract',
    poster: west,
    evaluator: north,
    reward: 120,
    history: '9.5 post, 9.1 claim beacon, 8.3 submit, 8 approve',
  },
  {
    title: 'Transcribe an unreadable scan',
    poster: south,
    reward: 65,
    history: '6.4 post, 6 claim delta, 5.6 start, 5.1 abandon',
  },
  {
    title: 'Find a venue for a fair',
    poster: north,
    reward: 140,
    openFor: 5,
    history: '13.2 post, 8 expire',
  },
  {
    title: 'Illustrate a short story',
    poster: west,
    workHours: 24,
    reward: 95,
    history: '12 post, 11.7 claim ember, 11.2 submit, 11 requestRevision, 9.4 rejectOverdue',
  },
]

/**
 * Claimed and not delivered within seven days: the agent is slashed and frozen, and `mirage` is banned at its third.
 */
const slashed: DemoRun[] = [
  {
    title: 'Moderate a forum for a week',
    poster: north,
    reward: 80,
    history: '44.4 post, 43 claim mirage, 35.5 slashAndWithdraw',
  },
  {
    title: 'Rank 100 job applications',
    poster: south,
    reward: 90,
    openFor: 90,
    history: '34.4 post, 33.5 claim mirage, 25.9 slash',
  },
  {
    title: 'Digitise handwritten notes',
    poster: west,
    reward: 130,
    openFor: 90,
    history: '24 post, 23 claim mirage, 15.2 slash',
  },
  {
    title: 'Research 50 suppliers',
    poster: north,
    reward: 220,
    openFor: 60,
    history: '18.5 post, 18 claim jasper, 10.4 slash',
  },
  {
    title: 'Build a pricing model',
    poster: south,
    reward: 175,
    history: '16 post, 15 claim karma, 7.3 slashAndWithdraw',
  },
]

const live: DemoRun[] = [
  { title: 'Write a grant application', poster: north, reward: 400, history: '1.2 create' },
  { title: 'Test a checkout flow', poster: west, reward: 65, history: '0.3 create' },
  { title: 'Plan a team retreat', poster: south, reward: 50, history: '5 post, 4 withdraw' },
  { title: 'Classify 2,000 emails', poster: north, reward: 100, history: '4.1 post' },
  { title: 'Summarise a court ruling', poster: south, reward: 35, history: '2.6 post' },
  { title: 'Check a translation', poster: west, reward: 0.5, history: '1.9 post' },
  { title: 'Forecast next month’s sales', poster: north, reward: 1500, openFor: 60, history: '0.8 post' },
  { title: 'Fix broken links', poster: south, reward: 12.75, openFor: 10, history: '0.1 post' },
  { title: 'Outline a white paper', poster: west, reward: 240, history: '3 post, 0.6 claim atlas' },
  { title: 'Convert a price list', poster: north, reward: 30, history: '1.5 post, 0.2 claim delta' },
  { title: 'Reconcile bank statements', poster: south, reward: 190, history: '4.6 post, 3.1 claim beacon, 2.9 start' },
  { title: 'Monitor three competitors', poster: west, reward: 130, history: '2.2 post, 1.6 claim ember, 1.1 start' },
  {
    title: 'Describe 60 products',
    poster: north,
    reward: 105,
    history: '6.2 post, 5.7 claim cipher, 5.5 start, 0.9 submit',
  },
  {
    title: 'Scrape a public tender site',
    poster: south,
    reward: 150,
    history: '5.1 post, 4.8 claim atlas, 1.4 submit',
  },
  {
    title: 'Answer 40 reviews',
    poster: west,
    reward: 70,
    history: '7 post, 6.6 claim beacon, 5.2 submit, 3.6 requestRevision',
  },
  {
    title: 'Edit a short film’s subtitles',
    poster: north,
    reward: 88,
    history: '8 post, 7.5 claim delta, 6.1 submit, 5.9 requestRevision, 4.4 submit, 2.4 requestRevision',
  },
]

/** Together they are in every state. Those in OPEN can be claimed. */
export const runs: readonly DemoRun[] = [...careers, ...finished, ...cutShort, ...slashed, ...live]

/** A claim that the demo leaves for the user to try. */
export const openClaim = { title: 'Classify 2,000 emails', agent: 'beacon' }
