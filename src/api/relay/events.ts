import type { EventEmitter } from 'node:events'
import type { ActionEvents } from './actions/events.ts'
import type { ClaimEvents } from './claims/events.ts'
import type { SenderEvents } from './sender/events.ts'

/**
 * The events of the relay, for metrics, logs and traces. Results of listeners are ignored, and a listener must not throw.
 * One replica settles a claim or action, perhaps not the one that received it.
 */
export type RelayEvents = ClaimEvents & ActionEvents & SenderEvents

export type RelayEmitter = EventEmitter<RelayEvents>
