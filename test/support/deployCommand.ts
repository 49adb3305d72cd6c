import { execa } from 'execa'

/**
 * Runs `npm run deploy -- <args>` without its compilation, which the global setup has done.
 * @param input What a user types.
 */
export async function runDeploy(args: readonly string[], env: Record<string, string>, input = '') {
  const { exitCode, stdout, stderr } = await execa({ reject: false, extendEnv: false, env, input })(process.execPath, [
    'ops/deployCommand.ts',
    ...args,
  ])
  return { exitCode, stdout, stderr }
}
