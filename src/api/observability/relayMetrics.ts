import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { formatEther } from 'viem'
import { reuseResult } from '../../../core/reuseResult.ts'
import type { RelayEmitter } from '../relay/events.ts'
import { CLAIM } from '../relay/kinds/request.ts'
import { unlessUnavailable } from '../relay/refusal.ts'
import type { Relay, RelayerState } from '../relay/relay.ts'
import { addGauge } from './gauge.ts'

/**
 * Adds the relay's metrics to a registry. Counters and histograms cover what this process did or settled; sum them over
 * all processes. The gauges of signers are the same in each process.
 */
export function measureRelay(registry: Registry, events: RelayEmitter, relay: Relay) {
  countActions(registry, events)
  countTransactions(registry, events)
  addSignerGauges(registry, relay)
  addGauge(
    registry,
    'relay_waiting_claims',
    'Claims that passed their simulation and wait in this process for a signer.',
    relay.waiting,
  )
  addGauge(
    registry,
    'relay_newcomers_budget_left_ether',
    'What is left of the share of the budget that newcomers have within 24 hours; NaN while the database does not answer.',
    async () => ether(await relay.newcomersLeft().catch(unlessUnavailable)) ?? Number.NaN,
  )
  addGauge(
    registry,
    'relay_absent_keys',
    'Keys without a signer in this process, because their store has not returned their addresses since its start.',
    () => relay.absentKeys().length,
  )
}

function countActions(registry: Registry, events: RelayEmitter) {
  const labelNames = ['action', 'outcome'] as const
  const duration = new Histogram({
    name: 'relay_action_duration_seconds',
    help: 'From the request of a claim or another action to its outcome: done, signed or accepted (202), or the code of its refusal.',
    labelNames,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 20],
    registers: [registry],
  })
  const inProgress = new Gauge({
    name: 'relay_actions_in_progress',
    help: 'Requests of claims and other actions that are not answered yet.',
    registers: [registry],
  })
  const decided = new Counter({
    name: 'relay_actions_decided_total',
    help: 'Claims and other actions that the chain decided: done, or the code of the refusal. Counted again after a reorg undid it.',
    labelNames,
    registers: [registry],
  })
  const reopened = new Counter({
    name: 'relay_actions_reopened_total',
    help: 'Claims and other actions whose transaction a reorg removed from its block.',
    registers: [registry],
  })
  events.on('actionReceived', () => inProgress.inc())
  events.on('actionAnswered', ({ request, outcome, milliseconds }) => {
    inProgress.dec()
    duration.observe({ action: request.message.action, outcome }, milliseconds / 1_000)
  })
  events.on('actionDecided', ({ request, outcome }) => decided.inc({ action: request.message.action, outcome }))
  events.on('actionReopened', () => reopened.inc())
}

function countTransactions(registry: Registry, events: RelayEmitter) {
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const broadcasts = counter('relay_broadcasts_total', 'Broadcasts of transactions to the node, by its answer.', [
    'result',
  ])
  const replacements = counter(
    'relay_replacements_total',
    'Transactions replaced: at a higher price, or by a filler.',
    ['by'],
  )
  const gaps = counter('relay_gaps_filled_total', 'Nonces without a transaction that were filled.', ['signer'])
  const gas = counter('relay_gas_used_total', 'Gas of mined transactions.', ['signer'])
  const fees = counter('relay_fees_ether_total', 'Fees of mined transactions, including L1 data fees of a rollup.', [
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
  events.on('attemptMined', ({ signer, kind, filler, actions, gasUsed, fee }) => {
    gas.inc({ signer }, Number(gasUsed))
    fees.inc({ signer }, Number(formatEther(fee)))
    if (kind === CLAIM && !filler) size.observe(actions)
  })
}

function addSignerGauges(registry: Registry, relay: Relay) {
  /** One read for all gauges of a scrape. Without the relay the rest of the scrape succeeds. */
  const readStates = reuseResult(0, () => relay.signers().catch(unlessUnavailable))
  const add = (name: string, help: string, read: (state: RelayerState) => number | undefined) =>
    new Gauge({
      name,
      help: `${help} Absent while the database or the node does not answer.`,
      labelNames: ['signer'] as const,
      registers: [registry],
      async collect() {
        this.reset()
        for (const state of (await readStates()) ?? []) {
          const value = read(state)
          if (value !== undefined) this.set({ signer: state.signer }, value)
        }
      },
    })
  add(
    'relay_unmined_transactions',
    'Transactions of all processes that are not known to be mined.',
    ({ unmined }) => unmined,
  )
  add('relay_unmined_claims', 'Claims in unmined transactions.', ({ claims }) => claims)
  add('relay_oldest_unmined_seconds', 'Age of the oldest unmined transaction.', ({ oldestUnmined }) => oldestUnmined)
  add('relay_signer_resting', '1 while the node’s counts of its transactions are implausible, else 0.', (state) =>
    Number(state.objection !== undefined),
  )
  add('relay_signer_not_signing', '1 if its key signed nothing when this process last asked, else 0.', (state) =>
    Number(state.signingFailure !== undefined),
  )
  add('relay_balance_ether', 'Balance of the signer.', ({ balance }) => ether(balance))
  add(
    'relay_claim_price_ether',
    'What a claim may cost at twice the current prices, with a rollup’s fee for L1.',
    (state) => ether(state.claimPrice),
  )
  add('relay_budget_ether', 'The signer’s budget of 24 hours.', ({ budget }) => ether(budget))
  add('relay_budget_left_ether', 'What is left of the signer’s budget of 24 hours.', ({ budget, spent }) =>
    ether(budget - spent),
  )
}

const ether = (wei: bigint | undefined) => (wei === undefined ? undefined : Number(formatEther(wei)))
