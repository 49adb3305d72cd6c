import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * @param ports The port that each environment variable names; 0 stands for any free one.
 * @throws naming every port that is taken or wanted twice, with its variable.
 */
export async function assertPortsFree(ports: Record<string, number>): Promise<void> {
  const problems: string[] = []
  const wanted = Object.entries(ports).filter(([, port]) => port !== 0)
  for (const [variable, port] of wanted) {
    const [first] = wanted.find(([, other]) => other === port) ?? []
    if (first !== undefined && first !== variable) problems.push(`${variable} ${port} is ${first}'s`)
    else if (!(await isFree(port))) problems.push(`${variable} ${port} is taken by another process`)
  }
  if (problems.length > 0) {
    throw new Error(`${problems.join('.\n')}.\nEnd what uses it, or set the variable to another port.`)
  }
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
