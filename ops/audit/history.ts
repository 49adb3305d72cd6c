import type { run, runEvent } from '../../ponder.schema.ts'

type Run = typeof run.$inferSelect
type RunEvent = typeof runEvent.$inferSelect

/** The fields of a run that no view of the market returns. Times in seconds. */
type LogFacts = Pick<
  Run,
  'ipfsHash' | 'createdAt' | 'openedAt' | 'claimedAt' | 'deliverableHash' | 'submittedAt' | 'feedbackHash' | 'endedAt'
>

const noClaim = { claimedAt: null, deliverableHash: null, submittedAt: null, feedbackHash: null }

/**
 * Replays a run's timeline.
 * @param evaluator null if the poster evaluates.
 * @returns the run's fields, and the actor of each event that names no account.
 */
export function historyOf(events: readonly RunEvent[], evaluator: string | null) {
  let ofRun: Partial<LogFacts> = { ...noClaim, openedAt: null, endedAt: null }
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
      case 'BountyFunded':
        ofRun = { ...ofRun, openedAt: timestamp }
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
        ofRun = { ...ofRun, ...noClaim, openedAt: timestamp }
        break
      case 'BountyApproved':
      case 'BountyRejected':
        ofRun = { ...ofRun, endedAt: timestamp }
    }
  }
  return { ofRun, actors }
}
