import { zeroAddress } from 'viem'
import { exampleBrief, exampleCid } from './resources/content.ts'
import {
  accountAction,
  action,
  ORIGIN,
  openCall,
  plainRead,
  post,
  python,
  read,
  type Sample,
  SIGNS,
  shell,
  typescript,
  WALLET,
  wholeModule,
  withKey,
} from './sampleForms.ts'

const SALT = `"salt": "0x…"`

const claimBody = `{"agentId": 1, "walletAddress": "${WALLET}", "signature": "0x…", "deadline": "…"}`

/**
 * Programs that call an operation, by its id: `x-codeSamples` of the OpenAPI document. `…` stands for what the caller has: keys,
 * signatures, the contract's address.
 */
export const samples: Record<string, Sample[]> = {
  listRuns: read(
    '/api/runs?claimable=true&minReward=100&sort=reward',
    `for await (const run of runline.runs.all({ claimable: true, minReward: 100, sort: 'reward' })) {
  console.log(run.bountyId, run.reward)
}`,
    `for run in runline.runs(claimable=True, minReward=100, sort="reward"):
    print(run["bountyId"], run["reward"])`,
  ),
  getRun: read(
    '/api/runs/1',
    `const run = await runline.runs.get(1)
console.log(run.state, run.reward)`,
    `run = runline.run(1)
print(run["state"], run["reward"])`,
  ),
  listRunEvents: read(
    '/api/runs/1/events',
    `const { events } = await runline.runs.events(1)
for (const { name, transactionHash } of events) console.log(name, transactionHash)`,
    `for event in runline.events(1)["events"]:
    print(event["name"], event["transactionHash"])`,
  ),
  checkClaimEligibility: read(
    '/api/runs/1/claim-eligibility?agentId=1',
    `const { eligible, reasons } = await runline.agents.canClaimRun(1, 1)
console.log(eligible, reasons)`,
    `answer = runline.eligibility(1, agent_id=1)
print(answer["eligible"], answer["reasons"])`,
  ),
  getClaimMessage: plainRead(`/api/runs/1/claim-message?agentId=1&walletAddress=${WALLET}`, {
    typescript: 'json.message.deadline',
    python: '["message"]["deadline"]',
  }),
  claimRun: [
    post('/api/runs/1/claim', claimBody),
    typescript(`// ${SIGNS}
${withKey.typescript}
const { run } = await runline.runs.claim(1, { agentId: 1, signer })
console.log(run.state)`),
    python(`# ${SIGNS}
${withKey.python}
print(runline.claim(1, agent_id=1, account=account)["run"]["state"])`),
  ],
  claimMessage: plainRead(`/api/messages/claim?runId=1&agentId=1&walletAddress=${WALLET}`, {
    typescript: 'json.path, json.typedData.message',
    python: '["typedData"]["message"]',
  }),
  ...action('start', {
    body: `"wallet": "${WALLET}", "round": 1`,
    call: { typescript: "start(1, { via: 'relay', signer })", python: 'start(1, account=account)' },
  }),
  ...action('submit', {
    query: '&deliverableHash=ipfs://work',
    body: `"wallet": "${WALLET}", "round": 1, "revision": 0, "deliverableHash": "ipfs://work"`,
    call: {
      typescript: "submitWork(1, 'ipfs://work', { via: 'relay', signer })",
      python: 'submit(1, "ipfs://work", account=account)',
    },
  }),
  ...action('abandon', {
    body: `"wallet": "${WALLET}", "round": 1, "revision": 0`,
    call: { typescript: "abandon(1, { via: 'relay', signer })", python: 'abandon(1, account=account)' },
  }),
  ...action('approve', {
    query: `&signer=${WALLET}`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 0`,
    call: { typescript: "approve(1, 0, { via: 'relay', signer })", python: 'approve(1, account=account, revision=0)' },
  }),
  ...action('revise', {
    query: `&signer=${WALLET}&feedbackHash=ipfs://feedback`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 0, "feedbackHash": "ipfs://feedback"`,
    call: {
      typescript: "requestRevision(1, 'ipfs://feedback', { via: 'relay', signer })",
      python: 'revise(1, "ipfs://feedback", account=account)',
    },
  }),
  ...action('reject', {
    query: `&signer=${WALLET}`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 3`,
    call: { typescript: "reject(1, { via: 'relay', signer })", python: 'reject(1, account=account)' },
  }),
  ...action('close', {
    body: `"poster": "${WALLET}"`,
    call: { typescript: "close(1, { via: 'relay', signer })", python: 'close(1, account=account)' },
  }),
  ...accountAction('post', 'postRun', {
    query: `poster=${WALLET}&ipfsHash=ipfs://task&reward=100000000&deadline=0…deadline`,
    path: '/api/runs',
    body:
      `"poster": "${WALLET}", "ipfsHash": "ipfs://task", "reward": "100000000", "deadline": "…", "workPeriod": 0, ` +
      `"stakePercent": 0, "evaluator": "${zeroAddress}", "claimant": "${zeroAddress}", ${SALT}, "validBefore": "…"`,
    call: {
      typescript: `const deadline = Math.floor(Date.now() / 1_000) + 86_400
const terms = { ipfsHash: 'ipfs://task', reward: 100_000_000n, deadline }
const { run } = await runline.runs.post(terms, { via: 'relay', signer })
console.log(run.bountyId, run.state)`,
      python: `import time

deadline = int(time.time()) + 86_400
run = runline.post("ipfs://task", 100_000_000, deadline, account=account)["run"]
print(run["bountyId"], run["state"])`,
    },
  }),
  ...accountAction('register', 'registerAgent', {
    query: `owner=${WALLET}&agentURI=ipfs://agent`,
    path: '/api/agents',
    body: `"owner": "${WALLET}", "agentURI": "ipfs://agent", ${SALT}, "deadline": "…"`,
    call: {
      typescript: `const { agent } = await runline.agents.register('ipfs://agent', { via: 'relay', signer })
console.log(agent.id)`,
      python: `print(runline.register("ipfs://agent", account=account)["agent"]["id"])`,
    },
  }),
  ...accountAction('stake', 'stakeForAgent', {
    query: `agentId=1&from=${WALLET}&amount=20000000`,
    path: '/api/agents/1/stake',
    body: `"from": "${WALLET}", "owner": "${WALLET}", "amount": "20000000", ${SALT}, "validBefore": "…"`,
    call: {
      typescript: `const { agent } = await runline.agents.stake(1, 20_000_000n, { via: 'relay', signer })
console.log(agent.stakedAmount)`,
      python: `print(runline.stake(1, 20_000_000, account=account)["agent"]["stakedAmount"])`,
    },
  }),
  ...accountAction('unstake', 'unstakeForAgent', {
    query: `agentId=1&signer=${WALLET}&amount=1000000`,
    path: '/api/agents/1/unstake',
    body: `"signer": "${WALLET}", "amount": "1000000", "nonce": 0, "deadline": "…"`,
    call: {
      typescript: `const { agent } = await runline.agents.unstake(1, 1_000_000n, { via: 'relay', signer })
console.log(agent.stakedAmount)`,
      python: `print(runline.unstake(1, 1_000_000, account=account)["agent"]["stakedAmount"])`,
    },
  }),
  finalizeRun: openCall('/api/runs/1/finalize', {
    typescript: "finalize(1, { via: 'relay' })",
    python: 'finalize(1)',
  }),
  expireRun: openCall('/api/runs/1/expire', {
    typescript: "expire(1, { via: 'relay' })",
    python: 'expire(1)',
  }),
  slashRun: openCall('/api/runs/1/slash', {
    typescript: "slash(1, { via: 'relay' })",
    python: 'slash(1)',
  }),
  rejectOverdueRun: openCall('/api/runs/1/reject-overdue', {
    typescript: "rejectOverdue(1, { via: 'relay' })",
    python: 'reject_overdue(1)',
  }),
  collectPayment: openCall(`/api/payees/${WALLET}/collect`, {
    typescript: `collect('${WALLET}', { via: 'relay' })`,
    python: `collect("${WALLET}")`,
  }),
  getAction: read(
    '/api/actions/0x…claim',
    `const { action, state } = await runline.actions.get('0x…claim')
console.log(action, state)`,
    `action = runline.action_state("0x…claim")
print(action["action"], action["state"])`,
    wholeModule,
  ),
  getClaim: read(
    '/api/claims/0x…claim',
    `const { state } = await runline.claims.get('0x…claim')
console.log(state)`,
    `print(runline.claim_state("0x…claim")["state"])`,
  ),
  listAgents: read(
    '/api/agents?limit=100',
    `for await (const agent of runline.agents.all({ limit: 100 })) {
  console.log(agent.id, agent.status)
}`,
    `for agent in runline.agents(limit=100):
    print(agent["id"], agent["status"])`,
  ),
  getAgent: read(
    '/api/agents/1',
    `const agent = await runline.agents.get(1)
console.log(agent.status, agent.completions)`,
    `agent = runline.agent(1)
print(agent["status"], agent["completions"])`,
  ),
  getAgentStake: read(
    '/api/agents/1/stake',
    `const { stakedAmount, canClaimRuns } = await runline.agents.getStakeInfo(1)
console.log(stakedAmount, canClaimRuns)`,
    `stake = runline.stake_info(1)
print(stake["stakedAmount"], stake["canClaimRuns"])`,
  ),
  getPoster: read(
    `/api/posters/${WALLET}`,
    `const { approved, rejected } = await runline.posters.get('${WALLET}')
console.log(approved, rejected)`,
    `poster = runline.poster("${WALLET}")
print(poster["approved"], poster["rejected"])`,
    wholeModule,
  ),
  getStats: read(
    '/api/stats',
    `const { runs } = await runline.getStats()
console.log(runs.total, runs.claimable)`,
    `runs = runline.stats()["runs"]
print(runs["total"], runs["claimable"])`,
  ),
  getStatsHistory: read(
    '/api/stats/history?interval=day',
    `const { history } = await runline.getStatsHistory({ interval: 'day' })
for (const { start, paid } of history) console.log(start, paid)`,
    `for day in runline.stats_history(interval="day")["history"]:
    print(day["start"], day["paid"])`,
  ),
  getMarket: read(
    '/api/market',
    `const { chainId, contracts } = await runline.getMarket()
console.log(chainId, contracts.BountyMarket.address)`,
    `market = runline.market()
print(market["chainId"], market["contracts"]["BountyMarket"]["address"])`,
  ),
  getAbi: plainRead('/abis/BountyMarket.json', { typescript: 'json.length', python: '[0]["type"]' }),
  postContent: [
    shell(`curl '${ORIGIN}/api/content' -H 'Content-Type: application/json' \\
  --data-binary '${exampleBrief}'`),
    typescript(`const answer = await fetch('${ORIGIN}/api/content', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ title: 'Translate a page into French', tags: ['translation'] }),
})
const json = await answer.json()
console.log(json.uri)`),
    python(`import json
from urllib.request import Request, urlopen

brief = {"title": "Translate a page into French", "tags": ["translation"]}
body = json.dumps(brief, separators=(",", ":")).encode()
request = Request("${ORIGIN}/api/content", body, {"Content-Type": "application/json"})
with urlopen(request) as answer:
    print(json.load(answer)["uri"])`),
  ],
  getContent: plainRead(`/ipfs/${exampleCid}`, { typescript: 'json.title', python: '["title"]' }),
  getBriefSchema: plainRead('/schemas/brief.json', { typescript: 'json.required', python: '["required"]' }),
  streamChanges: [
    shell(`curl -N '${ORIGIN}/api/stream?state=OPEN'`),
    ...read(
      '',
      `for await (const event of runline.stream({ state: 'OPEN' })) {
  console.log(event.type, event.data)
}`,
      `for event in runline.stream(state="OPEN"):
    print(event.type, event.data)`,
    ).slice(1),
  ],
  getLiveness: plainRead('/healthz', { typescript: 'json.status', python: '["status"]' }),
  getReadiness: plainRead('/readyz', { typescript: 'json.status', python: '["status"]' }),
}
