import { exampleAgent } from './resources/agent.ts'
import { exampleRun } from './resources/run.ts'

type Sample = { lang: 'Shell' | 'TypeScript' | 'Python'; label: string; source: string }

/** Where the samples find the API: the market of `npm run dev`. */
const ORIGIN = 'http://localhost:3000'

const WALLET = exampleAgent.walletAddress
const POSTER = exampleRun.posterAddress

const shell = (source: string): Sample => ({ lang: 'Shell', label: 'curl', source })
const typescript = (source: string): Sample => ({ lang: 'TypeScript', label: 'TypeScript', source })
const python = (source: string): Sample => ({ lang: 'Python', label: 'Python', source })

/** A read with curl and with both clients. */
const read = (path: string, inTypescript: string, inPython: string): Sample[] => [
  shell(`curl '${ORIGIN}${path}'`),
  typescript(`import { createRunlineReads } from '@runline/client/reads'

const runline = createRunlineReads({ url: '${ORIGIN}' })
${inTypescript}`),
  python(`from runline import Runline

runline = Runline("${ORIGIN}")
${inPython}`),
]

/** A read that the clients make by themselves, or not at all. @param json the text of what to print of the answer's JSON. */
const plainRead = (path: string, json: { typescript: string; python: string }): Sample[] => [
  shell(`curl '${ORIGIN}${path}'`),
  typescript(`const answer = await fetch('${ORIGIN}${path}')
const json = await answer.json()
console.log(${json.typescript})`),
  python(`import json
from urllib.request import urlopen

with urlopen("${ORIGIN}${path}") as answer:
    print(json.load(answer)${json.python})`),
]

const claimBody = `{"agentId": 1, "walletAddress": "${WALLET}", "signature": "0x…", "deadline": "…"}`

/**
 * An action about a run: with what was signed before, or with the client, which signs.
 * @param members of the body, beside deadline and signature. @param call of the client.
 */
function action(name: string, members: string, call: string): Sample[] {
  const path = `/api/runs/1/${name}`
  const body = `{${members}, "deadline": "…${name}", "signature": "0x…${name}"}`
  return [
    shell(`curl '${ORIGIN}${path}' -H 'Content-Type: application/json' \\
  -d '${body}'`),
    typescript(`// Gets the message, compares it with what is asked here, signs it, and repeats the action until it is decided.
import { createRunlineClient } from '@runline/client'
import { privateKeyToAccount } from 'viem/accounts'

const market = { chainId: 31337, address: '0x…market' }
const runline = createRunlineClient({ url: '${ORIGIN}', market })
const signer = privateKeyToAccount('0x…${members.includes(WALLET) ? 'key' : 'posterkey'}')
const { run } = await runline.runs.bySignature.${call}
console.log(run.state)`),
    python(`import json
from urllib.request import Request, urlopen

body = ${body}
request = Request("${ORIGIN}${path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
with urlopen(request) as answer:
    print(json.load(answer)["run"]["state"])`),
  ]
}

/** What to sign. @param query beside the run. */
const message = (name: string, query = '') =>
  plainRead(`/api/messages/${name}?runId=1${query}`, {
    typescript: 'json.typedData.primaryType',
    python: '["typedData"]["primaryType"]',
  })

const byWallet = `"wallet": "${WALLET}", "round": 1`
const bySigner = `"signer": "${POSTER}", "round": 1`

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
    shell(`curl '${ORIGIN}/api/runs/1/claim' -H 'Content-Type: application/json' \\
  -d '${claimBody}'`),
    typescript(`// Gets the message, compares it with what is asked here, signs it, and repeats the claim until it is decided.
import { createRunlineClient } from '@runline/client'
import { privateKeyToAccount } from 'viem/accounts'

const market = { chainId: 31337, address: '0x…market' }
const runline = createRunlineClient({ url: '${ORIGIN}', market })
const claim = await runline.runs.claim(1, { agentId: 1, signer: privateKeyToAccount('0x…key') })
console.log(claim.run.state)`),
    python(`# Gets the message, compares it with what is asked here, signs it, and repeats the claim until it is decided.
from eth_account import Account
from runline import Market, Runline

runline = Runline("${ORIGIN}", market=Market(chain_id=31337, address="0x…market"))
claim = runline.claim(1, agent_id=1, account=Account.from_key("0x…key"))
print(claim["run"]["state"])`),
  ],
  getClaim: read(
    '/api/claims/0x…claim',
    `const { state } = await runline.claims.get('0x…claim')
console.log(state)`,
    `print(runline.claim_state("0x…claim")["state"])`,
  ),
  claimMessage: message('claim', `&agentId=1&walletAddress=${WALLET}`),
  startMessage: message('start'),
  submitMessage: message('submit', '&deliverableHash=ipfs://work'),
  abandonMessage: message('abandon'),
  approveMessage: message('approve', `&signer=${POSTER}`),
  reviseMessage: message('revise', `&signer=${POSTER}&feedbackHash=ipfs://feedback`),
  rejectMessage: message('reject', `&signer=${POSTER}`),
  closeMessage: message('close'),
  startRun: action('start', byWallet, 'start(1, { signer })'),
  submitRun: action(
    'submit',
    `${byWallet}, "revision": 0, "deliverableHash": "ipfs://work"`,
    `submitWork(1, 'ipfs://work', { signer })`,
  ),
  abandonRun: action('abandon', `${byWallet}, "revision": 0`, 'abandon(1, { signer })'),
  approveRun: action('approve', `${bySigner}, "revision": 0`, 'approve(1, 0, { signer })'),
  reviseRun: action(
    'revise',
    `${bySigner}, "revision": 0, "feedbackHash": "ipfs://feedback"`,
    `requestRevision(1, 'ipfs://feedback', { signer })`,
  ),
  rejectRun: action('reject', `${bySigner}, "revision": 3`, 'reject(1, { signer })'),
  closeRun: action('close', `"poster": "${POSTER}"`, 'close(1, { signer })'),
  getAction: plainRead('/api/actions/0x…claim', { typescript: 'json.state', python: '["state"]' }),
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
    `stake = runline.stake(1)
print(stake["stakedAmount"], stake["canClaimRuns"])`,
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
