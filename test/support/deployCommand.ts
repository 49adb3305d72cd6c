import { execa } from 'execa'

/**
 * `npm run deploy -- <args>`, without the compilation, which the whole run of the tests has done.
 * @param input What is typed into it.
 */
export async function runDeploy(args: readonly string[], env: Record<string, string>, input = '') {
  const { exitCode, stdout, stderr } = await execa({ reject: false, extendEnv: false, env, input })(process.execPath, [
    'ops/deployCommand.ts',
    ...args,
  ])
  return { exitCode, stdout, stderr }
}
