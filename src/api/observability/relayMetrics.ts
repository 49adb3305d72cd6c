import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { formatEther } from 'viem'
import { Problem } from '../http/errors.ts'
import type { RelayEmitter } from '../relay/events.ts'
import type { Relay } from '../relay/relay.ts'
import type { SignerState } from '../relay/signerState.ts'

/**
 * What the relay does. Counters and histograms are of what this process did or saw settled; the sum over all processes is
 * the relay's. The gauges of signers are the same in each.
 */
export function measureRelay(registry: Registry, events: RelayEmitter, relay: Relay) {
  countClaims(registry, events)
  countTransactions(registry, events)
  watchSigners(registry, relay)
  new Gauge({
    name: 'relay_waiting_claims',
    help: 'Claims that passed their trial and wait in this process for a signer.',
    registers: [registry],
    collect() {
      this.set(relay.waiting())
    },
  })
}

function countClaims(registry: Registry, events: RelayEmitter) {
  const duration = new Histogram({
    name: 'relay_claim_duration_seconds',
    help: 'From the request for a claim to its outcome: won, signed or accepted (202), or the code of its refusal.',
    labelNames: ['outcome'] as const,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 20],
    registers: [registry],
  })
  const inProgress = new Gauge({
    name: 'relay_claims_in_progress',
    help: 'Requests for claims that wait for their outcome.',
    registers: [registry],
  })
  const decided = new Counter({
    name: 'relay_claims_decided_total',
    help: 'Claims that the chain decided: won, or the code of the refusal. Counted again if a reorg undoes it.',
    labelNames: ['outcome'] as const,
    registers: [registry],
  })
  const reopened = new Counter({
    name: 'relay_claims_reopened_total',
    help: 'Claims whose transaction a reorg took out of its block.',
    registers: [registry],
  })
  events.on('claimReceived', () => inProgress.inc())
  events.on('claimAnswered', ({ outcome, milliseconds }) => {
    inProgress.dec()
    duration.observe({ outcome }, milliseconds / 1_000)
  })
  events.on('claimDecided', ({ outcome }) => decided.inc({ outcome }))
  events.on('claimReopened', () => reopened.inc())
}

function countTransactions(registry: Registry, events: RelayEmitter) {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const broadcasts = counter('relay_broadcasts_total', 'Times that bytes were handed to the node, by its answer.', [
    'result',
  ])
  const replacements = counter('relay_replacements_total', 'Transactions replaced: by a dearer one, or by a filler.', [
    'by',
  ])
  const gaps = counter('relay_gaps_filled_total', 'Nonces of no transaction that were used up.', ['signer'])
  const gas = counter('relay_gas_used_total', 'Gas of mined transactions.', ['signer'])
  const fees = counter('relay_fees_ether_total', 'Fees of mined transactions, with what a rollup takes for data.', [
    'signer',
  ])
  const size = new Histogram({
    name: 'relay_batch_claims',
    help: 'Claims in a mined transaction.',
    buckets: [1, 2, 5, 10, 20, 50],
    registers: [registry],
  })
  events.on('attemptSent', ({ result }) => broadcasts.inc({ result }))
  events.on('attemptReplaced', ({ filler }) => replacements.inc({ by: filler ? 'filler' : 'higher_price' }))
  events.on('gapFilled', ({ signer }) => gaps.inc({ signer }))
  events.on('attemptMined', ({ signer, filler, claims, gasUsed, fee }) => {
    gas.inc({ signer }, Number(gasUsed))
    fees.inc({ signer }, Number(formatEther(fee)))
    if (!filler) size.observe(claims)
  })
}

function watchSigners(registry: Registry, relay: Relay) {
  let asked: Promise<SignerState[]> | undefined
  /** One question for all gauges of a scrape. Nothing while they cannot be known: a scrape does not fail for them. */
  function states() {
    asked ??= relay
      .signers()
      .catch(unlessUnavailable)
      .finally(() => {
        asked = undefined
      })
    return asked
  }
  const watch = (name: string, help: string, read: (state: SignerState) => number | undefined) =>
    new Gauge({
      name,
      help: `${help} Absent while database or node do not answer.`,
      labelNames: ['signer'] as const,
      registers: [registry],
      async collect() {
        this.reset()
        for (const state of await states()) {
          const value = read(state)
          if (value !== undefined) this.set({ signer: state.signer }, value)
        }
      },
    })
  watch('relay_unmined_transactions', 'Transactions of all processes not known to be mined.', ({ unmined }) => unmined)
  watch('relay_unmined_claims', 'Claims that they make.', ({ claims }) => claims)
  watch('relay_oldest_unmined_seconds', 'Age of the oldest of them.', ({ oldestUnmined }) => oldestUnmined)
  watch('relay_signer_resting', '1 while the node’s counts of its transactions are implausible, else 0.', (state) =>
    Number(state.objection !== undefined),
  )
  watch('relay_balance_ether', 'What the signer holds.', ({ balance }) => ether(balance))
  watch('relay_budget_left_ether', 'What the signer may still spend of its budget of 24 hours.', ({ budget, spent }) =>
    ether(budget - spent),
  )
}

const ether = (wei: bigint | undefined) => (wei === undefined ? undefined : Number(formatEther(wei)))

function unlessUnavailable(error: unknown): SignerState[] {
  if (error instanceof Problem) return []
  throw error
}
