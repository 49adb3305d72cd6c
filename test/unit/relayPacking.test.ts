import { describe, expect, it } from 'vitest'
import { gasOfItems, MAX_GAS } from '../../src/api/relay/kinds/claims/gas.ts'
import { createPacking, mostPlaces, type Packed } from '../../src/api/relay/pipeline/packing.ts'
import type { Room } from '../../src/api/relay/sender/action.ts'

/** Actions by letter: a claim of a key, a claim that runs code of its wallet, a delivery, a registration, an open call. */
const actions: Record<string, Packed> = {
  k: { places: 'work', gas: MAX_GAS, isShared: true },
  c: { places: 'work', gas: MAX_GAS, isShared: false },
  d: { places: 'work', gas: 100_000n, isShared: false },
  r: { places: 'free', gas: 300_000n, isShared: false },
  o: { places: 'open', gas: 180_000n, isShared: false },
}

const wide: Room = { gas: 10n ** 9n, gasPerTransaction: 10n ** 9n, transactions: 16, price: 1n }

/** The transaction of each action; `-` of one that does not fit. */
function pack(letters: string, room: Partial<Room>, most = 50, left: [Packed['places'], number][] = []): string {
  const packing = createPacking({ ...wide, ...room }, most, new Map(left))
  const all = [...letters].map((letter) => actions[letter] as Packed)
  return all.map((action) => (packing.fits(action) ? packing.take(action) : '-')).join(' ')
}

describe('the transactions of actions', () => {
  it.each([
    ['claims of keys share them', 'kkkkk', 2, '0 0 1 1 2'],
    ['a claim that runs its wallet’s code has one of its own', 'c', 50, '0'],
    ['also between others, which share on', 'kckck', 50, '0 1 0 2 0'],
    ['and before them', 'ckkkc', 2, '0 1 1 2 3'],
    ['as every other action', 'kdkrko', 50, '0 1 0 2 0 3'],
    ['of nothing', '', 50, ''],
  ])('%s: %s, at most %i in each', (_, letters, most, expected) => {
    expect(pack(letters, {}, most)).toBe(expected)
  })

  it.each([
    ['kkkkk', 2, 2, '0 0 1 1 -'],
    ['ccc', 50, 2, '0 1 -'],
    ['kkkc', 50, 1, '0 0 0 -'],
    ['ckkk', 50, 1, '0 - - -'],
    ['ckckkk', 2, 3, '0 1 2 1 - -'],
    ['dkdk', 50, 2, '0 1 - 1'],
  ])('of %s, at most %i in each, are at most %i', (letters, most, transactions, expected) => {
    expect(pack(letters, { transactions }, most)).toBe(expected)
  })

  it.each([
    ['two transactions of one claim take less than one of two', 'kk', { gas: gasOfItems(2) - 1n }, '0 1'],
    ['but no less than their sum', 'kk', { gas: 2n * MAX_GAS - 1n }, '0 -'],
    ['two claims fit', 'kk', { gas: gasOfItems(2) }, '0 0'],
    ['what others took is gone', 'dk', { gas: 100_000n + MAX_GAS - 1n }, '0 -'],
    ['the first claim is left to the node', 'kk', { gas: 1n }, '0 -'],
    ['an action is not', 'd', { gas: 99_999n }, '-'],
    ['a part of a block bounds a transaction', 'dc', { gasPerTransaction: 100_000n }, '0 -'],
    ['and how many claims share one', 'kkk', { gasPerTransaction: gasOfItems(2) }, '0 0 1'],
  ])('have their gas: %s', (_, letters, room, expected) => {
    expect(pack(letters, room)).toBe(expected)
  })

  it('have their places: what costs its clients nothing leaves some to the others', () => {
    expect([mostPlaces('work', 16), mostPlaces('free', 16), mostPlaces('open', 16), mostPlaces('open', 1)]).toEqual([
      16, 8, 4, 1,
    ])
    const left: [Packed['places'], number][] = [
      ['free', 2],
      ['open', 0],
    ]
    expect(pack('rrrodk', {}, 50, left)).toBe('0 1 - - 2 3')
  })
})
