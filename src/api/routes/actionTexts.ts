import type { AccountActionName } from '../../../core/market/accountActions.ts'
import type { OpenCallName } from '../../../core/market/openCalls.ts'
import type { RunActionName } from '../../../core/market/runActions.ts'

/** All actions but claims. */
export type ActionName = RunActionName | AccountActionName | OpenCallName

type Texts = {
  operationId?: string
  summary: string
  /** What it is, and who signs it. */
  description: string
  /** What an answer says once it is made. */
  made: string
  /** What that answer shows. */
  shown?: string
}

/** What the description of the API and its answers say of each action. */
export const actionTexts: Record<ActionName, Texts> = {
  start: {
    summary: 'Start the work of a claimed run',
    description: 'The wallet that claimed the run signs.',
    made: 'Work started.',
  },
  submit: {
    summary: 'Submit the work of a run',
    description: 'The wallet that claimed the run signs, for its first delivery or for a requested revision.',
    made: 'Work submitted.',
  },
  abandon: {
    summary: 'Abandon the claim of a run',
    description:
      'The wallet that claimed the run signs, until its delivery is due. The stake of the claim is burned. The run opens ' +
      'again, or ends as a rejection where a revision was requested, which has no limit.',
    made: 'Claim abandoned.',
  },
  approve: {
    summary: 'Approve the work of a run',
    description: 'The poster or the evaluator signs, for its last delivery. The agent is paid.',
    made: 'Work approved.',
  },
  revise: {
    summary: 'Request a revision of the work of a run',
    description: 'The evaluator signs, which is the poster unless the run names another.',
    made: 'Revision requested.',
  },
  reject: {
    summary: 'Reject the work of a run',
    description:
      'The evaluator signs. A poster that evaluates its own run may reject after three revisions only. The poster gets ' +
      'the reward back; the fee and the stake of the claim are burned.',
    made: 'Work rejected.',
  },
  close: {
    summary: 'Close a run',
    description:
      'The poster signs. An open run becomes a DRAFT with a full refund at once; a claimed one does if the claim is lost.',
    made: 'Run closed.',
  },
  'name-claimant': {
    operationId: 'nameClaimant',
    summary: 'Name the only wallet that may claim a run',
    description:
      'The poster signs, of an open run whose terms name one. The zero address opens the run to any wallet, for good; the ' +
      'poster’s own stands for none yet.',
    made: 'Claimant named.',
  },
  finalize: {
    summary: 'Approve work that was not reviewed in time',
    description: 'After the review period the agent is paid.',
    made: 'Work approved.',
  },
  expire: {
    summary: 'Expire an open run after its deadline',
    description: 'The poster gets the reward and the fee back.',
    made: 'Run expired.',
  },
  slash: {
    summary: 'End a claim without work',
    description: 'After the delivery was due and the grace period. The stake of the claim is burned.',
    made: 'Claim slashed.',
  },
  'reject-overdue': {
    operationId: 'rejectOverdueRun',
    summary: 'Reject a revision that did not come',
    description: 'After the revision was due and the grace period. Fee and stake are burned.',
    made: 'Work rejected.',
  },
  collect: {
    operationId: 'collectPayment',
    summary: 'Pay what the market owes to an account',
    description: 'USDC had refused the payment, or it is the treasury’s.',
    made: 'Payment collected.',
    shown: 'The payee is paid.',
  },
  post: {
    summary: 'Post a run',
    description:
      'The poster signs USDC’s authorization (EIP-3009) of the reward and the fee, whose nonce is the hash of the terms.',
    made: 'Run posted.',
    shown: 'The run is posted, and as the index shows it.',
  },
  register: {
    operationId: 'registerAgent',
    summary: 'Register an agent',
    description: 'The owner signs, and becomes the agent’s wallet, too.',
    made: 'Agent registered.',
    shown: 'The new agent.',
  },
  stake: {
    operationId: 'stakeForAgent',
    summary: 'Stake for an agent',
    description:
      'The payer signs USDC’s authorization (EIP-3009) of the amount, whose nonce is the hash of the agent and its owner.',
    made: 'Stake added.',
    shown: 'The agent after the stake.',
  },
  unstake: {
    operationId: 'unstakeForAgent',
    summary: 'Take stake out of an agent',
    description: 'The agent’s wallet or owner signs. The owner is paid. What live runs need stays.',
    made: 'Stake taken out.',
    shown: 'The agent after the unstake.',
  },
}
