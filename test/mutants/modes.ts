import type { Mutant } from './mutants.ts'
import type { Mode, Workspace } from './workspace.ts'

/** A change of gas alone is none of behaviour, and whoever makes it renews the snapshot. */
const noSnapshots = ['--no-match-contract', 'BountyMarketGasTest']

/** Dynamic test linking leaves the tests' own code alone when a contract changes, so that only the contract compiles. */
const linking = { FOUNDRY_DYNAMIC_TEST_LINKING: 'true' }

export const modeNames = ['hasty', 'exact'] as const

const exact: Mode = {
  name: 'exact',
  environment: linking,
  arguments: ['--fail-fast', '--fuzz-seed', '0x1', ...noSnapshots],
}

/**
 * The modes in which a mutant is tried, until one kills it. First without the optimizer, which takes the compiler most
 * of its time, and without the invariant campaign: hundreds of mutants die there in seconds each. Then everything, as
 * it is deployed.
 * @throws if the contracts as they are do not pass.
 */
export async function provenModes(workspace: Workspace): Promise<Mode[]> {
  const hasty = { ...exact, name: 'hasty', environment: { ...linking, FOUNDRY_OPTIMIZER: 'false' } }
  const everywhere = ['--no-match-path', 'test/contracts/invariant/*', '--fuzz-seed', '0x1', ...noSnapshots]

  // Tests of gas to the unit hold for the optimized code only.
  const verdict = await workspace.test({ ...hasty, arguments: everywhere })
  if (verdict.outcome === 'does not compile') throw new Error('The contracts or their tests do not compile')
  const excused = verdict.outcome === 'failed' ? ['--no-match-test', `^(${verdict.failures.join('|')})\\(`] : []
  const modes = [{ ...hasty, arguments: ['--fail-fast', ...everywhere, ...excused] }, exact]
  for (const mode of modes) {
    const unchanged = await workspace.test(mode)
    if (unchanged.outcome !== 'passed') throw new Error(`The contracts fail as they are: ${JSON.stringify(unchanged)}`)
  }
  return modes
}

/** Tries one mutant in each mode until its tests fail. The workspace is as before afterwards. */
export async function tryMutant(workspace: Workspace, modes: readonly Mode[], mutant: Mutant) {
  await workspace.write(mutant.path, mutant.mutated)
  try {
    let compiles = false
    for (const mode of modes) {
      const verdict = await workspace.test(mode)
      if (verdict.outcome === 'failed') return { outcome: 'killed', by: verdict.failures[0] } as const
      // Without the optimizer, a function may have too many variables for the stack, and with it not.
      compiles = verdict.outcome === 'passed'
    }
    return { outcome: compiles ? 'survived' : 'do not compile' } as const
  } finally {
    await workspace.write(mutant.path, mutant.original)
  }
}
