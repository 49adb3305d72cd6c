import { startProcess } from '../../../tools/devnet/managedProcess.ts'

/** Runs `npm run abandon:claims` to its end. */
export async function abandon(databaseUrl: string, args: string[], env: Record<string, string> = {}) {
  const part = await startProcess({
    name: 'abandon:claims',
    command: process.execPath,
    args: ['ops/abandonCommand.ts', ...args],
    env: { DATABASE_URL: databaseUrl, RELAYER_PRIVATE_KEY: undefined as never, ...env },
  })
  const how = await part.ended
  await part.stop()
  return { how, output: part.output() }
}
