import { expect, it } from 'vitest'
import { placeOf, union } from '../../src/api/queries/ascendingIds.ts'
import { createRandom } from '../../tools/simulation/random.ts'

const random = createRandom(5)
const ascending = (count: number, most: number) =>
  [...new Set(Array.from({ length: count }, () => random.int(1, most)))].sort((one, other) => one - other)

it('finds places, and has the ids of both lists once', () => {
  for (let round = 0; round < 300; round++) {
    const some = ascending(random.int(0, 20), 40)
    const others = ascending(random.int(0, 5), 60)
    const ids = Uint32Array.from(some)
    const both = [...new Set([...some, ...others])].sort((one, other) => one - other)
    expect([...union(ids, others)], String([some, others])).toEqual(both)
    const id = random.int(1, 60)
    expect(placeOf(ids, id)).toBe(some.filter((other) => other < id).length)
  }
})
