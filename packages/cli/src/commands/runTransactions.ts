import { type Command, Option } from 'commander'
import type { Address } from 'viem'
import { lastDeliveryOf } from '../../../client/src/run.ts'
import { action } from '../action.ts'
import {
  formatUsdc,
  parseAddress,
  parseDuration,
  parseId,
  parsePercent,
  parseRevision,
  parseUsdc,
} from '../arguments.ts'
import { type Confirmed, yesOption } from '../confirm.ts'
import { actOnRun, type RunAct } from './changeRun.ts'
import { type ApplyOptions, apply, type ClaimTerms, claim } from './claim.ts'
import { fileOption, type NamedOptions, namedText, uncheckedOption } from './namedText.ts'
import { fund, type PostOptions, post } from './post.ts'
import { type RelayOptions, relay, salt } from './relay.ts'

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
    .addOption(new Option('--draft', 'create it only; `run fund` escrows later').conflicts(['relay', 'salt']))
    .addOption(yesOption())
    .addOption(relay())
    .addOption(salt())
    .action(
      action<PostOptions & { brief?: string }, [string | undefined]>(({ brief, ...context }, uri) =>
        post(context, brief ?? String(uri), () =>
          namedText({ ...context, ...(brief && { file: brief }), unchecked: true }, uri, 'postBrief'),
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

  /** Adds a call of the market. @param text what its argument besides the run is: a URI, or a file that is stored. */
  function addCall(description: string, act: RunAct, text?: string) {
    const command = run.command(act.name).description(description).argument('<run>', 'the run’s id', parseId)
    if (text) command.argument('[hash]', text).addOption(fileOption()).addOption(uncheckedOption())
    if (act.question) command.addOption(yesOption())
    command.addOption(relay()).action(
      action<RelayOptions & NamedOptions & Confirmed, [bigint, string | undefined]>(async (context, id, given) => {
        const named = text ? await namedText(context, given) : undefined
        return actOnRun(context, act, id, () => named)
      }),
    )
  }

  addCall('take the escrow of an open run back; of a claimed one, let a lost claim return it to you', {
    name: 'close',
    functionName: 'closeBounty',
    relayed: (runs, run, options) => runs.close(run, options),
  })
  const nameClaimant: RunAct = {
    name: 'name-claimant',
    functionName: 'nameClaimant',
    relayed: (runs, run, options, wallet) => runs.nameClaimant(run, String(wallet), options),
  }
  run
    .command(nameClaimant.name)
    .description('name the only wallet that may claim an open run, whose terms name one')
    .argument('<run>', 'the run’s id', parseId)
    .argument('<wallet>', 'the zero address lets any wallet claim, for good; yours: none yet', parseAddress)
    .addOption(relay())
    .action(
      action<RelayOptions, [bigint, Address]>((context, id, wallet) =>
        actOnRun(context, nameClaimant, id, () => wallet),
      ),
    )
  addCall('start the work; the poster sees that it has begun', {
    name: 'start',
    functionName: 'startWork',
    relayed: (runs, run, options) => runs.start(run, options),
  })
  addCall(
    'deliver the work, or a revision',
    {
      name: 'submit',
      functionName: 'submitWork',
      // `namedText` has compared it.
      relayed: (runs, run, options, uri) => runs.submit(run, { uri: String(uri), isUnchecked: true }, options),
    },
    'where the work is, such as ipfs://…',
  )
  addCall('abandon a claim before it is due: the stake at risk is burned', {
    name: 'abandon',
    functionName: 'abandonClaim',
    relayed: (runs, run, options) => runs.abandon(run, options),
    question: ({ bountyId, stake }) => `Abandon run ${bountyId}? ${formatUsdc(stake ?? 0n)} of the stake are burned.`,
  })
  addCall(
    'request a revision',
    {
      name: 'revise',
      functionName: 'requestRevision',
      relayed: (runs, run, options, uri) =>
        runs.revise(run, run.revisions ?? 0, { uri: String(uri), isUnchecked: true }, options),
      isReview: true,
    },
    'what is missing, such as ipfs://…',
  )
  const approve: RunAct = {
    name: 'approve',
    functionName: 'approveWork',
    relayed: (runs, run, options, revision) => runs.approve(run, Number(revision), options),
    isReview: true,
    question: ({ bountyId, reward, claimedByWallet }, delivery) =>
      `Approve delivery ${delivery} of run ${bountyId}, and pay ${formatUsdc(reward)} to ${claimedByWallet}?`,
  }
  run
    .command(approve.name)
    .description('approve the work: pays the agent')
    .argument('<run>', 'the run’s id', parseId)
    .option(
      '--revision <number>',
      'the request that the delivery answers, 0 for the first; if absent, the last, which is shown',
      parseRevision,
    )
    .addOption(yesOption())
    .addOption(relay())
    .action(
      action<{ revision?: number } & RelayOptions & Confirmed, [bigint]>((context, id) =>
        actOnRun(context, approve, id, (run) => context.revision ?? lastDeliveryOf(run) ?? 0),
      ),
    )

  addCall('reject the work: fee and stake are burned', {
    name: 'reject',
    functionName: 'rejectWork',
    relayed: (runs, run, options) => runs.reject(run, run.revisions ?? 0, options),
    isReview: true,
    question: ({ bountyId, fee, stake }, delivery) =>
      `Reject delivery ${delivery} of run ${bountyId}? The fee of ${formatUsdc(fee)} and the agent’s stake of ${formatUsdc(stake ?? 0n)} are burned.`,
  })
  addCall('end an open run after its deadline: the escrow returns to the poster', {
    name: 'expire',
    functionName: 'expireBounty',
    relayed: (runs, { bountyId }, options) => runs.expire(bountyId, options),
  })
  addCall('approve the work after the review period: pays the agent', {
    name: 'finalize',
    functionName: 'finalizeReview',
    relayed: (runs, { bountyId }, options) => runs.finalize(bountyId, options),
  })
  addCall('end a claim without work after its time: burns the stake and freezes the agent', {
    name: 'slash',
    functionName: 'slashExpired',
    relayed: (runs, { bountyId }, options) => runs.slash(bountyId, options),
  })
  addCall('reject a revision that is late: fee and stake are burned', {
    name: 'reject-overdue',
    functionName: 'rejectOverdue',
    relayed: (runs, { bountyId }, options) => runs.rejectOverdue(bountyId, options),
  })
}
