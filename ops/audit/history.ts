import type { run, runEvent } from '../../ponder.schema.ts'

type Run = typeof run.$inferSelect
type RunEvent = typeof runEvent.$inferSelect

/** What no view of the market tells of a run. Times in seconds. */
type Told = Pick<
  Run,
  'ipfsHash' | 'createdAt' | 'claimedAt' | 'deliverableHash' | 'submittedAt' | 'feedbackHash' | 'endedAt'
>

const noClaim = { claimedAt: null, deliverableHash: null, submittedAt: null, feedbackHash: null }

/**
 * Replays a run's timeline.
 * @param evaluator null where the poster evaluates.
 * @returns also whose step each event was that names no account.
 */
export function historyOf(events: readonly RunEvent[], evaluator: string | null) {
  let ofRun: Partial<Told> = { ...noClaim, endedAt: null }
  let poster: string | null = null
  let wallet: string | null = null
  const actors: { event: RunEvent; address: string | null }[] = []
  for (const event of events) {
    const { name, hash, timestamp } = event
    switch (name) {
      case 'BountyCreated':
        poster = event.address
        ofRun = { ...ofRun, ipfsHash: hash ?? '', createdAt: timestamp }
        break
      case 'BountyClaimed':
        wallet = event.address
        ofRun = { ...ofRun, ...noClaim, claimedAt: timestamp }
        break
      case 'WorkStarted':
        actors.push({ event, address: wallet })
        break
      case 'WorkSubmitted':
        actors.push({ event, address: wallet })
        ofRun = { ...ofRun, deliverableHash: hash, submittedAt: timestamp }
        break
      case 'RevisionRequested':
        actors.push({ event, address: evaluator?.toLowerCase() ?? poster })
        ofRun = { ...ofRun, feedbackHash: hash }
        break
      case 'ClaimSlashed':
      case 'ClaimAbandoned':
        ofRun = { ...ofRun, ...noClaim }
        break
      case 'BountyApproved':
      case 'BountyRejected':
        ofRun = { ...ofRun, endedAt: timestamp }
    }
  }
  return { ofRun, actors }
}
