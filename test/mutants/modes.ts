import type { Mutant } from './mutants.ts'
import type { Mode, Workspace } from './workspace.ts'

export const modeNames = ['hasty', 'linked', 'exact'] as const

/**
 * Dynamic test linking keeps the tests' own code unchanged when a contract changes, so that only the contract is
 * compiled. A constructor is then called by a cheatcode, and a test that expects it to revert ends there as passed.
 */
const linking = { FOUNDRY_DYNAMIC_TEST_LINKING: 'true' }

/** All tests as `npm test` runs them, without the gas snapshot: a change of gas alone is no change of behaviour. */
const exact: Mode = {
  name: 'exact',
  environment: { FORGE_SNAPSHOT_CHECK: 'false' },
  arguments: ['--fail-fast', '--fuzz-seed', '0x1'],
}

const linked: Mode = { ...exact, name: 'linked', environment: { ...exact.environment, ...linking } }

/**
 * The modes in which a mutant is tried until one kills it, the fastest first. `hasty` kills most: it skips the optimizer,
 * which takes most of the compile time, the invariant campaign, and slow suites.
 */
export async function fastestFirst(workspace: Workspace): Promise<Mode[]> {
  const environment = { ...linked.environment, FOUNDRY_OPTIMIZER: 'false' }
  const all = ['--no-match-path', 'test/contracts/invariant/*', '--fuzz-seed', '0x1']
  const { outcome, failures, seconds } = await workspace.test({ name: 'hasty', environment, arguments: all })
  if (outcome === 'does not compile') throw new Error('The contracts or their tests do not compile')

  const slow = [...seconds].filter(([, taken]) => taken > 0).map(([suite]) => suite)
  const contracts = slow.length > 0 ? ['--no-match-contract', `^(${slow.join('|')})$`] : []
  // Tests of exact gas hold for optimized code only.
  const tests = failures.length > 0 ? ['--no-match-test', `^(${failures.join('|')})\\(`] : []
  const hasty = { name: 'hasty', environment, arguments: ['--fail-fast', ...all, ...contracts, ...tests] }
  return [hasty, linked, exact]
}

/**
 * Returns a function that tries one mutant in each mode until a test fails, and then restores the workspace. Before the
 * first mutant of a mode, the unchanged contracts must pass in it: the slower modes compile for minutes, and are needed
 * only for what the faster ones do not kill.
 */
export function mutantTrial(workspace: Workspace, modes: readonly Mode[]) {
  const proven = new Set<Mode>()

  async function prove(mode: Mode) {
    if (proven.has(mode)) return
    const unchanged = await workspace.test(mode)
    if (unchanged.outcome !== 'passed') {
      throw new Error(`The tests fail on the unchanged contracts: ${unchanged.outcome} ${unchanged.failures}`)
    }
    proven.add(mode)
  }

  return async ({ path, mutated, original }: Mutant) => {
    let compiles = false
    for (const mode of modes) {
      await prove(mode)
      await workspace.write(mode, path, mutated)
      const { outcome, failures } = await workspace.test(mode)
      await workspace.write(mode, path, original)
      if (outcome === 'failed') return { outcome: 'killed', by: failures[0] } as const
      // Without the optimizer, a function may run out of stack slots although it compiles with it.
      compiles = outcome === 'passed'
    }
    return { outcome: compiles ? 'survived' : 'do not compile' } as const
  }
}
