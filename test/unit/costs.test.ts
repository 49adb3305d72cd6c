import { readFile } from 'node:fs/promises'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'

const costs = (...options: string[]) => execa('node', ['ops/costsCommand.ts', ...options], { reject: false })

describe('npm run costs', () => {
  it('prints the table of the documentation', async () => {
    const { stdout } = await costs('--gas-price', '0.02', '--ether', '2500')
    const [table = '', words] = stdout.split('\n\n')
    expect(await readFile('docs/operations.md', 'utf8')).toContain(`\`\`\`\n${table}\n\`\`\``)
    // 348,196 gas at 0.02 gwei and four transactions with 100 gwei of data, at 2,500 dollars.
    expect(words).toContain('1.84 cents.\nFrom a reward of 0.37 USDC on, the fee of 5 % pays for it.')
  })

  it.each(['many', '-1', ''])('refuses the price "%s"', async (price) => {
    const { exitCode, stderr } = await costs(`--ether=${price}`)
    expect([exitCode, stderr]).toEqual([1, `--ether is '${price}': it must be a number from 0 on`])
  })
})
