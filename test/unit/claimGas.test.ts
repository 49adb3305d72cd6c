import { describe, expect, it } from 'vitest'
import { fitting, transactionsOf } from '../../src/api/relay/kinds/claims/gas.ts'

const claimsOf = (letters: string) => [...letters].map((letter) => ({ runsWalletCode: letter === 'c' }))

describe('the transactions of claims', () => {
  it.each([
    ['kkkkk', 2, [0, 0, 1, 1, 2]],
    ['c', 50, [0]],
    ['kckck', 50, [0, 1, 0, 2, 0]],
    ['ckkkc', 2, [2, 0, 0, 1, 3]],
    ['', 50, []],
  ])('%s, at most %i in each: a claim that runs its wallet’s code gets one of its own', (letters, items, expected) => {
    expect(transactionsOf(claimsOf(letters), items)).toEqual(expected)
  })

  it.each([
    ['kkkkk', { items: 2, transactions: 2 }, 4],
    ['ccc', { items: 50, transactions: 2 }, 2],
    ['kkkc', { items: 50, transactions: 1 }, 3],
    ['ckkk', { items: 50, transactions: 1 }, 1],
    ['ckckkk', { items: 2, transactions: 3 }, 4],
    ['kkkc', { items: 50, transactions: 16 }, 4],
  ])('of %s with %o are those of the first %i', (letters, room, count) => {
    expect(fitting(claimsOf(letters), room)).toHaveLength(count)
  })
})
