import type { Reporter, TestCase } from 'vitest/node'

/** Prints each failure when it happens: Vitest prints them at the end, which a run that is stopped never reaches. */
export default class FailuresAtOnce implements Reporter {
  onTestCaseResult(test: TestCase) {
    const { state, errors } = test.result()
    if (state !== 'failed') return
    for (const { message, stack } of errors) {
      console.error(`${test.module.relativeModuleId}: ${test.fullName}\n${stack ?? message}`)
    }
  }
}
