import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Brief } from '../../../packages/client/src/index.ts'
import { type EvaluatedMarket, evaluatedMarket } from '../../support/evaluator.ts'
import { startTestMarket, type TestMarket } from '../../support/market.ts'

let market: TestMarket
let parties: EvaluatedMarket

beforeAll(async () => {
  market = await startTestMarket({ api: { allowUnsignedClaims: false } })
  parties = await evaluatedMarket(market)
  return async () => {
    await parties.remove()
    await market.stop()
  }
}, 120_000)

/** An address of this machine that the evaluator of this test takes for a public one: tests reach no other. */
const PUBLIC = '127.0.0.7'

/** The addresses of names, by the order of the questions. */
const addresses = { 'public.test': [PUBLIC], 'rebinding.test': [PUBLIC, '127.0.0.1'], 'private.test': ['10.0.0.1'] }

/** The Internet of the evaluator: a name server that changes its answer, and one public address more. */
const internet = `
  import dns from 'node:dns'
  import { syncBuiltinESMExports } from 'node:module'
  import { BlockList } from 'node:net'
  const { check } = BlockList.prototype
  BlockList.prototype.check = function (address, family) {
    return address !== '${PUBLIC}' && check.call(this, address, family)
  }
  const { lookup } = dns
  const addresses = ${JSON.stringify(addresses)}
  dns.lookup = (name, options, callback) => {
    const [address] = addresses[name] ?? []
    if (address === undefined) return lookup(name, options, callback)
    if (addresses[name].length > 1) addresses[name].shift()
    callback(null, [{ address, family: 4 }])
  }
  syncBuiltinESMExports()`

const GIGABYTE = 1_000_000_000

/** More than the buffers of a connection, and much less than what is sent. */
const MOST_READ_BYTES = 20_000_000

async function listen(answer: RequestListener, address: string, port = 0): Promise<number> {
  const server = createServer(answer).listen(port, address)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Servers of an attacker, and one beside the evaluator that no check may reach. */
async function attackers() {
  const counts = { inner: 0, ofBody: 0, ofHead: 0 }
  const endless = (write: (chunk: Buffer) => boolean, count: (bytes: number) => void, fill: string) => () => {
    for (let sent = true; sent; ) {
      sent = write(Buffer.alloc(65_536, fill))
      count(65_536)
    }
  }
  const port = await listen(({ url = '', socket }, response) => {
    if (url === '/inward') response.writeHead(302, { Location: `http://127.0.0.1:${port}/` }).end()
    if (url === '/again') response.writeHead(302, { Location: `http://rebinding.test:${port}/` }).end()
    if (url === '/body') {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': GIGABYTE })
      const send = endless(
        (chunk) => response.write(chunk),
        (bytes) => (counts.ofBody += bytes),
        'b',
      )
      response.on('drain', send)
      send()
    }
    if (url === '/head') {
      socket.write('HTTP/1.1 200 OK\r\nX-A: ')
      const send = endless(
        (chunk) => socket.write(chunk),
        (bytes) => (counts.ofHead += bytes),
        'h',
      )
      socket.on('drain', send)
      send()
    }
    if (url === '/slow') {
      socket.write('HTTP/1.1 200 OK\r\nX-A: ')
      const timer = setInterval(() => socket.write('s'), 1_000)
      socket.on('close', () => clearInterval(timer))
    }
  }, PUBLIC)
  const inner: RequestListener = (_, response) => {
    counts.inner++
    response.writeHead(200, { 'Content-Type': 'text/html' }).end()
  }
  await listen(inner, '127.0.0.1', port)
  return { port, counts }
}

const anyOf = Array.from({ length: 900 }, (_, index) => ({ const: index + 1 }))
const nested = '['.repeat(8_000) + ']'.repeat(8_000)
const manyMembers = JSON.stringify(Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, 0])))
const zeros = `[${Array(16_000).fill(0)}]`

/** The kilobytes that the system counts for a process. @param name such as `VmHWM`, the most that it has had in memory. */
async function memory(pid: number, name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const [, kilobytes] = new RegExp(`${name}:\\s+(\\d+) kB`).exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes)
}

/** Collects the commands of all processes that a process has started, also by another, until `stop`. */
function watchProcesses(pid: number) {
  const commands = new Set<string>()
  let isStopped = false
  const childrenOf = async (parent: string): Promise<string[]> => {
    const threads = await readdir(`/proc/${parent}/task`).catch(() => [])
    const texts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${parent}/task/${thread}/children`, 'utf8').catch(() => '')),
    )
    return texts.flatMap((text) => text.split(' ').filter((child) => child !== ''))
  }
  const commandOf = (id: string) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
  const visit = async (parent: string) => {
    for (const child of await childrenOf(parent)) {
      const command = await commandOf(child)
      // For a moment a new process has the command of the one that starts it.
      if (command !== '' && command !== (await commandOf(parent)))
        commands.add(command.split('\0').slice(0, -1).at(-1) ?? '')
      await visit(child)
    }
  }
  const watching = (async () => {
    while (!isStopped) {
      await visit(String(pid))
      await sleep(20)
    }
  })()
  return async () => {
    isStopped = true
    await watching
    return [...commands]
  }
}

it('an honest run is judged and paid beside hostile checks and deliveries, which are refused or left to a human', {
  timeout: 300_000,
}, async () => {
  const { runs, asAgent } = parties
  const { port, counts } = await attackers()
  const url = (address: string): Brief['checks'] => ({ urls: [{ url: address, contentType: 'text/html' }] })
  const isLeft = (reason: string) => `warning: Run ID, .*${reason}.*: a human must review it until`
  const isTried = (reason: string) => `Run ID, .* cannot be reached: .*${reason}.*: it is tried again in`
  const fails = (reason: string) => `Run ID, round 1, delivery 1: revision requested, .*\n  .*${reason}`
  const hostile: [Brief['checks'], string, string][] = [
    [url('http://10.0.0.1/'), 'Elbe', isLeft('leads to 10.0.0.1')],
    [url('http://private.test/'), 'Elbe', isLeft('leads to 10.0.0.1')],
    [url(`http://rebinding.test:${port}/again`), 'Elbe', isLeft('leads to 127.0.0.1')],
    [url(`http://public.test:${port}/inward`), 'Elbe', isLeft('leads to 127.0.0.1')],
    [url(`http://public.test:${port}/body`), 'Elbe', fails('answers with content type text/plain')],
    [url(`http://public.test:${port}/head`), 'Elbe', isTried('Header overflow')],
    [url(`http://public.test:${port}/slow`), 'Elbe', isTried('no answer within 10 s')],
    [{ schema: { uniqueItems: true } }, `[${nested},${nested}]`, fails('nested too deep')],
    [{ schema: { propertyNames: { anyOf } } }, manyMembers, fails('more than 1 s')],
    [{ schema: { items: { not: { anyOf } } } }, zeros, fails('more than 1 s')],
    [{ schema: { contains: { const: 'x'.repeat(20_000) } } }, zeros, fails('more than 1 s')],
  ]
  const honest = await parties.claimedRun({ schema: { type: 'array', minItems: 3, items: { type: 'string' } } })
  const ids: number[] = []
  for (const [checks] of hostile) ids.push(await parties.claimedRun(checks))

  const program = await parties.start(undefined, [], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(internet)}`,
  })
  onTestFinished(program.stop)
  await program.saw(/^Reviews for 0x/, 20_000)
  const before = await memory(program.pid, 'VmRSS')
  const stopWatching = watchProcesses(program.pid)
  for (const [place, id] of ids.entries()) {
    // As a text, since the API stores no JSON that is nested so deep.
    const init = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: hostile[place]?.[1] ?? '' }
    const stored = await fetch(`${market.api.url}/api/content`, init)
    expect(stored.ok, await stored.clone().text()).toBe(true)
    await runs.submit(id, ((await stored.json()) as { uri: string }).uri, asAgent)
  }
  const start = performance.now()
  await runs.submit(honest, { content: ['Elbe', 'Oder', 'Rhine'] }, asAgent)
  await parties.reaches(honest, 'APPROVED', 0)
  const honestMs = performance.now() - start
  for (const [place, id] of ids.entries()) {
    await program.saw(new RegExp((hostile[place]?.[2] ?? '').replace('ID', String(id)).replace(/\n.*/s, '')), 60_000)
  }
  for (const [place, id] of ids.entries()) {
    expect(program.output()).toMatch(new RegExp((hostile[place]?.[2] ?? '').replace('ID', String(id))))
  }
  const after = await memory(program.pid, 'VmHWM')
  const started = await stopWatching()
  console.log(
    `honest run paid in ${Math.round(honestMs)} ms; memory ${before} kB before, ${after} kB at most; bytes sent until the ` +
      `evaluator closed: body ${counts.ofBody}, head ${counts.ofHead}`,
  )
  expect(counts.inner).toBe(0)
  for (const bytes of [counts.ofBody, counts.ofHead]) {
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(MOST_READ_BYTES)
  }
  expect(after - before).toBeLessThan(150_000)
  // It starts no process but those of the checks, which start none.
  expect(started).toEqual([expect.stringMatching(/packages\/cli\/src\/evaluator\/checkProcess\.ts$/)])
  // What is left to a human, or is tried again, has no verdict.
  for (const [place, id] of ids.entries()) {
    const isJudged = hostile[place]?.[2].includes('revision requested')
    expect(await parties.history(id)).toEqual(['WorkSubmitted', ...(isJudged ? ['RevisionRequested'] : [])])
  }
})
