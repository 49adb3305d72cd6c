import { readFileSync } from 'node:fs'
import type { Abi } from 'viem'
import { expect, test } from 'vitest'
import { agentRegistryAbi } from '../../abis/AgentRegistry.ts'
import { agentStakingAbi } from '../../abis/AgentStaking.ts'
import { bountyMarketAbi } from '../../abis/BountyMarket.ts'

const abis: Record<string, Abi> = {
  AgentRegistry: agentRegistryAbi,
  AgentStaking: agentStakingAbi,
  BountyMarket: bountyMarketAbi,
}

/** The events that have a handler, and those that the comment at the top of the file lists as ignored. */
function eventsNamedIn(contract: string) {
  const source = readFileSync(`src/${contract}.ts`, 'utf8')
  const handled = [...source.matchAll(/^ponder\.on\('(\w+):(\w+)'/gm)].map(([, , name]) => name)
  const reasons = [...source.matchAll(/^ \* - ([^:]+): /gm)].map(([, names = '']) => names)
  const ignored = reasons.flatMap((names) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  return { handled, ignored }
}

test.each(Object.entries(abis))('every event of %s has a handler or a reason to be ignored', (contract, abi) => {
  const { handled, ignored } = eventsNamedIn(contract)
  const events = abi.flatMap((item) => (item.type === 'event' ? [item.name] : []))
  expect(new Set([...handled, ...ignored])).toEqual(new Set(events))
  expect(handled).toHaveLength(new Set(handled).size)
})
