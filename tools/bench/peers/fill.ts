const columns = {
  bountyId: 'bounty_id',
  posterAddress: 'poster_address',
  ipfsHash: 'ipfs_hash',
  reward: 'reward',
  deadline: 'deadline',
  state: 'state',
  claimedBy: 'claimed_by',
  claimedByWallet: 'claimed_by_wallet',
  stake: 'stake',
  deliverableHash: 'deliverable_hash',
  claimedAt: 'claimed_at',
  submittedAt: 'submitted_at',
  createdAt: 'created_at',
}

type Form = {
  /** How the table names its columns. */
  naming: 'camel' | 'snake'
  /** Whether it has a text column `id` too. */
  hasId?: boolean
  /** Whether it stores addresses in lower case. */
  isLowerCase?: boolean
}

export type Fill = {
  /** SQL that inserts the runs of the temporary table `run`, whose columns are ours, into the peer's table. */
  insert: string
  /** The column of a run's id, as SQL names it. */
  id: string
}

/** How a peer's table is filled. */
export function fillFrom(table: string, { naming, hasId = false, isLowerCase = false }: Form): Fill {
  const names = Object.entries(columns).map(([camel, snake]) => (naming === 'camel' ? `"${camel}"` : snake))
  const values = Object.values(columns).map((name) =>
    isLowerCase && /address|wallet/.test(name) ? `lower(${name})` : name,
  )
  if (hasId) {
    names.push('id')
    values.push('bounty_id::text')
  }
  const insert = `INSERT INTO ${table} (${names}) SELECT ${values} FROM pg_temp.run`
  return { insert, id: naming === 'camel' ? '"bountyId"' : 'bounty_id' }
}
