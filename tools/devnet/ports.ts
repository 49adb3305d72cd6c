import { once } from 'node:events'
import { createServer } from 'node:net'
import getPort from 'get-port'

/** How often a start on a free port is tried. */
const ATTEMPTS = 3

/**
 * The ports to use: the wanted ones, and a free port for each 0.
 * @param wanted The port of each environment variable.
 * @throws naming every port that is in use or wanted twice, with its variable.
 */
export async function usablePorts<Variable extends string>(
  wanted: Record<Variable, number>,
): Promise<Record<Variable, number>> {
  const problems: string[] = []
  const owners = new Map<number, string>()
  const usable = { ...wanted }
  for (const [variable, port] of Object.entries<number>(wanted) as [Variable, number][]) {
    const owner = owners.get(port)
    if (port === 0) usable[variable] = await getPort()
    else if (owner) problems.push(`${variable} ${port} is already the port of ${owner}`)
    else if (!(await isFree(port))) problems.push(`${variable} ${port} is taken by another process`)
    owners.set(port, variable)
  }
  if (problems.length === 0) return usable
  throw new Error(`${problems.join('.\n')}.\nEnd the other process, or set the variable to another port.`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port)
  try {
    await once(server, 'listening')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}

/**
 * Starts something on a port of its own.
 * @param port if absent, a free one. Another process may take it between its choice and its use; then the error of `start`
 * contains `taken`, and `start` is called again with another port.
 */
export async function onPort<Started>(
  port: number | undefined,
  taken: string,
  start: (port: number) => Promise<Started>,
): Promise<Started> {
  if (port) return start(port)
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await getPort())
    } catch (error) {
      const lostRace = error instanceof Error && error.message.includes(taken)
      if (!lostRace || attempt === ATTEMPTS) throw error
    }
  }
}
