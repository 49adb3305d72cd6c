import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { accountOf, keyOf } from '../../../tools/devnet/accounts.ts'
import { defaultTerms } from '../../../tools/devnet/defaultTerms.ts'
import { startFaultyApi } from '../../support/faultyApi.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'
import { type Agent, type Participants, participantsOf, usdc } from '../../support/participants.ts'
import { claimTools, connect, mcpOn, tools } from './mcpClients.ts'

let market: TestMarket
let people: Participants
let agent: Agent
let mcp: ReturnType<typeof mcpOn>

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  people = participantsOf(market)
  mcp = mcpOn(market, people)
  agent = await people.newAgent(accountOf(2), 1_000n * usdc)
  await market.indexed()
  return market.stop
}, 120_000)

describe('claim_run over stdio', () => {
  it('signs with the key, for as many claims as the user allows', async () => {
    const first = await mcp.openRun()
    const second = await mcp.openRun()
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '1']))
    const agentId = Number(agent.id)
    expect((await call('claim_run', { runId: first, agentId })).value).toMatchObject({
      success: true,
      run: { claimedBy: agentId },
    })
    const refusal = await call('claim_run', { runId: second, agentId })
    expect(refusal).toMatchObject({ isError: true, text: expect.stringContaining('ALLOWANCE_USED') })
    expect((await call('get_run', { runId: second })).value.state).toBe('OPEN')
  })

  it('starts, delivers and abandons what it has claimed, without ether', async () => {
    const [delivered, abandoned] = [await mcp.openRun(), await mcp.openRun()]
    const { call, client } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '2']))
    const listed = (await client.listTools()).tools.map(({ name }) => name)
    expect(listed).toEqual([...tools, ...claimTools])
    const agentId = Number(agent.id)
    const before = await market.client.getTransactionCount({ address: agent.wallet.address })
    for (const runId of [delivered, abandoned]) await call('claim_run', { runId, agentId })
    expect((await call('start_run', { runId: delivered })).value.run.state).toBe('IN_PROGRESS')
    const submitted = await call('submit_run', { runId: delivered, content: 'Größe: 42 – fertig' })
    expect(submitted.value?.run?.state, submitted.text).toBe('SUBMITTED')
    const text = await mcp.stored(submitted.value.run.deliverableHash)
    expect(text).toEqual(['text/markdown; charset=utf-8', 'Größe: 42 – fertig'])
    expect((await call('abandon_run', { runId: String(abandoned) })).value.run.state).toBe('OPEN')
    const refusal = await call('submit_run', { runId: abandoned, deliverableHash: 'ipfs://work' })
    expect(refusal).toMatchObject({ isError: true, text: expect.stringContaining('WRONG_STATE') })
    expect(await market.client.getTransactionCount({ address: agent.wallet.address })).toBe(before)
  })

  it('signs no delivery of other content than it was given', async () => {
    const runId = await mcp.openRun()
    const proxy = await startFaultyApi(market.api.url)
    onTestFinished(proxy.stop)
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '1'], proxy.url))
    await call('claim_run', { runId, agentId: Number(agent.id) })
    const neither = await call('submit_run', { runId })
    expect(JSON.parse(neither.text).detail).toBe('Give deliverableHash or content, and not both.')
    const lie = JSON.stringify({ cid: 'bafkreix', uri: 'ipfs://bafkreix', isBrief: false })
    proxy.faults.push({ status: 201, headers: { 'Content-Type': 'application/json' }, body: lie })
    const refusal = await call('submit_run', { runId, content: 'work' })
    expect(JSON.parse(refusal.text)).toMatchObject({ code: 'UNEXPECTED_CONTENT' })
    expect((await call('get_run', { runId })).value.state).toBe('CLAIMED')
  })

  it('puts at most the stake at risk that the user allows, and signs nothing beyond', async () => {
    const [first, second, third] = [await mcp.openRun(), await mcp.openRun(), await mcp.openRun()]
    const costly = Number(await people.openRun(100n * usdc))
    await market.indexed()
    // Each of the small runs requires 0.1 USDC, the costly one 10.
    const { call, client } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '10', '--allow-stake', '0.25']))
    const { tools } = await client.listTools()
    expect(tools.find(({ name }) => name === 'claim_run')?.description).toContain('0.25 USDC at stake')
    const agentId = Number(agent.id)
    const refusal = await call('claim_run', { runId: costly, agentId })
    expect(JSON.parse(refusal.text)).toEqual({
      code: 'ALLOWANCE_USED',
      detail:
        `The claim of run ${costly} puts 10 USDC at stake; 0.25 USDC of the 0.25 USDC of --allow-stake are left. ` +
        'Nothing was signed. Choose a run with a lower stakeRequired, or ask the user to start the server with a larger one.',
    })
    const answers = await Promise.all([first, second, third].map((runId) => call('claim_run', { runId, agentId })))
    expect(answers.filter(({ isError }) => !isError)).toHaveLength(2)
    expect(answers.find(({ isError }) => isError)?.text).toContain('ALLOWANCE_USED')
    expect((await call('get_run', { runId: costly })).value.state).toBe('OPEN')
  })

  it('counts the largest stake that it signed for a round, whatever the API said first', async () => {
    const runId = await mcp.openRun()
    const lying = await startFaultyApi(market.api.url)
    onTestFinished(lying.stop)
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '2', '--allow-stake', '0.07'], lying.url))
    const input = { runId, agentId: Number(agent.id) }
    lying.answerWith((json, path) =>
      path.includes('/claim-message') ? { ...json, message: { ...(json.message as object), stake: '50000' } } : json,
    )
    expect(JSON.parse((await call('claim_run', input)).text)).toMatchObject({ code: 'INVALID_SIGNATURE' })
    lying.answerWith((json) => json)
    expect(JSON.parse((await call('claim_run', input)).text)).toMatchObject({
      code: 'ALLOWANCE_USED',
      detail: expect.stringContaining('puts 0.1 USDC at stake; 0.02 USDC of the 0.07 USDC of --allow-stake are left'),
    })
    expect((await call('get_run', { runId })).value.state).toBe('OPEN')
  })

  it('allows 20 USDC at stake where the user names no amount', async () => {
    const costly = Number(await people.openRun(500n * usdc))
    await market.indexed()
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '1']))
    const refusal = await call('claim_run', { runId: costly, agentId: Number(agent.id) })
    expect(refusal).toMatchObject({ isError: true, text: expect.stringContaining('20 USDC of the 20 USDC') })
  })

  it('claims with other terms than the defaults only if they are named', async () => {
    const terms = { workPeriod: 3_600, stakePercent: 50, evaluator: accountOf(7).address }
    await people.fund(people.poster, market.market.address, 2n * usdc)
    const deadline = (await people.now()) + 86_400n
    await people.mined(() =>
      market.market.write.postBounty(['ipfs://task', usdc, deadline, { ...defaultTerms, ...terms }]),
    )
    const runId = Number(await market.market.read.bountyCount())
    await market.indexed()
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '2']))
    const input = { runId, agentId: Number(agent.id) }
    expect(JSON.parse((await call('claim_run', input)).text)).toMatchObject({ code: 'UNEXPECTED_MESSAGE' })
    const named = { ...input, stake: 0.5, workPeriodHours: 1, evaluator: accountOf(7).address }
    expect((await call('claim_run', named)).value.run.state).toBe('CLAIMED')
  })

  it('claims for no agent of another wallet', async () => {
    const other = await people.newAgent(accountOf(4))
    const runId = await mcp.openRun()
    const { call } = await connect(mcp.overStdio(keyOf(2), ['--allow-claims', '1']))
    const refusal = await call('claim_run', { runId, agentId: Number(other.id) })
    expect(JSON.parse(refusal.text)).toMatchObject({ code: 'WALLET_MISMATCH' })
  })
})

describe('posts and reviews over stdio', () => {
  const key = keyOf(6)
  const payer = accountOf(6)

  /** A server with the payer's key, and so much USDC. */
  async function connectWith(spend: string, api?: string) {
    await people.mined(() => market.usdc.write.mint([payer.address, 1_000n * usdc]))
    return connect(mcp.overStdio(key, ['--allow-spend', spend], api))
  }

  /** A run of the payer whose work is delivered. @returns its id. */
  async function deliveredRun(call: Awaited<ReturnType<typeof connect>>['call'], reward: number | string) {
    const claimant = agent.wallet.address
    const posted = await call('post_run', { ipfsHash: 'ipfs://task', reward, stakePercent: '5', claimant })
    expect(posted, posted.text).toMatchObject({ isError: false, value: { run: { state: 'OPEN', claimant } } })
    const runId: number = posted.value.run.bountyId
    await people.mined(() => market.market.write.claimBounty([BigInt(runId), agent.id], { account: claimant }))
    await people.mined(() => market.market.write.submitWork([BigInt(runId), 'ipfs://work'], { account: claimant }))
    await market.indexed()
    return runId
  }

  it('spend what the user allows, count a run that they posted once, and stop there', async () => {
    const { call } = await connectWith('21.05')
    const runId = await deliveredRun(call, '20')
    const sent = await market.client.getTransactionCount({ address: payer.address })
    const second = await call('post_run', { ipfsHash: 'ipfs://task', reward: 1 })
    expect(JSON.parse(second.text)).toEqual({
      code: 'ALLOWANCE_USED',
      detail:
        'The payment takes 1.05 USDC; 0.05 USDC of the 21.05 USDC of --allow-spend are left. Nothing was signed. ' +
        'Choose a smaller amount, or ask the user to start the server with a larger allowance.',
    })
    const revised = await call('revise_run', { runId, revision: 0, content: { missing: ['the second half'] } })
    expect(revised.value.run.state).toBe('REVISION_REQUESTED')
    const feedback = ['application/json', '{"missing":["the second half"]}']
    expect(await mcp.stored(revised.value.run.feedbackHash)).toEqual(feedback)
    const unknown = await call('approve_run', { runId, revision: 0, note: 'good' })
    expect(JSON.parse(unknown.text).detail).toBe('There is no input note. Give runId, revision.')
    const wrong = await call('approve_run', { runId, revision: 'last' })
    expect(JSON.parse(wrong.text)).toEqual({
      code: 'VALIDATION_FAILED',
      detail: 'revision: Give a revision from 0, the first delivery, to 3. Got "last".',
    })
    expect((await call('approve_run', { runId, revision: 0 })).value.run.state).toBe('APPROVED')
    expect(await market.client.getTransactionCount({ address: payer.address })).toBe(sent)
  })

  it('approve no run of another session beyond the allowance', async () => {
    const first = await connectWith('200')
    const runId = await deliveredRun(first.call, 100)
    const { call } = await connectWith('99')
    const refusal = await call('approve_run', { runId, revision: 0 })
    expect(JSON.parse(refusal.text)).toMatchObject({
      code: 'ALLOWANCE_USED',
      detail: expect.stringContaining(`The approval of run ${runId} takes 100 USDC; 99 USDC of the 99 USDC`),
    })
    expect((await call('get_run', { runId })).value.state).toBe('SUBMITTED')
  })

  it('approve no earlier run that a lying API names as the one just posted', async () => {
    const first = await connectWith('200')
    const runId = await deliveredRun(first.call, 100)
    const { run } = (await first.call('post_run', { ipfsHash: 'ipfs://task', reward: 1 })).value
    const proxy = await startFaultyApi(market.api.url)
    onTestFinished(proxy.stop)
    const { call } = await connectWith('105', proxy.url)
    const lie = JSON.stringify({ success: true, run: { ...run, bountyId: runId } })
    proxy.faults.push('pass', { status: 200, headers: { 'Content-Type': 'application/json' }, body: lie })
    const posted = await call('post_run', { ipfsHash: 'ipfs://task', reward: 100 })
    expect(posted.value.run.bountyId).toBe(runId)
    const refusal = await call('approve_run', { runId, revision: 0 })
    expect(JSON.parse(refusal.text)).toMatchObject({ code: 'ALLOWANCE_USED' })
    expect((await call('get_run', { runId })).value.state).toBe('SUBMITTED')
  })

  it('pay once for a call that is repeated after a timeout, and again with another key', async () => {
    const proxy = await startFaultyApi(market.api.url)
    onTestFinished(proxy.stop)
    const connected = [await connectWith('6.3', proxy.url), await connectWith('6.3', proxy.url)]
    const [{ call }, restarted] = connected as [(typeof connected)[0], (typeof connected)[0]]
    const balance = () => market.usdc.read.balanceOf([payer.address])
    const before = await balance()
    const input = { ipfsHash: 'ipfs://task', reward: 3, key: 'first' }
    // The relay gets the payment, and the client no answer in time.
    const busy = JSON.stringify({ status: 429, code: 'RATE_LIMITED', detail: 'Said by the test.' })
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '80000' }
    proxy.faults.push('pass', 'lose', { status: 429, headers, body: busy })
    const undecided = JSON.parse((await call('post_run', input)).text)
    expect(undecided).toEqual({
      code: 'ACTION_UNDECIDED',
      detail: 'The post is undecided: RATE_LIMITED: Said by the test. It may still be made. Wait with get_action.',
      actionId: expect.stringMatching(/^0x/),
    })
    const { actionId } = undecided
    for (const again of [call, call, restarted.call]) {
      expect((await again('post_run', input)).value).toMatchObject({ success: true, actionId })
    }
    expect((await call('get_action', { actionId })).value).toMatchObject({ action: 'post', state: 'mined' })
    expect(before - (await balance())).toBe(3_150_000n)
    const second = await call('post_run', { ipfsHash: 'ipfs://task', reward: 3 })
    expect([second.value.success, second.value.actionId === actionId]).toEqual([true, false])
    expect((await call('post_run', { reward: '3', ipfsHash: 'ipfs://task' })).value.run).toEqual(second.value.run)
    expect(before - (await balance())).toBe(6_300_000n)
  })

  it('register, stake, close and take stake out', async () => {
    const { call } = await connectWith('31.5')
    const { agent: registered } = (await call('register_agent', { agentURI: 'ipfs://mine' })).value
    const agentId = String(registered.id)
    expect((await call('stake_agent', { agentId, amount: '21' })).value.agent.stakedAmount).toBe('21000000')
    expect((await call('unstake_agent', { agentId, amount: 0.5 })).value.agent.stakedAmount).toBe('20500000')
    const brief = '{"title":"Draw a logo"}'
    const posted = await call('post_run', { content: brief, reward: 10, deadlineHours: 1, workPeriodHours: 2 })
    expect(posted.value.run).toMatchObject({ workPeriod: 7_200, title: 'Draw a logo' })
    expect(await mcp.stored(posted.value.run.ipfsHash)).toEqual(['application/json', brief])
    expect((await call('close_run', { runId: posted.value.run.bountyId })).value.run.state).toBe('DRAFT')
    const rejected = await call('reject_run', { runId: posted.value.run.bountyId, revision: 0 })
    expect(rejected).toMatchObject({ isError: true, text: expect.stringContaining('WRONG_STATE') })
  })
})

describe('--verify over stdio', () => {
  it('returns what the node proves, and lies as errors', async () => {
    const lying = await startFaultyApi(market.api.url)
    onTestFinished(lying.stop)
    const runId = await mcp.openRun()
    const agentId = Number(agent.id)
    const { client, call } = await connect(mcp.overStdio(keyOf(2), ['--verify'], lying.url))
    expect(client.getInstructions()).toContain('FALSE_ANSWER')
    const calls: [string, Record<string, unknown>][] = [
      ['get_run', { runId }],
      ['list_runs', { claimable: true, limit: 3 }],
      ['get_agent', { agentId }],
      ['check_claim_eligibility', { runId, agentId, walletAddress: agent.wallet.address }],
    ]
    for (const [name, input] of calls) expect(await call(name, input), name).toMatchObject({ isError: false })
    expect(await call('get_run', { runId: 999_999 })).toMatchObject({ text: expect.stringContaining('RUN_NOT_FOUND') })

    lying.answerWith(({ runs, ...json }) => ({
      ...json,
      ...(Array.isArray(runs) && { runs: runs.map((run) => ({ ...run, reward: '1' })) }),
      ...('posterAddress' in json && { reward: '1' }),
      ...('ownerAddress' in json && { stakedAmount: '1' }),
      ...('eligible' in json && { eligible: false, reasonCodes: ['RUN_NOT_OPEN'] }),
    }))
    for (const [name, input] of calls) {
      const { isError, text } = await call(name, input)
      expect([isError, JSON.parse(text).code], `${name}: ${text}`).toEqual([true, 'FALSE_ANSWER'])
    }
    expect(await call('get_market')).toMatchObject({ isError: false })
  })
})
