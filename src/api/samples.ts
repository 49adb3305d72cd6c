import { exampleAgent } from './resources/agent.ts'
import { exampleBrief, exampleCid } from './resources/content.ts'

type Sample = { lang: 'Shell' | 'TypeScript' | 'Python'; label: string; source: string }

/** Where the samples find the API: the market of `npm run dev`. */
const ORIGIN = 'http://localhost:3000'

const WALLET = exampleAgent.walletAddress

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

/** What both clients begin with to sign for an account. */
const withKey = {
  typescript: `import { createRunlineClient } from '@runline/client'
import { privateKeyToAccount } from 'viem/accounts'

const market = { chainId: 31337, address: '0x…market' }
const runline = createRunlineClient({ url: '${ORIGIN}', market })
const signer = privateKeyToAccount('0x…key')`,
  python: `from eth_account import Account
from runline import Market, Runline

runline = Runline("${ORIGIN}", market=Market(chain_id=31337, address="0x…market"))
account = Account.from_key("0x…key")`,
}

/** What a request with a signature is, for a reader of curl. */
const post = (path: string, body: string) =>
  shell(`curl '${ORIGIN}${path}' -H 'Content-Type: application/json' \\
  -d '${body}'`)

const SIGNS =
  'Gets the message, compares it with what is asked here, signs it, and repeats the request until it is decided.'

/** The message of an action, and the action with its signature. @param call the client's, with what it is asked. */
function action(
  name: string,
  { query = '', body, call }: { query?: string; body: string; call: { typescript: string; python: string } },
): Record<string, Sample[]> {
  return {
    [`${name}Message`]: plainRead(`/api/messages/${name}?runId=1${query}`, {
      typescript: 'json.path, json.typedData.message',
      python: '["typedData"]["message"]',
    }),
    [`${name}Run`]: [
      post(`/api/runs/1/${name}`, `{${body}, "deadline": "…", "signature": "0x…"}`),
      typescript(`// ${SIGNS}
${withKey.typescript}
const { run } = await runline.runs.bySignature.${call.typescript}
console.log(run.state)`),
      python(`# ${SIGNS}
${withKey.python}
print(runline.${call.python}["run"]["state"])`),
    ],
  }
}

/** What the typed client begins with to sign for an account's USDC, stake and agents. */
const withContracts = withKey.typescript.replace(
  /const runline = .*/,
  `const contracts = {
  usdc: '0x…usdc',
  signedFunding: '0x…funding',
  agentStaking: '0x…staking',
  agentRegistry: '0x…registry',
}
const runline = createRunlineClient({ url: '${ORIGIN}', market, contracts })`,
)

/**
 * The message of an action of an account, and the action with its signature. The client for Python does not sign these.
 * @param call the client's, and what to print of its answer.
 */
function accountAction(
  name: string,
  operationId: string,
  { query, path, body, call }: { query: string; path: string; body: string; call: string },
): Record<string, Sample[]> {
  return {
    [`${name}Message`]: plainRead(`/api/messages/${name}?${query}`, {
      typescript: 'json.path, json.typedData.message',
      python: '["typedData"]["message"]',
    }),
    [operationId]: [
      post(path, `{${body}, "signature": "0x…"}`),
      typescript(`// ${SIGNS}
${withContracts}
${call}`),
    ],
  }
}

/** A call that anyone may ask for. */
const openCall = (path: string): Sample[] => [
  shell(`curl -X POST '${ORIGIN}${path}'`),
  typescript(`const answer = await fetch('${ORIGIN}${path}', { method: 'POST' })
const json = await answer.json()
console.log(answer.ok ? json.message : json.detail)`),
  python(`import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

try:
    with urlopen(Request("${ORIGIN}${path}", method="POST")) as answer:
        print(json.load(answer)["message"])
except HTTPError as refusal:
    print(json.load(refusal)["detail"])`),
]

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
    call: { typescript: 'start(1, { signer })', python: 'start(1, account=account)' },
  }),
  ...action('submit', {
    query: '&deliverableHash=ipfs://work',
    body: `"wallet": "${WALLET}", "round": 1, "revision": 0, "deliverableHash": "ipfs://work"`,
    call: {
      typescript: "submitWork(1, 'ipfs://work', { signer })",
      python: 'submit(1, "ipfs://work", account=account)',
    },
  }),
  ...action('abandon', {
    body: `"wallet": "${WALLET}", "round": 1, "revision": 0`,
    call: { typescript: 'abandon(1, { signer })', python: 'abandon(1, account=account)' },
  }),
  ...action('approve', {
    query: `&signer=${WALLET}`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 0`,
    call: { typescript: 'approve(1, 0, { signer })', python: 'approve(1, account=account, revision=0)' },
  }),
  ...action('revise', {
    query: `&signer=${WALLET}&feedbackHash=ipfs://feedback`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 0, "feedbackHash": "ipfs://feedback"`,
    call: {
      typescript: "requestRevision(1, 'ipfs://feedback', { signer })",
      python: 'revise(1, "ipfs://feedback", account=account)',
    },
  }),
  ...action('reject', {
    query: `&signer=${WALLET}`,
    body: `"signer": "${WALLET}", "round": 1, "revision": 3`,
    call: { typescript: 'reject(1, { signer })', python: 'reject(1, account=account)' },
  }),
  ...action('close', {
    body: `"poster": "${WALLET}"`,
    call: { typescript: 'close(1, { signer })', python: 'close(1, account=account)' },
  }),
  ...accountAction('post', 'postRun', {
    query: `poster=${WALLET}&ipfsHash=ipfs://task&reward=100000000&deadline=0…deadline`,
    path: '/api/runs',
    body:
      `"poster": "${WALLET}", "ipfsHash": "ipfs://task", "reward": "100000000", "deadline": "…", "workPeriod": 0, ` +
      `"stakePercent": 0, "evaluator": "0x0000000000000000000000000000000000000000", ${SALT}, "validBefore": "…"`,
    call: `const deadline = Math.floor(Date.now() / 1_000) + 86_400
const terms = { ipfsHash: 'ipfs://task', reward: 100_000_000n, deadline }
const { run } = await runline.runs.bySignature.post(terms, { signer })
console.log(run.bountyId, run.state)`,
  }),
  ...accountAction('register', 'registerAgent', {
    query: `owner=${WALLET}&agentURI=ipfs://agent`,
    path: '/api/agents',
    body: `"owner": "${WALLET}", "agentURI": "ipfs://agent", ${SALT}, "deadline": "…"`,
    call: `const { agent } = await runline.agents.bySignature.register('ipfs://agent', { signer })
console.log(agent.id)`,
  }),
  ...accountAction('stake', 'stakeForAgent', {
    query: `agentId=1&from=${WALLET}&amount=20000000`,
    path: '/api/agents/1/stake',
    body: `"from": "${WALLET}", "owner": "${WALLET}", "amount": "20000000", ${SALT}, "validBefore": "…"`,
    call: `const { agent } = await runline.agents.bySignature.stake(1, 20_000_000n, { signer })
console.log(agent.stakedAmount)`,
  }),
  ...accountAction('unstake', 'unstakeForAgent', {
    query: `agentId=1&signer=${WALLET}&amount=1000000`,
    path: '/api/agents/1/unstake',
    body: `"signer": "${WALLET}", "amount": "1000000", "nonce": 0, "deadline": "…"`,
    call: `const { agent } = await runline.agents.bySignature.unstake(1, 1_000_000n, { signer })
console.log(agent.stakedAmount)`,
  }),
  finalizeRun: openCall('/api/runs/1/finalize'),
  expireRun: openCall('/api/runs/1/expire'),
  slashRun: openCall('/api/runs/1/slash'),
  rejectOverdueRun: openCall('/api/runs/1/reject-overdue'),
  collectPayment: openCall(`/api/payees/${WALLET}/collect`),
  getAction: plainRead('/api/actions/0x…claim', { typescript: 'json.action, json.state', python: '["state"]' }),
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
    `stake = runline.stake(1)
print(stake["stakedAmount"], stake["canClaimRuns"])`,
  ),
  getPoster: plainRead(`/api/posters/${WALLET}`, {
    typescript: 'json.approved, json.rejected',
    python: '["approved"]',
  }),
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
