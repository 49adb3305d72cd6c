import { randomUUID } from 'node:crypto'
import getPort from 'get-port'
import { startProcess } from '../../tools/devnet/managedProcess.ts'
import { processesWith } from './processes.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

/** Free ports for a devnet; another process may take them before the devnet starts. */
export async function freePorts() {
  const [ANVIL_PORT, PONDER_PORT, PORT] = await Promise.all([getPort(), getPort(), getPort()])
  return { ANVIL_PORT, PONDER_PORT, PORT }
}

export type DevCommand = Awaited<ReturnType<typeof runDev>>

/** Runs `npm run dev`. @param args of the command, after `--`. */
export async function runDev(
  ports: Awaited<ReturnType<typeof freePorts>>,
  env: Record<string, string> = {},
  args: string[] = [],
) {
  const mark = randomUUID()
  const deployments = await temporaryDirectory()
  const portVariables = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
  const lines: string[] = []
  const npm = await startProcess({
    name: 'npm run dev',
    command: 'npm',
    args: ['run', 'dev', '--', ...args],
    env: { ...portVariables, ...env, DEPLOYMENTS_DIR: deployments.path, MARK: mark },
    onLine: (line) => lines.push(line),
    grace: 30_000,
  })
  return {
    npm,
    lines,
    url: `http://localhost:${ports.PORT}`,
    rpcUrl: `http://localhost:${ports.ANVIL_PORT}`,
    /** Waits for the end of the banner. @returns the seconds that the banner reports. */
    async ready() {
      await npm.saw(/^Sources reload/, 90_000)
      return Number(/^ *([\d.]+) s {2}Ready$/m.exec(lines.join('\n'))?.[1])
    },
    /** Processes of this devnet, one per line. */
    processes: () => processesWith(mark),
    async stop() {
      await npm.stop()
      await deployments.remove()
    },
  }
}
