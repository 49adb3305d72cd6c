/** The channel of notifications with the ids of decided claims and actions. */
export const DECISIONS_CHANNEL = 'relay_claim'
