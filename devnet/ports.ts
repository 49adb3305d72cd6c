import { once } from 'node:events'
import { createServer } from 'node:net'
import getPort from 'get-port'

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
