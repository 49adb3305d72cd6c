import { type Command, Option } from 'commander'
import type { Address } from 'viem'
import { lastDeliveryOf } from '../../../client/src/run.ts'
import type { MarketFunction } from '../../../client/src/transactions.ts'
import { action } from '../action.ts'
import { parseAddress, parseDuration, parseId, parsePercent, parseRevision, parseUsdc } from '../arguments.ts'
import { runOnChain } from '../runOnChain.ts'
import { openSession } from '../session.ts'
import { actOnRun } from './changeRun.ts'
import { type ApplyOptions, apply, type ClaimTerms, claim } from './claim.ts'
import { fileOption, type NamedOptions, namedText, uncheckedOption } from './namedText.ts'
import { fund, type PostOptions, post } from './post.ts'
import { type RelayOptions, relay } from './relay.ts'

/** How long a run can be claimed where the poster names no time. */
const DEFAULT_DEADLINE_SECONDS = 30 * 86_400

export function addRunTransactions(run: Command) {
  run
    .command('post')
    .description('post a run: escrows reward and fee; approves them where needed')
    .argument('[ipfsHash]', 'what the work is, such as ipfs://…')
    .option('--brief <path>', 'store this file, a brief in JSON, and name it')
    .requiredOption('--reward <amount>', 'whole USDC for the agent', parseUsdc)
    .addOption(
      new Option('--deadline <duration>', 'how long the run can be claimed, such as 48h')
        .argParser(parseDuration)
        .default(DEFAULT_DEADLINE_SECONDS, '30d'),
    )
    .option('--work-period <duration>', 'how long an agent has to deliver; 7d if absent', parseDuration)
    .option('--stake-percent <percent>', 'what a claim puts at risk, of the reward', parsePercent)
    .option('--evaluator <address>', 'who reviews; you if absent', parseAddress)
    .option('--claimant <wallet>', 'the only wallet that may claim; any if absent, none yet if yours', parseAddress)
    .addOption(new Option('--draft', 'create it only; `run fund` escrows later').conflicts('relay'))
    .addOption(relay())
    .action(
      action<PostOptions & { brief?: string }, [string | undefined]>(async ({ brief, ...context }, uri) =>
        post(
          context,
          await namedText({ ...context, ...(brief && { file: brief }), unchecked: true }, uri, 'postBrief'),
        ),
      ),
    )

  run
    .command('fund')
    .description('escrow reward and fee of a draft; approves them where needed')
    .argument('<run>', 'the run’s id', parseId)
    .action(action<unknown, [bigint]>(fund))

  run
    .command('claim')
    .description('claim a run: signs the claim, which the API sends; the key is that of the agent’s wallet')
    .argument('<run>', 'the run’s id', parseId)
    .requiredOption('--agent <agent>', 'the agent’s id', parseId)
    .option('--stake <amount>', 'the stake of the claim in whole USDC; up to the market’s default if absent', parseUsdc)
    .option('--work-period <duration>', 'how long you have to deliver; 7d if absent', parseDuration)
    .option('--evaluator <address>', 'who reviews; the poster if absent', parseAddress)
    .action(action<ClaimTerms, [bigint]>(claim))

  run
    .command('apply')
    .description('apply for a run whose poster names who may claim it; the key is that of the agent’s wallet')
    .argument('<run>', 'the run’s id', parseId)
    .requiredOption('--agent <agent>', 'the agent’s id', parseId)
    .addOption(new Option('--note <text>', 'what the poster reads, as everyone can').conflicts('withdraw'))
    .option('--withdraw', 'take the application back')
    .action(action<ApplyOptions, [bigint]>(apply))

  type Relayed = Parameters<typeof actOnRun>[5]

  /** Adds a call of the market. @param hash what its argument besides the run is, where it has one: the last of `relayed`. */
  function addCall(
    name: string,
    functionName: MarketFunction,
    description: string,
    relayed: (...args: [...Parameters<Relayed>, hash: string]) => ReturnType<Relayed>,
    hash?: string,
  ) {
    const command = run.command(name).description(description).argument('<run>', 'the run’s id', parseId)
    if (hash) command.argument('[hash]', hash).addOption(fileOption()).addOption(uncheckedOption())
    command.addOption(relay()).action(
      action<RelayOptions & NamedOptions, [bigint, string | undefined]>(async (context, id, given) => {
        const texts = hash ? [await namedText(context, given)] : []
        return actOnRun(context, name, id, functionName, texts, (...args) => relayed(...args, texts[0] ?? ''))
      }),
    )
  }

  addCall(
    'close',
    'closeBounty',
    'take the escrow of an open run back; of a claimed one, let a lost claim return it to you',
    (runs, run, options) => runs.close(run, options),
  )
  run
    .command('name-claimant')
    .description('name the only wallet that may claim an open run, whose terms name one')
    .argument('<run>', 'the run’s id', parseId)
    .argument('<wallet>', 'the zero address lets any wallet claim, for good; yours: none yet', parseAddress)
    .addOption(relay())
    .action(
      action<RelayOptions, [bigint, Address]>(async (context, id, wallet) =>
        actOnRun(context, 'name-claimant', id, 'nameClaimant', [wallet], (runs, run, options) =>
          runs.nameClaimant(run, wallet, options),
        ),
      ),
    )
  addCall('start', 'startWork', 'start the work; the poster sees that it has begun', (runs, run, options) =>
    runs.start(run, options),
  )
  addCall(
    'submit',
    'submitWork',
    'deliver the work, or a revision',
    (runs, run, options, hash) => runs.submit(run, hash, options),
    'where the work is, such as ipfs://…',
  )
  addCall(
    'abandon',
    'abandonClaim',
    'abandon a claim before it is due: the stake at risk is burned',
    (runs, run, options) => runs.abandon(run, options),
  )
  addCall(
    'revise',
    'requestRevision',
    'request a revision',
    (runs, run, options, hash) => runs.revise(run, run.revisions ?? 0, hash, options),
    'what is missing, such as ipfs://…',
  )
  run
    .command('approve')
    .description('approve the work: pays the agent')
    .argument('<run>', 'the run’s id', parseId)
    .option(
      '--revision <number>',
      'the request that the delivery answers, 0 for the first; if absent, the last',
      parseRevision,
    )
    .addOption(relay())
    .action(
      action<{ revision?: number } & RelayOptions, [bigint]>(async (context, id) => {
        const last = lastDeliveryOf(await runOnChain(await openSession(context), id)) ?? 0
        const revision = context.revision ?? last
        await actOnRun(context, 'approve', id, 'approveWork', [revision], (runs, run, options) =>
          runs.approve(run, revision, options),
        )
      }),
    )

  addCall('reject', 'rejectWork', 'reject the work: fee and stake are burned', (runs, run, options) =>
    runs.reject(run, run.revisions ?? 0, options),
  )
  addCall(
    'expire',
    'expireBounty',
    'end an open run after its deadline: the escrow returns to the poster',
    (runs, { bountyId }, options) => runs.expire(bountyId, options),
  )
  addCall(
    'finalize',
    'finalizeReview',
    'approve the work after the review period: pays the agent',
    (runs, { bountyId }, options) => runs.finalize(bountyId, options),
  )
  addCall(
    'slash',
    'slashExpired',
    'end a claim without work after its time: burns the stake and freezes the agent',
    (runs, { bountyId }, options) => runs.slash(bountyId, options),
  )
  addCall(
    'reject-overdue',
    'rejectOverdue',
    'reject a revision that is late: fee and stake are burned',
    (runs, { bountyId }, options) => runs.rejectOverdue(bountyId, options),
  )
}
