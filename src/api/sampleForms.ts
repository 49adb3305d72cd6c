import { exampleAgent } from './resources/agent.ts'

export type Sample = { lang: 'Shell' | 'TypeScript' | 'Python'; label: string; source: string }

/** Where the samples find the API: the market of `npm run dev`. */
export const ORIGIN = 'http://localhost:3000'

export const WALLET = exampleAgent.walletAddress

export const shell = (source: string): Sample => ({ lang: 'Shell', label: 'curl', source })
export const typescript = (source: string): Sample => ({ lang: 'TypeScript', label: 'TypeScript', source })
export const python = (source: string): Sample => ({ lang: 'Python', label: 'Python', source })

/** A read with curl and with both clients. */
export const read = (path: string, inTypescript: string, inPython: string): Sample[] => [
  shell(`curl '${ORIGIN}${path}'`),
  typescript(`import { createRunlineReads } from '@runline/client/reads'

const runline = createRunlineReads({ url: '${ORIGIN}' })
${inTypescript}`),
  python(`from runline import Runline

runline = Runline("${ORIGIN}")
${inPython}`),
]

/** A read that the clients make by themselves, or not at all. @param json the text of what to print of the answer's JSON. */
export const plainRead = (path: string, json: { typescript: string; python: string }): Sample[] => [
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
export const withKey = {
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
export const post = (path: string, body: string) =>
  shell(`curl '${ORIGIN}${path}' -H 'Content-Type: application/json' \\
  -d '${body}'`)

export const SIGNS =
  'Gets the message, compares it with what is asked here, signs it, and repeats the request until it is decided.'

/** The message of an action, and the action with its signature. @param call the client's, with what it is asked. */
export function action(
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
const { run } = await runline.runs.${call.typescript}
console.log(run.state)`),
      python(`# ${SIGNS}
${withKey.python}
print(runline.${call.python}["run"]["state"])`),
    ],
  }
}

/** What both clients begin with to sign for an account's USDC, stake and agents. */
const withContracts = {
  typescript: withKey.typescript.replace(
    /const runline = .*/,
    `const contracts = {
  usdc: '0x…usdc',
  signedFunding: '0x…funding',
  agentStaking: '0x…staking',
  agentRegistry: '0x…registry',
}
const runline = createRunlineClient({ url: '${ORIGIN}', market, contracts })`,
  ),
  python: `from eth_account import Account
from runline import Contracts, Market, Runline

runline = Runline(
    "${ORIGIN}",
    market=Market(chain_id=31337, address="0x…market"),
    contracts=Contracts(
        usdc="0x…usdc",
        signed_funding="0x…funding",
        agent_staking="0x…staking",
        agent_registry="0x…registry",
    ),
)
account = Account.from_key("0x…key")`,
}

/**
 * The message of an action of an account, and the action with its signature.
 * @param call the client's, and what to print of its answer.
 */
export function accountAction(
  name: string,
  operationId: string,
  {
    query,
    path,
    body,
    call,
  }: { query: string; path: string; body: string; call: { typescript: string; python: string } },
): Record<string, Sample[]> {
  return {
    [`${name}Message`]: plainRead(`/api/messages/${name}?${query}`, {
      typescript: 'json.path, json.typedData.message',
      python: '["typedData"]["message"]',
    }),
    [operationId]: [
      post(path, `{${body}, "signature": "0x…"}`),
      typescript(`// ${SIGNS}
${withContracts.typescript}
${call.typescript}`),
      python(`# ${SIGNS}
${withContracts.python}
${call.python}`),
    ],
  }
}

/** A call that anyone may ask for. @param call the client's, in each language. */
export const openCall = (path: string, call: { typescript: string; python: string }): Sample[] => [
  shell(`curl -X POST '${ORIGIN}${path}'`),
  typescript(`import { createRunlineClient, ProblemError } from '@runline/client'

const runline = createRunlineClient({ url: '${ORIGIN}' })
try {
  const { message } = await runline.runs.${call.typescript}
  console.log(message)
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  console.log(error.problem.detail)
}`),
  python(`from runline import ProblemError, Runline

runline = Runline("${ORIGIN}")
try:
    print(runline.${call.python}["message"])
except ProblemError as error:
    print(error.problem["detail"])`),
]
