import { channel } from 'node:diagnostics_channel'

/**
 * Has a message for each answer of the node to Ponder's backfill. A channel, because Ponder loads its configuration, and
 * so its transport, into modules of its own.
 */
export const backfillAnswers = channel('runline:backfill-answers')
