import { type Change, childOf, type Node, type Source } from './syntaxTree.ts'

/** One party mistaken for another in a check or a payment. */
const roles: Record<string, string> = {
  poster: 'wallet',
  wallet: 'poster',
  sender: 'origin',
  TREASURY: 'BURN',
  _requirePoster: '_requireClaimingWallet',
  _requireClaimingWallet: '_requirePoster',
  _requireEvaluator: '_requirePosterOrEvaluator',
  _requirePosterOrEvaluator: '_requireEvaluator',
  _evaluatorOf: '_namedEvaluatorOf',
  _namedEvaluatorOf: '_evaluatorOf',
  ownerOf: 'walletOf',
  walletOf: 'ownerOf',
}

/** One value of a struct mistaken for another of the same type. */
const fields: Record<string, string> = {
  staked: 'locked',
  locked: 'staked',
  completions: 'slashes',
  slashes: 'completions',
  frozen: 'banned',
  banned: 'frozen',
  stakedAt: 'completions',
  since: 'deadline',
  deadline: 'since',
  lostClaims: 'workPeriod',
  workPeriod: 'lostClaims',
}

/** A function or a constant mistaken for another of the same type. */
const siblings: Record<string, string> = {
  _forfeitStake: '_slashStake',
  _slashStake: '_forfeitStake',
  forfeit: 'slash',
  slash: 'forfeit',
  _refund: '_pay',
  _pay: '_refund',
  safeTransfer: 'trySafeTransfer',
  _escrowOf: '_feeOf',
  _feeOf: '_escrowOf',
  _undelivered: '_awaitingWork',
  _awaitingWork: '_undelivered',
  _approvable: '_awaitingWork',
  _closable: '_undelivered',
  _claimable: '_closable',
  FEE_BPS: 'LOCK_BPS',
  LOCK_BPS: 'FEE_BPS',
  MIN_REWARD: 'MAX_REWARD',
  MAX_REWARD: 'MIN_REWARD',
  MIN_WORK_PERIOD: 'MAX_WORK_PERIOD',
  MAX_WORK_PERIOD: 'MIN_WORK_PERIOD',
  DEFAULT_WORK_PERIOD: 'MAX_WORK_PERIOD',
  REVIEW_PERIOD: 'MAX_WORK_PERIOD',
  GRACE_PERIOD: 'MAX_WORK_PERIOD',
  SUBMIT_WORK: 'REQUEST_REVISION',
  REQUEST_REVISION: 'SUBMIT_WORK',
  ABANDON_CLAIM: 'APPROVE_WORK',
  APPROVE_WORK: 'REJECT_WORK',
  REJECT_WORK: 'ABANDON_CLAIM',
  POST_BOUNTY: 'STAKE',
  STAKE: 'POST_BOUNTY',
  encode: 'encodePacked',
}

export const takeRole = (node: Node, source: Source) => renamed(node, source, roles)
/** Fields only: a local variable has no sibling of its own. */
export const takeField = (node: Node, source: Source) =>
  node.type === 'MemberAccess' ? renamed(node, source, fields) : []
export const takeSibling = (node: Node, source: Source) => renamed(node, source, siblings)

function renamed(node: Node, source: Source, names: Record<string, string>): Change[] {
  if (node.type === 'Identifier') {
    const other = names[String(node.fields.get('name'))]
    return other && !isVariable(node) ? [{ ...node, replacement: other }] : []
  }
  const object = childOf(node, 'expression')
  if (node.type !== 'MemberAccess' || !object) return []
  const text = source.text(object.start, object.end)
  const name = String(node.fields.get('memberName'))
  const other = names[name]
  if (!other) return []
  return [{ ...node, replacement: name === 'sender' ? 'tx.origin' : `${text}.${other}` }]
}

/** The other name of a variable is seldom one of its function. */
const isVariable = (node: Node) => /^[a-z]+$/.test(String(node.fields.get('name')))
